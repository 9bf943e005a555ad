//! PUBACK, PUBREC and PUBCOMP: what becomes of a message of the client, and of the messages
//! beside and behind it.

use nack_codec::{PacketType, Version};
use nack_mock_broker::matcher::{PacketMatcher, publish, pubrel, subscribe};
use nack_mock_broker::{Entry, QoS, Rule};

use super::answers::{self, CONNECTION, acknowledgement};
use super::bystanders::{self, Bystanders};
use super::form::Form;
use super::told::{self, Told};
use super::{path, table, table_statement};
use crate::outcome::Finding;
use crate::subject::{Answer, Delivery, Filter, Publish, Published, Subscribe};
use crate::verify::{api, must};
use crate::{Capability, Case, Stage};

const PROBE: &str = "probe";

/// How many messages the broker takes at a time: one is the bystander's.
const WINDOW: u16 = 2;

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let packets = [PacketType::Puback, PacketType::Pubrec, PacketType::Pubcomp];
    packets.into_iter().flat_map(|packet| {
        let codes = table::listed(Version::V5, packet).iter();
        codes.flat_map(move |code| {
            Form::of(packet, code.number).map(move |form| {
                case(Told {
                    version: Version::V5,
                    packet,
                    code: *code,
                    form,
                })
            })
        })
    })
}

fn case(told: Told) -> Case {
    let packet = told.packet;
    let title = match told.code.refuses {
        true => format!("publishing fails by {told}, and nothing else does"),
        false => format!("publishing succeeds by {told}"),
    };
    let id = path(packet, told.code.number, told.form.name());
    let case = Case::new(id, title, packet.name(), async move |stage| {
        answered(stage, told).await
    });
    let case = case
        .cites(Version::V5, [table_statement(Version::V5, packet)])
        .cites(
            Version::V5,
            ["U5-3.4.2-short-form", "U5-4.9-quota-restored"],
        )
        .cites(
            Version::V5,
            ["MQTT-2.2.1-3", "MQTT-3.3.4-7", "MQTT-3.3.4-8"],
        )
        .cites(
            Version::V5,
            ["MQTT-4.3.3-4", "MQTT-4.4.0-1", "MQTT-4.4.0-2"],
        )
        .cites(Version::V5, told::SENTENCES)
        .cites(Version::V5, bystanders::SENTENCES);
    match packet {
        PacketType::Puback => case,
        _ => case.requires([Capability::Qos2]),
    }
}

async fn answered(stage: &mut Stage, told: Told) -> Result<(), Finding> {
    answers::open(stage, WINDOW).await?;
    let mut bystanders = Bystanders::begin(stage).await?;
    script(stage, told);
    let message = publish_command(PROBE, qos(told.packet));
    match stage.subject().publish(message).await {
        Ok(published) if told.code.refuses => return Err(told.not_a_success(published)),
        Ok(published) => told.success(stage, published.reason, &published.props)?,
        Err(failure) if told.code.refuses => {
            let delivery = match told.packet {
                // The broker had accepted the message before it lost track of it.
                PacketType::Pubcomp => Delivery::Unknown,
                _ => Delivery::Rejected,
            };
            told.refusal(stage, &failure, Some(delivery))?;
        }
        Err(failure) => return Err(told.not_an_error(&failure)),
    }
    bystanders.still_wait(stage)?;
    stage.settle().await;
    is_over(stage, told, None)?;
    let next = quota_is_free_once(stage, bystanders).await?;
    is_over(stage, told, Some(next))
}

const fn qos(packet: PacketType) -> u8 {
    match packet {
        PacketType::Puback => 1,
        _ => 2,
    }
}

fn publish_command(topic: &str, qos: u8) -> Publish {
    Publish {
        topic: topic.to_owned(),
        qos,
        ..Publish::default()
    }
}

/// The answer that the case is about, to the message that it is about, and what is due before and
/// behind it.
fn script(stage: &Stage, told: Told) {
    let with = move |packet_id| {
        told.form
            .acknowledgement(told.packet, packet_id, told.code.number)
    };
    let success = |packet| move |packet_id| acknowledgement(packet, packet_id);
    match told.packet {
        PacketType::Pubrec => {
            answers::answer(stage, publish().topic(PROBE), with);
            answers::answer_first(stage, pubrel(), success(PacketType::Pubcomp));
        }
        PacketType::Pubcomp => {
            answers::answer(stage, publish().topic(PROBE), success(PacketType::Pubrec));
            answers::answer_first(stage, pubrel(), with);
        }
        _ => answers::answer(stage, publish().topic(PROBE), with),
    }
}

/// The exchange has had all its packets, each of them once. `next` is the identifier of the QoS 2
/// message behind it, which may be the same again.
fn is_over(stage: &Stage, told: Told, next: Option<u16>) -> Result<(), Finding> {
    let journal = stage.journal();
    let probes: Vec<&Entry> = journal.matching(publish().topic(PROBE)).collect();
    let once = match told.code.refuses {
        true => must("MQTT-4.4.0-2"),
        false => must("MQTT-4.4.0-1"),
    };
    once.equal("PUBLISH packets of the message", &1, &probes.len())?;
    let packet_id = packet_id(probes[0]);
    let is_accepted = told.packet != PacketType::Puback
        && !(told.packet == PacketType::Pubrec && told.code.refuses);
    let releases = journal.matching(pubrel().packet_id(packet_id)).count();
    must("MQTT-4.3.3-4").equal(
        format!("PUBREL packets behind {told}"),
        &(usize::from(is_accepted) + usize::from(next == Some(packet_id))),
        &releases,
    )
}

/// One of the two open messages is over: one more may be sent, and not two.
/// Returns the identifier of the one.
async fn quota_is_free_once(stage: &mut Stage, bystanders: Bystanders) -> Result<u16, Finding> {
    let (next, last) = (publish().topic("next"), publish().topic("last"));
    stage.rule(Rule::given(next.clone()).then(nack_mock_broker::action::no_answer()));
    answers::answer(stage, last.clone(), |packet_id| {
        acknowledgement(PacketType::Puback, packet_id)
    });
    let next_answer = stage.subject().publish(publish_command("next", 2));
    let last_answer = stage.subject().publish(publish_command("last", 1));
    let Some(entry) = first(stage, next.qos(QoS::ExactlyOnce)).await else {
        return Err(must("U5-4.9-quota-restored").broken(
            "the next message is sent, as only one is open",
            "it is not sent",
        ));
    };
    let next_id = packet_id(&entry);
    must("MQTT-2.2.1-3").that(
        "the next message has a packet identifier that is free",
        !bystanders.packet_ids().contains(&next_id),
        || format!("{next_id}, while {:?} are in use", bystanders.packet_ids()),
    )?;
    // [MQTT-3.3.4-8]: a subscription does not wait for the messages.
    answers::answer(stage, subscribe().filter("meanwhile"), |packet_id| {
        answers::suback(Version::V5, packet_id, &[0])
    });
    let command = Subscribe {
        filters: vec![Filter::at("meanwhile", 0)],
        ..Subscribe::default()
    };
    if let Err(failure) = stage.subject().subscribe(command).await {
        let expected = "a SUBSCRIBE passes the messages that wait";
        return Err(must("MQTT-3.3.4-8").broken(expected, failure.to_string()));
    }
    stage.settle().await;
    must("MQTT-3.3.4-7").equal(
        "messages sent while two are open",
        &0,
        &stage.journal().matching(last.clone()).count(),
    )?;
    bystanders.succeed(stage).await?;
    succeeds("the message that waited", last_answer).await?;
    answers::answer(stage, pubrel().packet_id(next_id), |packet_id| {
        acknowledgement(PacketType::Pubcomp, packet_id)
    });
    answers::send(stage, acknowledgement(PacketType::Pubrec, next_id)).await?;
    succeeds("the next message", next_answer).await?;
    api("API-undisturbed").equal("connections", &1, &stage.connections())?;
    Ok(next_id)
}

async fn first(stage: &Stage, matcher: PacketMatcher) -> Option<Entry> {
    stage
        .until(|journal| {
            journal
                .on_connection(CONNECTION)
                .matching(matcher.clone())
                .next()
                .cloned()
        })
        .await
}

async fn succeeds(message: &str, answer: Answer<Published>) -> Result<(), Finding> {
    match answer.await {
        Ok(_) => Ok(()),
        Err(failure) => {
            Err(api("API-undisturbed")
                .broken(format!("{message} is published"), failure.to_string()))
        }
    }
}

fn packet_id(entry: &Entry) -> u16 {
    entry
        .received()
        .and_then(|received| received.packet_id())
        .unwrap_or_default()
}

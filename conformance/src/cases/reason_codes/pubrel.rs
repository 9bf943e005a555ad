//! PUBREL: the broker lets go of a QoS 2 message that it delivers.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::no_answer;
use nack_mock_broker::matcher::{pubcomp, pubrec, subscribe};

use super::answers;
use super::bystanders::{self, Bystanders};
use super::form::Form;
use super::table::{self, Code};
use super::{path, table_statement};
use crate::outcome::Finding;
use crate::subject::{Event, Filter, Message, Subscribe};
use crate::verify::{api, must};
use crate::{Capability, Case, Stage};

const PACKET: PacketType = PacketType::Pubrel;

/// The identifier of the broker's message.
const MESSAGE: u16 = 0x0107;

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let codes = table::listed(Version::V5, PACKET).iter();
    codes.flat_map(|code| Form::of(PACKET, code.number).map(|form| case(*code, form)))
}

fn case(code: Code, form: Form) -> Case {
    let title = format!(
        "PUBREL 0x{:02X} ({}) ends the delivery of a message, and nothing else",
        code.number, code.name
    );
    let id = path(PACKET, code.number, form.name());
    Case::new(id, title, PACKET.name(), async move |stage| {
        released(stage, code, form).await
    })
    .cites(
        Version::V5,
        [table_statement(Version::V5, PACKET), "U5-3.4.2-short-form"],
    )
    .cites(
        Version::V5,
        [
            "MQTT-4.3.3-8",
            "MQTT-4.3.3-11",
            "MQTT-4.3.3-12",
            "U5-3.7.4-pubcomp",
        ],
    )
    .cites(Version::V5, ["API-delivered"])
    .cites(Version::V5, bystanders::SENTENCES)
    .requires([Capability::Qos2])
}

async fn released(stage: &mut Stage, code: Code, form: Form) -> Result<(), Finding> {
    listen(stage).await?;
    let mut bystanders = Bystanders::begin(stage).await?;
    let pubrel = form.acknowledgement(PACKET, MESSAGE, code.number);
    deliver(stage, b"first").await?;
    answers::send(stage, pubrel).await?;
    completes(stage, 1).await?;
    bystanders.still_wait(stage)?;
    // The identifier is free again: what comes under it is another message.
    deliver(stage, b"second").await?;
    answers::send(stage, answers::acknowledgement(PACKET, MESSAGE)).await?;
    completes(stage, 2).await?;
    stage.settle().await;
    let journal = stage.journal();
    must("MQTT-4.3.3-11").equal("PUBCOMPs", &2, &journal.matching(pubcomp()).count())?;
    bystanders.succeed(stage).await
}

/// Connects, and subscribes to what the broker will deliver.
pub(super) async fn listen(stage: &mut Stage) -> Result<(), Finding> {
    answers::open(stage, 16).await?;
    let version = stage.version();
    stage.rule(Rule::given(pubrec()).then(no_answer()));
    answers::answer(stage, subscribe().filter("delivered"), move |packet_id| {
        answers::suback(version, packet_id, &[2])
    });
    let command = Subscribe {
        filters: vec![Filter::at("delivered", 2)],
        ..Subscribe::default()
    };
    let answer = stage.subject().subscribe(command).await;
    answer
        .map(|_| ())
        .map_err(|failure| Finding::inconclusive("the subject subscribes", failure.to_string()))
}

/// Delivers a message up to PUBREC.
pub(super) async fn deliver(stage: &mut Stage, payload: &[u8]) -> Result<(), Finding> {
    let before = stage.journal().matching(pubrec()).count();
    let bytes = answers::message(stage.version(), "delivered", Some(MESSAGE), 2, payload);
    answers::send(stage, bytes).await?;
    let received = stage.event(message).await;
    api("API-delivered").that(
        format!(
            "the message `{}` is delivered",
            String::from_utf8_lossy(payload)
        ),
        received
            .as_ref()
            .is_some_and(|message| message.payload == payload),
        || format!("{received:?}"),
    )?;
    let pubrecs = stage
        .until(|journal| {
            let pubrecs = journal.matching(pubrec().packet_id(MESSAGE)).count();
            (pubrecs > before).then_some(())
        })
        .await;
    must("MQTT-4.3.3-8").that("PUBREC of its identifier", pubrecs.is_some(), || "nothing")
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Message(message) => Some(message),
        _ => None,
    }
}

async fn completes(stage: &Stage, nth: usize) -> Result<(), Finding> {
    let completed = stage
        .until(|journal| {
            let pubcomps = journal
                .matching(pubcomp().packet_id(MESSAGE).reason(0))
                .count();
            (pubcomps == nth).then_some(())
        })
        .await;
    must("MQTT-4.3.3-11").that(
        format!("{nth} PUBCOMP of its identifier that says success"),
        completed.is_some(),
        || "not so many",
    )
}

pub(super) const fn message_id() -> u16 {
    MESSAGE
}

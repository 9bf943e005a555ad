//! DISCONNECT by the broker: every operation that waits ends with what the broker said.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::no_answer;
use nack_mock_broker::matcher::{publish, pubrel};

use super::answers::{self, CONNECTION};
use super::bystanders::Bystanders;
use super::connack::works_again;
use super::form::{Form, receive_maximum};
use super::told::{self, Told};
use super::{path, table, table_statement};
use crate::outcome::Finding;
use crate::subject::{Delivery, DisconnectedEvent, Event, FailureKind, Properties, Publish};
use crate::verify::{api, must, should};
use crate::{Capability, Case, Stage};

const PACKET: PacketType = PacketType::Disconnect;

/// Three messages are open: the bystander's, one that waits for PUBREC, one that waits for
/// PUBCOMP. A fourth must wait.
const WINDOW: u16 = 3;

/// How long the session is kept behind the connection, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session {
    Ends,
    Kept(u32),
}

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let codes = table::listed(Version::V5, PACKET).iter();
    codes.flat_map(|code| {
        let told = move |form| Told {
            version: Version::V5,
            packet: PACKET,
            code: *code,
            form,
        };
        let forms = Form::of(PACKET, code.number);
        let forms = forms.map(move |form| case(told(form), form.name(), Session::Ends));
        forms.chain([case(
            told(Form::NoProperties),
            "session-kept",
            Session::Kept(300),
        )])
    })
}

fn case(told: Told, form: &str, session: Session) -> Case {
    let title = match session {
        Session::Ends => format!("every operation ends with {told}"),
        Session::Kept(_) => {
            format!("every operation ends with {told}, messages stay in the session")
        }
    };
    let id = path(PACKET, told.code.number, form);
    Case::new(id, title, PACKET.name(), async move |stage| {
        ended(stage, told, session).await
    })
    .cites(
        Version::V5,
        [table_statement(Version::V5, PACKET), "MQTT-4.13.2-1"],
    )
    .cites(
        Version::V5,
        ["U5-3.14.2-short-form", "U5-3.14.4-receiver-closes"],
    )
    .cites(
        Version::V5,
        ["MQTT-3.3.4-7", "API-every-waiter", "API-undisturbed"],
    )
    .cites(Version::V5, told::SENTENCES)
    .requires([Capability::Qos2])
}

async fn ended(stage: &mut Stage, told: Told, session: Session) -> Result<(), Finding> {
    open(stage, session).await?;
    let bystanders = Bystanders::begin(stage).await?;
    let received = publish().topic("received");
    let accepted = publish().topic("accepted");
    stage.rule(Rule::given(received.clone()).then(no_answer()));
    answers::answer(stage, accepted.clone(), |packet_id| {
        answers::acknowledgement(PacketType::Pubrec, packet_id)
    });
    stage.rule(Rule::given(pubrel()).then(no_answer()));
    let mut messages = Vec::new();
    for topic in ["received", "accepted", "waiting"] {
        let command = Publish {
            topic: topic.to_owned(),
            qos: 2,
            ..Publish::default()
        };
        messages.push((topic, stage.subject().publish(command)));
    }
    stage
        .sees("the PUBLISH that waits for PUBREC", received)
        .await?;
    stage
        .sees("the PUBREL that waits for PUBCOMP", pubrel())
        .await?;
    stage.settle().await;
    must("MQTT-3.3.4-7").equal(
        "messages sent while three are open",
        &0,
        &stage.journal().matching(publish().topic("waiting")).count(),
    )?;
    let sent = stage.sent_by_client(CONNECTION);

    answers::send(stage, told.form.disconnect(told.code.number)).await?;

    let kept = match session {
        Session::Ends => Delivery::Unknown,
        Session::Kept(_) => Delivery::InSession,
    };
    bystanders
        .fail(|_, is_message, failure| told.refusal(stage, failure, is_message.then_some(kept)))
        .await?;
    for (topic, answer) in messages {
        let delivery = match topic {
            "waiting" => Delivery::NotSent,
            _ => kept,
        };
        match answer.await {
            Ok(published) => return Err(told.not_a_success(published)),
            Err(failure) => told.refusal(stage, &failure, Some(delivery))?,
        }
    }
    tells_that_it_ended(stage, told).await?;
    // The broker leaves the connection open.
    let closes = match told.code.refuses {
        true => must("MQTT-4.13.2-1"),
        false => should("U5-3.14.4-receiver-closes"),
    };
    closes.that(
        "the client closes the connection",
        stage.is_closed(CONNECTION).await,
        || "it leaves it open",
    )?;
    should("U5-3.14.4-receiver-closes").equal(
        "packets of the client, the last before DISCONNECT came",
        &sent,
        &stage.sent_by_client(CONNECTION),
    )?;
    match session {
        Session::Ends => works_again(stage).await,
        // Whether the broker of the next connection has the session is another case's matter.
        Session::Kept(_) => Ok(()),
    }
}

async fn open(stage: &mut Stage, session: Session) -> Result<(), Finding> {
    let Session::Kept(seconds) = session else {
        return answers::open(stage, WINDOW).await;
    };
    let bytes = Form::Empty.connack(0, &receive_maximum(WINDOW));
    let rule = Rule::given(nack_mock_broker::matcher::connect().connection(CONNECTION));
    stage.rule(rule.then(nack_mock_broker::action::raw(bytes)));
    let mut command = stage.connect_command();
    // A client whose next CONNECT has a clean start cannot promise that the session is resumed.
    command.clean_start = Some(false);
    command.props = Properties {
        session_expiry_interval: Some(seconds),
        ..Properties::default()
    };
    let answer = stage.subject().connect(command).await;
    answer
        .map(|_| ())
        .map_err(|failure| Finding::inconclusive("the subject connects", failure.to_string()))
}

async fn tells_that_it_ended(stage: &mut Stage, told: Told) -> Result<(), Finding> {
    let event = stage
        .event(|event| match event {
            Event::Disconnected(event) => Some(event),
            _ => None,
        })
        .await;
    let is_right = |event: &DisconnectedEvent| {
        event.kind == FailureKind::Closed && told.is_code(event.reason) && !event.will_retry
    };
    api("API-every-waiter").that(
        format!("the client tells its application that the connection ended, by {told}"),
        event.as_ref().is_some_and(is_right),
        || format!("{event:?}"),
    )
}

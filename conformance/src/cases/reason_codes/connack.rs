//! CONNACK: the connection is accepted, or refused and then closed.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::raw;
use nack_mock_broker::matcher::{connect, publish as a_publish};

use super::answers::{self, CONNECTION};
use super::form::{Form, frame};
use super::told::{self, Told};
use super::{path, table, table_statement};
use crate::outcome::Finding;
use crate::subject::Publish;
use crate::verify::{api, must};
use crate::{Case, Stage};

const PACKET: PacketType = PacketType::Connack;

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let v5 = table::listed(Version::V5, PACKET).iter().flat_map(|code| {
        Form::of(PACKET, code.number).map(|form| Told {
            version: Version::V5,
            packet: PACKET,
            code: *code,
            form,
        })
    });
    let v311 = table::listed(Version::V311, PACKET)
        .iter()
        .map(|code| Told {
            version: Version::V311,
            packet: PACKET,
            code: *code,
            form: Form::NoProperties,
        });
    v5.chain(v311).map(case).chain([old_format()])
}

fn case(told: Told) -> Case {
    let id = match told.version {
        Version::V5 => path(PACKET, told.code.number, told.form.name()),
        Version::V311 => path(PACKET, told.code.number, "plain"),
    };
    let bytes = match told.version {
        Version::V5 => told.form.connack(told.code.number, &[]),
        Version::V311 => frame(PACKET, &[0, told.code.number]),
    };
    let title = match told.code.refuses {
        true => format!("connecting fails by {told}, and the connection is closed"),
        false => format!("connecting succeeds by {told}"),
    };
    let case = Case::new(id, title, PACKET.name(), async move |stage| {
        match told.code.refuses {
            true => refused(stage, told, &bytes).await,
            false => accepted(stage, told, &bytes).await,
        }
    });
    cites(case, told.version)
}

fn cites(case: Case, version: Version) -> Case {
    let case = case.cites(
        version,
        [table_statement(version, PACKET), "API-undisturbed"],
    );
    match version {
        Version::V5 => case
            .cites(version, told::SENTENCES)
            .cites(version, ["MQTT-4.13.2-1", "API-refused-connection-closes"]),
        Version::V311 => case
            .cites(version, told::SENTENCES_V311)
            .cites(version, ["API-refused-connection-closes"]),
    }
}

/// A server that knows only 3.1.1 refuses MQTT 5.0 in its own format.
fn old_format() -> Case {
    let code = table::listed(Version::V5, PACKET)
        .iter()
        .find(|code| code.number == 0x84);
    let code = table::Code {
        number: 0x01,
        ..*code.expect("CONNACK may carry 0x84")
    };
    let told = Told {
        version: Version::V5,
        packet: PACKET,
        code,
        form: Form::NoProperties,
    };
    let case = Case::new(
        path(PACKET, code.number, "format-of-3.1.1"),
        "connecting fails as with 0x84, by the answer of a server that knows only 3.1.1",
        PACKET.name(),
        async move |stage| refused(stage, told, &frame(PACKET, &[0, 1])).await,
    );
    cites(case, Version::V5).cites(Version::V5, ["MQTT-3.1.2-2"])
}

async fn refused(stage: &mut Stage, told: Told, bytes: &[u8]) -> Result<(), Finding> {
    stage.rule(Rule::given(connect().connection(CONNECTION)).then(raw(bytes)));
    let command = stage.connect_command();
    match stage.subject().connect(command).await {
        Ok(connected) => return Err(told.not_a_success(connected)),
        Err(failure) => told.refusal(stage, &failure, None)?,
    }
    // The broker leaves the connection open.
    let closes = match told.version {
        Version::V5 => must("MQTT-4.13.2-1"),
        Version::V311 => api("API-refused-connection-closes"),
    };
    closes.that(
        "the client closes the connection that was refused",
        stage.is_closed(CONNECTION).await,
        || "it leaves it open",
    )?;
    api("API-refused-connection-closes").equal(
        "packets of the client",
        &vec![Some(PacketType::Connect)],
        &stage.sent_by_client(CONNECTION),
    )?;
    works_again(stage).await
}

async fn accepted(stage: &mut Stage, told: Told, bytes: &[u8]) -> Result<(), Finding> {
    stage.rule(Rule::given(connect()).then(raw(bytes)));
    answers::answer(stage, a_publish(), |packet_id| {
        answers::acknowledgement(PacketType::Puback, packet_id)
    });
    let command = stage.connect_command();
    match stage.subject().connect(command).await {
        Ok(connected) => told.success(stage, Some(connected.reason), &connected.props)?,
        Err(failure) => return Err(told.not_an_error(&failure)),
    }
    publishes(stage).await
}

/// The subject is not broken for good: it connects and publishes.
pub(super) async fn works_again(stage: &mut Stage) -> Result<(), Finding> {
    let command = stage.connect_command();
    if let Err(failure) = stage.subject().connect(command).await {
        let expected = "the client can connect again, and is accepted";
        return Err(api("API-undisturbed").broken(expected, failure.to_string()));
    }
    publishes(stage).await
}

async fn publishes(stage: &mut Stage) -> Result<(), Finding> {
    let message = Publish {
        topic: "after".to_owned(),
        qos: 1,
        ..Publish::default()
    };
    match stage.subject().publish(message).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(api("API-undisturbed").broken(
            "the client publishes on the new connection",
            failure.to_string(),
        )),
    }
}

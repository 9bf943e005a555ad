//! The numbers that no server may send: reserved, or another packet's. Each is a violation, and
//! never a success.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::raw;
use nack_mock_broker::matcher::{connect, publish, pubrel, subscribe, unsubscribe};

use super::answers::{self, CONNECTION};
use super::bystanders::Bystanders;
use super::connack::works_again;
use super::form::{Form, frame};
use super::{path, pubrel as delivery, table, table_statement};
use crate::outcome::Finding;
use crate::subject::{
    Advice, Answer, Delivery, Failure, FailureKind, Filter, Publish, Subscribe, Unsubscribe,
};
use crate::verify::{api, may, must, should};
use crate::{Capability, Case, Stage};

/// An answer whose code is not in the table of its packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Violation {
    pub(super) version: Version,
    pub(super) packet: PacketType,
    pub(super) code: u8,
    /// The sentence that the client is to name.
    pub(super) statement: &'static str,
}

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let v5 = [
        PacketType::Connack,
        PacketType::Puback,
        PacketType::Pubrec,
        PacketType::Pubrel,
        PacketType::Pubcomp,
        PacketType::Suback,
        PacketType::Unsuback,
        PacketType::Disconnect,
    ];
    let v311 = [PacketType::Connack, PacketType::Suback];
    let packets = v5.map(|packet| (Version::V5, packet)).into_iter();
    let packets = packets.chain(v311.map(|packet| (Version::V311, packet)));
    packets.flat_map(|(version, packet)| {
        let codes = table::unlisted(version, packet).into_iter();
        codes.flat_map(move |(code, elsewhere)| {
            let violation = Violation {
                version,
                packet,
                code,
                statement: named_statement(version, packet),
            };
            forms(version, packet)
                .iter()
                .map(move |form| case(violation, *form, elsewhere))
        })
    })
}

/// With as little around the code as can be, and with as much.
const fn forms(version: Version, packet: PacketType) -> &'static [Form] {
    match (version, packet) {
        // Its packets have one form.
        (Version::V311, _) => &[Form::Empty],
        (Version::V5, PacketType::Connack | PacketType::Suback | PacketType::Unsuback) => {
            &[Form::Empty, Form::Everything]
        }
        (Version::V5, _) => &[Form::NoProperties, Form::Everything],
    }
}

/// The statement that an error is to name; where the standard numbers none, the section.
const fn named_statement(version: Version, packet: PacketType) -> &'static str {
    match (version, packet) {
        (Version::V311, PacketType::Connack) => "3.2.2.3",
        _ => table_statement(version, packet),
    }
}

fn case(violation: Violation, form: Form, elsewhere: Option<&str>) -> Case {
    let Violation { packet, code, .. } = violation;
    let (name, title) = match elsewhere {
        Some(name) => (
            "misplaced",
            format!("{packet} 0x{code:02X} ({name}) is a violation"),
        ),
        None => (
            "reserved",
            format!("{packet} 0x{code:02X}, which is reserved, is a violation"),
        ),
    };
    let (id, title) = match form {
        Form::Everything => (
            path(packet, code, &format!("{name}-with-{}", form.name())),
            format!("{title}, whatever else it says"),
        ),
        _ => (path(packet, code, name), title),
    };
    let case = Case::new(id, title, packet.name(), async move |stage| match packet {
        PacketType::Connack => connecting(stage, violation, form).await,
        PacketType::Pubrel => delivering(stage, violation, form).await,
        PacketType::Disconnect => told_to_leave(stage, violation, form).await,
        _ => asking(stage, violation, form).await,
    });
    let case = violation.cites(case);
    match packet {
        PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp => {
            case.requires([Capability::Qos2])
        }
        _ => case,
    }
}

/// CONNACK: there is no connection yet, and there will be none.
async fn connecting(stage: &mut Stage, violation: Violation, form: Form) -> Result<(), Finding> {
    let bytes = match violation.version {
        Version::V5 => form.connack(violation.code, &[]),
        Version::V311 => frame(PacketType::Connack, &[0, violation.code]),
    };
    stage.rule(Rule::given(connect().connection(CONNECTION)).then(raw(bytes)));
    let command = stage.connect_command();
    let failure = violation.fails(stage.subject().connect(command)).await?;
    violation.is_told(stage, &failure, None)?;
    violation.ends_connection(stage).await?;
    works_again(stage).await
}

/// An answer to one of several operations: all end, each with the violation.
async fn asking(stage: &mut Stage, violation: Violation, form: Form) -> Result<(), Finding> {
    answers::open(stage, 16).await?;
    let bystanders = Bystanders::begin(stage).await?;
    script(stage, violation, form);
    let failure = match violation.packet {
        PacketType::Suback => {
            let filters = vec![Filter::at("probe", 2)];
            let command = Subscribe {
                filters,
                ..Subscribe::default()
            };
            violation.fails(stage.subject().subscribe(command)).await?
        }
        PacketType::Unsuback => {
            let filters = vec!["probe".to_owned()];
            let command = Unsubscribe {
                filters,
                ..Unsubscribe::default()
            };
            violation
                .fails(stage.subject().unsubscribe(command))
                .await?
        }
        _ => {
            let qos = if violation.packet == PacketType::Puback {
                1
            } else {
                2
            };
            let command = Publish {
                topic: "probe".to_owned(),
                qos,
                ..Publish::default()
            };
            violation.fails(stage.subject().publish(command)).await?
        }
    };
    let is_message = !matches!(violation.packet, PacketType::Suback | PacketType::Unsuback);
    violation.is_told(stage, &failure, is_message.then_some(Delivery::Unknown))?;
    violation.ends(stage, bystanders).await
}

/// PUBREL: the broker's message, and the operations beside it.
async fn delivering(stage: &mut Stage, violation: Violation, form: Form) -> Result<(), Finding> {
    delivery::listen(stage).await?;
    let bystanders = Bystanders::begin(stage).await?;
    delivery::deliver(stage, b"first").await?;
    let packet_id = delivery::message_id();
    let bytes = form.acknowledgement(PacketType::Pubrel, packet_id, violation.code);
    answers::send(stage, bytes).await?;
    violation.ends(stage, bystanders).await
}

/// DISCONNECT: the connection is over, but not for a reason that the broker may give.
async fn told_to_leave(stage: &mut Stage, violation: Violation, form: Form) -> Result<(), Finding> {
    answers::open(stage, 16).await?;
    let bystanders = Bystanders::begin(stage).await?;
    answers::send(stage, form.disconnect(violation.code)).await?;
    violation.ends(stage, bystanders).await
}

fn script(stage: &Stage, violation: Violation, form: Form) {
    let Violation {
        version,
        packet,
        code,
        ..
    } = violation;
    let acknowledges = move |packet_id| form.acknowledgement(packet, packet_id, code);
    let codes = move |packet_id: u16| match version {
        Version::V5 => form.codes(packet, packet_id, code, &[code]),
        Version::V311 => frame(packet, &[&packet_id.to_be_bytes()[..], &[code]].concat()),
    };
    match packet {
        PacketType::Suback => answers::answer(stage, subscribe().filter("probe"), codes),
        PacketType::Unsuback => answers::answer(stage, unsubscribe().filter("probe"), codes),
        PacketType::Pubcomp => {
            answers::answer(stage, publish().topic("probe"), |packet_id| {
                answers::acknowledgement(PacketType::Pubrec, packet_id)
            });
            answers::answer(stage, pubrel(), acknowledges);
        }
        _ => answers::answer(stage, publish().topic("probe"), acknowledges),
    }
}

impl Violation {
    /// The sentences that a case about a violation rests on.
    pub(super) fn cites(self, case: Case) -> Case {
        let own = match (self.version, self.packet) {
            // The sentence about AUTH is cited by its own cases.
            (_, PacketType::Auth) => None,
            (version, packet) => Some(table_statement(version, packet)),
        };
        let case = case
            .cites(self.version, own)
            .cites(
                self.version,
                ["API-violation", "API-every-waiter", "API-undisturbed"],
            )
            .cites(self.version, ["API-delivery", "API-retry", "API-delivered"]);
        match self.version {
            Version::V5 => case.cites(
                self.version,
                [
                    "U5-4.13.1-client-closes",
                    "U5-4.13.1-client-says-why",
                    "MQTT-4.3.3-8",
                ],
            ),
            Version::V311 => case.cites(self.version, ["MQTT-4.8.0-1"]),
        }
    }

    /// Whatever the operation was, it does not succeed.
    pub(super) async fn fails<T: std::fmt::Debug>(
        self,
        answer: Answer<T>,
    ) -> Result<Failure, Finding> {
        match answer.await {
            Err(failure) => Ok(failure),
            Ok(success) => {
                let expected = format!("the operation fails, by {self}");
                Err(api("API-violation").broken(expected, format!("success: {success:?}")))
            }
        }
    }

    /// The caller learns that the broker broke a rule, and which.
    pub(super) fn is_told(
        self,
        stage: &Stage,
        failure: &Failure,
        delivery: Option<Delivery>,
    ) -> Result<(), Finding> {
        // A client may show the number as it is, as long as it calls it a refusal of connecting.
        let shows_number = self.packet == PacketType::Connack
            && failure.kind == FailureKind::Refused
            && failure.reason == Some(self.code)
            && !stage.has(Capability::RefusalAdvice);
        api("API-violation").that(
            format!("a violation by the broker, {self}"),
            matches!(failure.kind, FailureKind::Protocol | FailureKind::Malformed) || shows_number,
            || failure.to_string(),
        )?;
        if stage.has(Capability::RefusalAdvice) {
            let statement = Some(self.statement.to_owned());
            api("API-violation").equal("statement", &statement, &failure.statement)?;
            api("API-delivery").equal("delivery", &delivery, &failure.delivery)?;
            api("API-retry").equal("advice", &Some(Advice::Never), &failure.retry)?;
        }
        Ok(())
    }

    /// All that waits ends, and so does the connection.
    pub(super) async fn ends(
        self,
        stage: &mut Stage,
        bystanders: Bystanders,
    ) -> Result<(), Finding> {
        bystanders
            .fail(|_, is_message, failure| {
                self.is_told(stage, failure, is_message.then_some(Delivery::Unknown))
            })
            .await?;
        self.ends_connection(stage).await?;
        works_again(stage).await
    }

    /// The client closes the connection, which the broker leaves open; in MQTT 5.0 it says why.
    pub(super) async fn ends_connection(self, stage: &mut Stage) -> Result<(), Finding> {
        let closes = match self.version {
            Version::V5 => should("U5-4.13.1-client-closes"),
            Version::V311 => must("MQTT-4.8.0-1"),
        };
        let expected = format!("the client closes the connection, because of {self}");
        closes.that(
            expected,
            stage.is_closed(CONNECTION).await,
            || "it leaves it open",
        )?;
        if self.version == Version::V311 {
            return Ok(());
        }
        let says_why = match self.packet {
            PacketType::Auth => may("U5-4.13.1-client-says-why"),
            _ => should("U5-4.13.1-client-says-why"),
        };
        let journal = stage.journal().on_connection(CONNECTION);
        let last = journal.received().last();
        let reason = last
            .filter(|entry| entry.packet_type() == Some(PacketType::Disconnect))
            .and_then(|entry| entry.received()?.reason_code());
        let result = says_why.that(
            "the last packet of the client is DISCONNECT 0x81 or 0x82",
            matches!(reason, Some(0x81 | 0x82)),
            || last.map_or_else(|| "nothing".to_owned(), ToString::to_string),
        );
        stage.note(result);
        Ok(())
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} 0x{:02X}", self.packet, self.code)
    }
}

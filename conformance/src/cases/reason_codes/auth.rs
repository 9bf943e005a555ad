//! AUTH to a client that asked for no authentication method: whatever its code, it is a violation,
//! and never answered with AUTH.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::raw;
use nack_mock_broker::matcher::{auth, connect};

use super::answers::{self, CONNECTION};
use super::bystanders::Bystanders;
use super::connack::works_again;
use super::form::Form;
use super::unlisted::Violation;
use super::{path, table, table_statement};
use crate::outcome::Finding;
use crate::verify::must;
use crate::{Case, Stage};

const PACKET: PacketType = PacketType::Auth;

/// When it comes.
#[derive(Clone, Copy, Debug)]
enum Moment {
    BeforeConnack,
    AfterConnack,
}

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let listed = table::listed(Version::V5, PACKET).iter().flat_map(|code| {
        Form::of(PACKET, code.number).flat_map(|form| {
            let title = format!(
                "AUTH 0x{:02X} ({}), unasked, is a violation",
                code.number, code.name
            );
            [Moment::BeforeConnack, Moment::AfterConnack].map(|moment| {
                let form_name = match moment {
                    Moment::BeforeConnack => format!("{}-before-connack", form.name()),
                    Moment::AfterConnack => form.name().to_owned(),
                };
                case(
                    violation(code.number, "MQTT-4.12.0-6"),
                    form,
                    moment,
                    &form_name,
                    &title,
                )
            })
        })
    });
    let unlisted = table::unlisted(Version::V5, PACKET)
        .into_iter()
        .map(|(code, elsewhere)| {
            let statement = match code {
                // A code of the table, but of the client's half.
                0x19 => "MQTT-4.12.0-6",
                _ => table_statement(Version::V5, PACKET),
            };
            let form_name = if elsewhere.is_some() {
                "misplaced"
            } else {
                "reserved"
            };
            let title = format!("AUTH 0x{code:02X} is a violation");
            case(
                violation(code, statement),
                Form::Empty,
                Moment::AfterConnack,
                form_name,
                &title,
            )
        });
    listed.chain(unlisted)
}

const fn violation(code: u8, statement: &'static str) -> Violation {
    Violation {
        version: Version::V5,
        packet: PACKET,
        code,
        statement,
    }
}

fn case(violation: Violation, form: Form, moment: Moment, name: &str, title: &str) -> Case {
    let id = path(PACKET, violation.code, name);
    let case = Case::new(id, title, PACKET.name(), async move |stage| {
        let bytes = form.auth(violation.code, "unasked");
        match moment {
            Moment::BeforeConnack => before_connack(stage, violation, bytes).await,
            Moment::AfterConnack => after_connack(stage, violation, bytes).await,
        }
    });
    let case = case.cites(
        Version::V5,
        ["MQTT-3.15.2-1", "MQTT-4.12.0-6", "MQTT-4.12.0-7"],
    );
    violation.cites(case)
}

async fn before_connack(
    stage: &mut Stage,
    violation: Violation,
    bytes: Vec<u8>,
) -> Result<(), Finding> {
    stage.rule(Rule::given(connect().connection(CONNECTION)).then(raw(bytes)));
    let command = stage.connect_command();
    let failure = violation.fails(stage.subject().connect(command)).await?;
    violation.is_told(stage, &failure, None)?;
    violation.ends_connection(stage).await?;
    sends_no_auth(stage)?;
    works_again(stage).await
}

async fn after_connack(
    stage: &mut Stage,
    violation: Violation,
    bytes: Vec<u8>,
) -> Result<(), Finding> {
    answers::open(stage, 16).await?;
    let bystanders = Bystanders::begin(stage).await?;
    answers::send(stage, bytes).await?;
    violation.ends(stage, bystanders).await?;
    sends_no_auth(stage)
}

fn sends_no_auth(stage: &Stage) -> Result<(), Finding> {
    must("MQTT-4.12.0-7").equal(
        "AUTH packets",
        &0,
        &stage.journal().matching(auth()).count(),
    )
}

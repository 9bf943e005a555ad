//! What the caller of an operation must be told about the broker's answer to it.

use nack_codec::{PacketType, Version};

use super::form::Form;
use super::table::{self, Code, Lasts};
use crate::outcome::Finding;
use crate::subject::{Advice, Delivery, Failure, FailureKind, Properties};
use crate::verify::api;
use crate::{Capability, Stage};

/// The sentences that such a case rests on, besides those of the standard.
pub(super) const SENTENCES: [&str; 7] = [
    "API-refusal-is-error",
    "API-reason-code",
    "API-reason-string",
    "API-user-properties",
    "API-server-reference",
    "API-delivery",
    "API-retry",
];

/// Those of them that 3.1.1 has the means for.
pub(super) const SENTENCES_V311: [&str; 4] = [
    "API-refusal-is-error",
    "API-reason-code",
    "API-delivery",
    "API-retry",
];

/// An answer of the broker, whose code is one of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) version: Version,
    pub(super) packet: PacketType,
    pub(super) code: Code,
    pub(super) form: Form,
}

impl Told {
    /// The operation failed with this answer.
    pub(super) fn refusal(
        &self,
        stage: &Stage,
        failure: &Failure,
        delivery: Option<Delivery>,
    ) -> Result<(), Finding> {
        self.refusal_with_advice(stage, failure, delivery, self.advice())
    }

    /// The same, where the advice is not that of this code alone.
    pub(super) fn refusal_with_advice(
        &self,
        stage: &Stage,
        failure: &Failure,
        delivery: Option<Delivery>,
        retry: Advice,
    ) -> Result<(), Finding> {
        let kind = match self.packet {
            PacketType::Disconnect => FailureKind::Closed,
            _ => FailureKind::Refused,
        };
        api("API-refusal-is-error").that(
            format!("the operation fails as {kind:?}, by {self}"),
            failure.kind == kind,
            || failure.to_string(),
        )?;
        api("API-reason-code").that(
            format!("the code of {self}"),
            self.is_code(failure.reason),
            || failure.to_string(),
        )?;
        self.texts(stage, &failure.props)?;
        if stage.has(Capability::RefusalAdvice) {
            api("API-delivery").equal("delivery", &delivery, &failure.delivery)?;
            api("API-retry").equal("advice", &Some(retry), &failure.retry)?;
        }
        Ok(())
    }

    /// The operation succeeded, and this was the code that it was told.
    pub(super) fn success(
        &self,
        stage: &Stage,
        reason: Option<u8>,
        props: &Properties,
    ) -> Result<(), Finding> {
        api("API-reason-code").that(format!("the code of {self}"), self.is_code(reason), || {
            format!("{reason:02X?}")
        })?;
        self.texts(stage, props)
    }

    /// What a success must not be: an error.
    pub(super) fn not_an_error(&self, failure: &Failure) -> Finding {
        let expected = format!("the operation succeeds, by {self}");
        api("API-refusal-is-error").broken(expected, failure.to_string())
    }

    /// What a refusal must not be: a success.
    pub(super) fn not_a_success(&self, received: impl std::fmt::Debug) -> Finding {
        let expected = format!("the operation fails, by {self}");
        api("API-refusal-is-error").broken(expected, format!("success: {received:?}"))
    }

    /// Reason string, user properties and server reference are those of the answer, and where it
    /// has none, there are none.
    pub(super) fn texts(&self, stage: &Stage, props: &Properties) -> Result<(), Finding> {
        if !stage.has(Capability::RefusalTexts) || self.version == Version::V311 {
            return Ok(());
        }
        let texts = self.form.texts(self.packet, self.code.number);
        api("API-reason-string").equal(
            "reason string",
            &texts.reason_string,
            &props.reason_string,
        )?;
        api("API-user-properties").equal(
            "user properties",
            &texts.user_property,
            &props.user_property,
        )?;
        api("API-server-reference").equal(
            "server reference",
            &texts.server_reference,
            &props.server_reference,
        )
    }

    /// A 3.1.1 client may show its own code or the one that means the same in MQTT 5.0.
    pub(super) fn is_code(&self, reason: Option<u8>) -> bool {
        reason == Some(self.code.number) || reason == Some(self.code.meaning)
    }

    /// The judgement of the table, and of its notes where one word does not say it.
    pub(super) fn advice(&self) -> Advice {
        let ends_connection = self.packet == PacketType::Disconnect;
        let answers_connect = self.packet == PacketType::Connack;
        match (self.code.meaning, self.code.lasts) {
            // "On acks no automatic repeat: brokers use it for lasting refusals too."
            (0x80, _) if !ends_connection && !answers_connect => Advice::CallerDecides,
            // "Reconnect with clean start, or send as a new message."
            (0x91, _) => Advice::NewSession,
            // "End the exchange, never repeat": what became of the message nobody knows.
            (0x92, _) => Advice::CallerDecides,
            // A normal disconnection: "reconnecting is the caller's choice".
            (_, Lasts::NotRefused | Lasts::Transient) if ends_connection => Advice::Reconnect,
            (_, Lasts::NotRefused | Lasts::Transient) => Advice::Later,
            (_, Lasts::Permanent | Lasts::CallerBug) => Advice::Never,
            (_, Lasts::Redirect) => Advice::Elsewhere,
        }
    }

    /// The advice on an answer that has all these codes: what is right for each of its refusals,
    /// and so the strictest.
    pub(super) fn strictest(&self, codes: &[u8]) -> Advice {
        let listed = table::listed(self.version, self.packet).iter();
        let refusals = listed.filter(|code| code.refuses && codes.contains(&code.number));
        let advice = refusals.map(|code| {
            Self {
                code: *code,
                ..*self
            }
            .advice()
        });
        advice.min_by_key(rank).unwrap_or(Advice::Never)
    }
}

/// How much an advice allows, least first: nothing, what costs the session, what a person must
/// decide, and what goes on by itself.
const fn rank(advice: &Advice) -> u8 {
    match advice {
        Advice::Never => 0,
        Advice::NewSession => 1,
        Advice::CallerDecides => 2,
        Advice::Elsewhere => 3,
        Advice::Reconnect => 4,
        Advice::Later => 5,
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} 0x{:02X} ({})",
            self.packet, self.code.number, self.code.name
        )
    }
}

//! Why a command failed, as the application behind the client can see it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Properties;

/// The `err` of the shim protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// The reason code as the application can see it.
    pub reason: Option<u8>,
    /// The client's own words, with those of its causes.
    pub text: String,
    /// All codes of a SUBACK or UNSUBACK, one a filter, where the client tells them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<u8>,
    /// Reason string, user properties and server reference of the answer, where the client shows
    /// them (`refusal_texts`).
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Box<Properties>,
    /// What became of the message (`refusal_advice`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What may be tried (`refusal_advice`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Advice>,
    /// Which statement the broker broke (`refusal_advice`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The broker said no to this very operation.
    Refused,
    /// The connection is gone.
    Closed,
    /// Nobody answered in time.
    Timeout,
    /// The broker sent something that is no packet.
    Malformed,
    /// The broker broke a rule.
    Protocol,
    /// Larger than what one side accepts.
    TooLarge,
    /// More than what may be open at once.
    Quota,
    /// The server said before that it does not have this (QoS, retain, wildcards …).
    Limit,
    /// The application broke a rule.
    Usage,
    /// The transport's security.
    Tls,
    /// The subject does not know the command, or one of its fields.
    Unsupported,
    /// Anything else.
    #[default]
    Other,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "there is no fifth fate")]
pub enum Delivery {
    /// No byte of it was sent.
    NotSent,
    /// The broker refused it.
    Rejected,
    /// It will be sent again when the session resumes.
    InSession,
    /// It was sent, and no verdict came.
    Unknown,
}

/// What may be tried after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Advice {
    /// Something must change first.
    Never,
    /// The same again, later.
    Later,
    /// The same again, on a new connection.
    Reconnect,
    /// Another server.
    Elsewhere,
    /// A new connection with clean start.
    NewSession,
    /// Nobody knows: not automatically.
    CallerDecides,
}

impl Default for Failure {
    /// A failure that tells nothing.
    fn default() -> Self {
        Self::new(FailureKind::Other, "")
    }
}

impl Failure {
    /// A failure that has nothing to tell but its kind and its words.
    pub fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            reason: None,
            text: text.into(),
            reasons: Vec::new(),
            props: Box::default(),
            delivery: None,
            retry: None,
            statement: None,
        }
    }

    /// The subject does not know this.
    pub fn unsupported(what: &str) -> Self {
        Self::new(FailureKind::Unsupported, format!("{what} is not supported"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        if let Some(reason) = self.reason {
            write!(f, " 0x{reason:02X}")?;
        }
        write!(f, " ({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_shape_of_the_shim_protocol() {
        let json = r#"{"kind":"refused","reason":135,"text":"Not authorized"}"#;
        let failure: Failure = serde_json::from_str(json).unwrap();
        assert_eq!(failure.to_string(), "Refused 0x87 (Not authorized)");
        assert_eq!(serde_json::to_string(&failure).unwrap(), json);
        let unsupported: Failure = serde_json::from_str(r#"{"kind":"unsupported"}"#).unwrap();
        assert_eq!(unsupported.kind, FailureKind::Unsupported);
    }
}

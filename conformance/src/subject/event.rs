//! What a subject tells unasked.

use serde::{Deserialize, Serialize};

use super::{FailureKind, Properties, hex};

/// Something that happened to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "closed by the shim protocol")]
pub enum Event {
    /// A message came.
    Message(Message),
    /// The client came back by itself.
    Connected(ConnectedEvent),
    /// The connection ended.
    Disconnected(DisconnectedEvent),
    /// The broker goes on with an authentication.
    Auth(AuthEvent),
}

/// A message that the client hands to its application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Message {
    /// What it was published to.
    pub topic: String,
    /// What was published.
    #[serde(rename = "payload_hex", with = "hex")]
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// RETAIN as it came.
    pub retain: bool,
    /// DUP as it came.
    pub dup: bool,
    /// The properties of PUBLISH.
    pub props: Box<Properties>,
    /// What to acknowledge it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<u64>,
    /// Whether it came apart from all subscriptions, because it is for none of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unclaimed: bool,
}

/// A connection after the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct ConnectedEvent {
    /// Whether the broker resumed a session.
    pub session_present: bool,
    /// The code of CONNACK.
    pub reason: u8,
}

/// The end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct DisconnectedEvent {
    /// What ended it.
    pub kind: FailureKind,
    /// The server's code (0 too), or `None` where the connection just ended.
    pub reason: Option<u8>,
    /// Whether the client will come back by itself.
    pub will_retry: bool,
}

/// A step of an authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct AuthEvent {
    /// The code of AUTH.
    pub reason: u8,
    /// Its data.
    #[serde(
        rename = "data_hex",
        with = "hex::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub data: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_shapes_of_the_shim_protocol() {
        let event = Event::Disconnected(DisconnectedEvent {
            kind: FailureKind::Closed,
            reason: Some(0x8B),
            will_retry: false,
        });
        let json = r#"{"event":"disconnected","kind":"closed","reason":139,"will_retry":false}"#;
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert_eq!(serde_json::from_str::<Event>(json).unwrap(), event);
    }
}

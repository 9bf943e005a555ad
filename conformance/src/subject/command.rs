//! What a subject is told to do, in the shapes of the shim protocol.

use serde::{Deserialize, Serialize};

use super::{Properties, hex};

/// `connect`. What is `None` is left to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Connect {
    /// Where the broker is; empty for the broker of the case.
    pub url: String,
    /// The protocol level: 4 or 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    /// The client identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Clean start; clean session in 3.1.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clean_start: Option<bool>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<u16>,
    /// The user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password.
    #[serde(
        rename = "password_hex",
        with = "hex::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub password: Option<Vec<u8>>,
    /// The will.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub will: Option<Will>,
    /// The properties of CONNECT.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
    /// A PEM file of certificates to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// A PEM file with certificate and key of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// How long to wait for CONNACK, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// Whether the client comes back by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_reconnect: Option<bool>,
    /// Who acknowledges messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_mode: Option<AckMode>,
    /// Where the session is kept: `memory` or a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How many QoS 1 and 2 messages may be open towards the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_maximum: Option<u16>,
    /// The largest packet that the client accepts, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_packet_size: Option<u32>,
    /// The highest topic alias that the client accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_alias_maximum: Option<u16>,
}

/// Who acknowledges messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "closed by the shim protocol")]
pub enum AckMode {
    /// The client.
    Auto,
    /// The application, with `ack`.
    Manual,
}

/// What the broker publishes when the client is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Will {
    /// Where to.
    pub topic: String,
    /// What.
    #[serde(rename = "payload_hex", with = "hex")]
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether it is kept.
    pub retain: bool,
    /// The properties of the will.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
}

/// `publish`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Publish {
    /// Where to.
    pub topic: String,
    /// What.
    #[serde(rename = "payload_hex", with = "hex")]
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// The properties of PUBLISH.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
    /// When the command is answered.
    pub until: Until,
}

/// When a `publish` is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "closed by the shim protocol")]
pub enum Until {
    /// When the client has taken it.
    Queued,
    /// When its bytes are on their way.
    Sent,
    /// When the broker has answered.
    #[default]
    Done,
}

/// `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Subscribe {
    /// What for.
    pub filters: Vec<Filter>,
    /// The properties of SUBSCRIBE.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
}

/// One topic filter of a `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Filter {
    /// The topic filter.
    pub filter: String,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the client's own messages are left out.
    pub no_local: bool,
    /// Whether RETAIN stays as published.
    pub retain_as_published: bool,
    /// 0, 1 or 2.
    pub retain_handling: u8,
}

impl Filter {
    /// A topic filter with this QoS and no other option.
    pub fn at(filter: impl Into<String>, qos: u8) -> Self {
        Self {
            filter: filter.into(),
            qos,
            ..Self::default()
        }
    }
}

/// `unsubscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Unsubscribe {
    /// What from.
    pub filters: Vec<String>,
    /// The properties of UNSUBSCRIBE.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
}

/// `ack`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Acknowledge {
    /// The token of the message.
    pub token: u64,
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<u8>,
}

/// `auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Auth {
    /// The authentication method.
    pub method: String,
    /// The authentication data.
    #[serde(
        rename = "data_hex",
        with = "hex::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub data: Option<Vec<u8>>,
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<u8>,
}

/// `disconnect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a command is written out by cases"
)]
pub struct Disconnect {
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<u8>,
    /// The properties of DISCONNECT.
    #[serde(skip_serializing_if = "Properties::is_empty")]
    pub props: Properties,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_shapes_of_the_shim_protocol() {
        let publish = Publish {
            topic: "t".to_owned(),
            payload: vec![0, 0xAB],
            qos: 2,
            ..Publish::default()
        };
        let json = r#"{"topic":"t","payload_hex":"00ab","qos":2,"retain":false,"until":"done"}"#;
        assert_eq!(serde_json::to_string(&publish).unwrap(), json);
        assert_eq!(serde_json::from_str::<Publish>(json).unwrap(), publish);

        let json = r#"{"url":"mqtt://127.0.0.1:41877","version":5,"clean_start":true}"#;
        let connect: Connect = serde_json::from_str(json).unwrap();
        assert_eq!(connect.version, Some(5));
        assert_eq!(serde_json::to_string(&connect).unwrap(), json);
    }

    #[test]
    fn binary_fields_must_be_whole_bytes() {
        for payload in ["0", "0g", "é0"] {
            let json = format!(r#"{{"payload_hex":"{payload}"}}"#);
            assert!(serde_json::from_str::<Publish>(&json).is_err(), "{payload}");
        }
    }
}

//! What a session asks for: the fields of CONNECT, and how long it waits.

use std::time::Duration;

use bytes::BytesMut;
use nack_codec::{
    Binary, Connect, MAXIMUM_PACKET_SIZE, Properties, QoS, Text, TopicName, Version, Will,
};

use crate::error::{Invalid, RetryTable};
use crate::secret::Secret;

/// What a session asks for. [`check`](Self::check) says whether the wire can carry it.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read in full by drivers of the session"
)]
pub struct Config {
    /// The version of the protocol.
    pub version: Version,
    /// The client identifier; empty where the broker is to choose.
    pub client_id: Text,
    /// Whether a session that may exist is dropped.
    pub clean_start: bool,
    /// Whether the application vouches that it held the session before.
    pub resume_session: bool,
    /// The longest time between two packets, in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// How long a PINGREQ may stay unanswered.
    pub ping_timeout: Duration,
    /// How long the answer to a request may take.
    pub operation_timeout: Option<Duration>,
    /// How long CONNACK may take.
    pub connect_timeout: Duration,
    /// Who the client says it is.
    pub user_name: Option<Text>,
    /// How it proves that.
    pub password: Option<Secret<Binary>>,
    /// What the broker publishes when the client is gone.
    pub will: Option<WillMessage>,
    /// How many messages the broker may send before they are acknowledged.
    pub receive_maximum: u16,
    /// The size of the largest packet that is accepted, in bytes.
    pub maximum_packet_size: Option<u32>,
    /// The properties of CONNECT (MQTT 5.0).
    pub properties: Properties<Vec<u8>>,
    /// What may be tried after which refusal.
    pub retry_table: RetryTable,
}

/// A will of its own.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the standard")]
pub struct WillMessage {
    /// Where to.
    pub topic: TopicName,
    /// What.
    pub payload: Binary,
    /// At which QoS.
    pub qos: QoS,
    /// Whether it is kept for later subscribers.
    pub retain: bool,
    /// Its properties (MQTT 5.0).
    pub properties: Properties<Vec<u8>>,
}

impl Config {
    /// Whether the wire of the version can carry this.
    ///
    /// # Errors
    ///
    /// What it cannot carry.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.version == Version::V311 && !self.clean_start && self.client_id.as_str().is_empty()
        {
            return Err(Invalid::EmptyClientIdentifier);
        }
        self.connect().encode(&mut BytesMut::new())?;
        Ok(())
    }

    /// The CONNECT that asks for this.
    pub(super) fn connect(&self) -> Connect<'_> {
        Connect {
            version: self.version,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            client_id: self.client_id.borrow(),
            will: self.will.as_ref().map(|will| Will {
                qos: will.qos,
                retain: will.retain,
                topic: will.topic.borrow(),
                payload: will.payload.borrow(),
                properties: will.properties.borrow(),
            }),
            user_name: self.user_name.as_ref().map(Text::borrow),
            password: self.password.as_ref().map(|Secret(bytes)| bytes.borrow()),
            properties: self.properties.borrow(),
        }
    }

    /// For how many seconds the session is to outlive the connection.
    pub(super) fn session_expiry_interval(&self) -> u32 {
        match self.version {
            Version::V5 => self.properties.session_expiry_interval().unwrap_or(0),
            // [MQTT-3.1.2-4] and [MQTT-3.1.2-6] of 3.1.1: clean session says both.
            Version::V311 if self.clean_start => 0,
            Version::V311 => u32::MAX,
        }
    }

    /// The size of the largest packet that is accepted, in bytes.
    pub fn maximum_packet_size(&self) -> u32 {
        self.maximum_packet_size.unwrap_or(MAXIMUM_PACKET_SIZE)
    }
}

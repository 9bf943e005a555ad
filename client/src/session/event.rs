//! What a session has to say: verdicts for callers, and events.

use std::time::Duration;

use nack_codec::{Connack, PacketId, PacketType, Properties, TopicFilter};

use super::{Limits, SubackVerdict};
use crate::error::{
    ConnectError, ConnectionLost, Invalid, PublishError, SubscribeError, UnsubscribeError, copied,
};
use crate::{Published, Unsubscribed};

/// The name that a driver gives to a request, so that it knows whose verdict has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is a number of the driver's own"
)]
pub struct OperationId(pub u64);

/// The verdict of a request.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "one a request, and a driver must know them all"
)]
pub enum Outcome {
    /// Of a message.
    Published(Result<Published, PublishError>),
    /// Of a SUBSCRIBE. That some filters were refused is for the driver to tell, which knows the
    /// stream of those that were granted.
    Subscribed(Result<SubackVerdict, SubscribeError>),
    /// Of an UNSUBSCRIBE.
    Unsubscribed(Result<Unsubscribed, UnsubscribeError>),
}

/// Why a request was not even taken. It has no other verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "there is no third reason")]
pub enum RequestError {
    /// There is no connection.
    #[error("the client is not connected")]
    NotConnected,
    /// The request breaks a rule; nothing was sent.
    #[error("invalid request")]
    Invalid(#[source] Invalid),
}

impl From<Invalid> for RequestError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// What happened to the connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The broker has accepted it.
    Connected(Box<Connected>),
    /// It was never accepted.
    ConnectFailed(ConnectError),
    /// It ended.
    ConnectionLost(ConnectionLost),
    /// The broker acknowledged what was never sent, or was acknowledged before.
    Unsolicited {
        /// Which acknowledgement.
        packet: PacketType,
        /// Of which identifier.
        packet_id: PacketId,
    },
    /// The broker has granted subscriptions whose caller had been told that it took too long: these.
    /// Whoever has no use for them is to end them.
    GrantedTooLate(Vec<TopicFilter>),
    /// A message of the resumed session is beyond the limits of the new connection. It stays in the
    /// session, and is sent again on a connection that allows it.
    ResendFailed(Invalid),
}

/// What the broker said when it accepted the connection.
#[derive(Clone, Debug)]
pub struct Connected {
    session_present: bool,
    limits: Limits,
    keep_alive: Duration,
    lost_messages: usize,
    properties: Properties,
}

impl Connected {
    pub(super) fn new(
        connack: &Connack<'_>,
        limits: Limits,
        keep_alive: u16,
        lost_messages: usize,
    ) -> Self {
        Self {
            session_present: connack.session_present,
            limits,
            keep_alive: Duration::from_secs(u64::from(keep_alive)),
            lost_messages,
            properties: copied(&connack.properties),
        }
    }

    /// Whether the broker still had the session.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// What the broker allows on this connection.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The keep alive in force; zero where it is off.
    pub const fn keep_alive(&self) -> Duration {
        self.keep_alive
    }

    /// How many messages were reported to be kept in the session
    /// ([`Delivery::InSession`](crate::Delivery::InSession)), and were lost with it: the broker has
    /// no session any more (`[MQTT-3.2.2-5]`), or the client has ended it.
    pub const fn lost_messages(&self) -> usize {
        self.lost_messages
    }

    /// The client identifier that the broker chose (MQTT 5.0). The next connection uses it.
    pub fn assigned_client_identifier(&self) -> Option<&str> {
        self.properties.assigned_client_identifier()
    }

    /// From what the client may make response topics (MQTT 5.0), if it has asked for that by
    /// [`request_response_information`](crate::Options::request_response_information).
    pub fn response_information(&self) -> Option<&str> {
        self.properties.response_information()
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// All properties of CONNACK (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }
}

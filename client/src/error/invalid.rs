//! The rules that a caller can break, found before a byte is sent.

use std::convert::Infallible;

use nack_codec::{DisconnectReason, EncodeError, PropertyError, QoS, TextError, TopicError};

use super::Retry;

/// What is wrong with a request; nothing of it was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The topic name is not one.
    #[error("the topic name is wrong: {0}")]
    TopicName(TopicError),
    /// A topic filter is not one.
    #[error("the topic filter is wrong: {0}")]
    TopicFilter(TopicError),
    /// A string cannot be carried by MQTT.
    #[error("the {field} is wrong: {error}")]
    Text {
        /// Which string.
        field: &'static str,
        /// What is wrong with it.
        error: TextError,
    },
    /// Binary data is longer than 65,535 bytes.
    #[error("the {field} has {length} bytes, and may have at most 65535")]
    BinaryTooLong {
        /// Which data.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// A property cannot be added.
    #[error("a property is wrong: {0}")]
    Property(PropertyError),
    /// A duration does not fit into its field.
    #[error("the {field} is longer than its field can say")]
    DurationTooLong {
        /// Which duration.
        field: &'static str,
    },
    /// The version cannot say the request.
    #[error("the request cannot be encoded: {0}")]
    Encode(EncodeError),
    /// No topic filter at all.
    #[error("there is no topic filter")]
    NoTopicFilter,
    /// A packet above the broker's maximum packet size (`[MQTT-3.2.2-15]`).
    #[error("the packet has {size} bytes, and the broker accepts at most {maximum}")]
    PacketTooLarge {
        /// The size of the whole packet in bytes.
        size: usize,
        /// The broker's maximum packet size in bytes.
        maximum: u32,
    },
    /// A QoS above the broker's maximum (`[MQTT-3.2.2-11]`).
    #[error("{asked} is above the broker's maximum of {maximum}")]
    QosNotSupported {
        /// The QoS of the message.
        asked: QoS,
        /// The broker's maximum.
        maximum: QoS,
    },
    /// A retained message for a broker that has none (`[MQTT-3.2.2-14]`).
    #[error("the broker has no retained messages")]
    RetainNotSupported,
    /// A wildcard for a broker that has no wildcard subscriptions.
    #[error("the broker has no wildcard subscriptions")]
    WildcardSubscriptionsNotSupported,
    /// A shared subscription for a broker that has none.
    #[error("the broker has no shared subscriptions")]
    SharedSubscriptionsNotSupported,
    /// A subscription identifier for a broker that has none (section 3.2.2.3.12).
    #[error("the broker has no subscription identifiers")]
    SubscriptionIdentifiersNotSupported,
    /// An empty client identifier with a session that is to be kept, in 3.1.1
    /// (`[MQTT-3.1.3-7]`).
    #[error("MQTT 3.1.1 has no empty client identifier without clean session")]
    EmptyClientIdentifier,
    /// A reason that only brokers send in DISCONNECT (`[MQTT-3.14.2-1]`).
    #[error("only brokers send DISCONNECT with 0x{:02X} ({reason})", *reason as u8)]
    DisconnectReason {
        /// The reason.
        reason: DisconnectReason,
    },
    /// A session that is to be kept from DISCONNECT on, and was not to be kept at CONNECT
    /// (section 3.14.2.2.2).
    #[error("DISCONNECT cannot keep a session that CONNECT did not ask to keep")]
    SessionExpiryInDisconnect,
    /// All 65,535 packet identifiers are in use.
    #[error("all packet identifiers are in use")]
    NoPacketIdentifier,
    /// The address of the broker has no host, a port that is no number, or more than the two.
    #[error("`{0}` is no address of a broker: write `host`, `host:port` or `mqtt://host:port`")]
    Address(Box<str>),
    /// The address of the broker begins with a scheme that means something else than MQTT over TCP:
    /// this one. TLS and WebSocket are not there yet.
    #[error(
        "`{0}://` is not supported, as there is neither TLS nor WebSocket yet: write `host:port` or \
         `mqtt://host:port`"
    )]
    Scheme(Box<str>),
    /// User name or password in the address of the broker.
    #[error(
        "the address of the broker has an `@`: user name and password are options of their own"
    )]
    CredentialsInAddress,
}

impl Invalid {
    /// What may be tried: most of it stays wrong.
    pub(super) const fn retry(&self) -> Retry {
        match self {
            // Each answer of the broker gives one back.
            Self::NoPacketIdentifier => Retry::Later,
            _ => Retry::Never,
        }
    }
}

impl From<EncodeError> for Invalid {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<PropertyError> for Invalid {
    fn from(error: PropertyError) -> Self {
        Self::Property(error)
    }
}

/// What is a topic name already cannot fail to become one.
impl From<Infallible> for Invalid {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

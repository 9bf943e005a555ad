//! The rules that a broker can break although each of its packets is well formed.

use nack_codec::{DisconnectReason, PacketId, PacketType, Version};

/// A rule that the broker broke: which one, and what the broker is told before the connection is
/// closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A packet that only clients send.
    #[error("the broker sent {packet}, which only clients send")]
    ClientPacket {
        /// Which packet.
        packet: PacketType,
    },
    /// Something else than CONNACK before the connection was accepted.
    #[error("the broker sent {packet} before CONNACK")]
    BeforeConnack {
        /// Which packet.
        packet: PacketType,
    },
    /// A second CONNACK.
    #[error("the broker sent CONNACK twice")]
    SecondConnack,
    /// A session is said to be present that the client does not have.
    #[error("the broker resumes a session that the client does not have")]
    SessionPresentWithoutState,
    /// A DISCONNECT towards a 3.1.1 client, where only clients send it.
    #[error("the broker sent DISCONNECT, which in MQTT 3.1.1 only clients send")]
    DisconnectInV311,
    /// A DISCONNECT with a code that only clients send.
    #[error("the broker sent DISCONNECT with 0x{:02X} ({reason}), which only clients send", *reason as u8)]
    DisconnectReasonOfClient {
        /// Which code.
        reason: DisconnectReason,
    },
    /// A DISCONNECT with a session expiry interval, which only clients send.
    #[error("the broker sent DISCONNECT with a session expiry interval")]
    SessionExpiryInDisconnect,
    /// An AUTH although no authentication method was asked for.
    #[error("the broker sent AUTH, and no authentication method is in use")]
    UnexpectedAuth,
    /// An authentication method in CONNACK although none was asked for.
    #[error("the broker sent an authentication method, and none was asked for")]
    UnexpectedAuthenticationMethod,
    /// A message of a packet identifier that is still open for another kind of exchange.
    #[error(
        "the broker answered packet identifier {packet_id} with {found}, where {expected} is due"
    )]
    WrongAcknowledgement {
        /// Which exchange.
        packet_id: PacketId,
        /// What was due.
        expected: PacketType,
        /// What came.
        found: PacketType,
    },
    /// More or fewer codes than there were topic filters.
    #[error("the broker answered {expected} topic filters with {found} reason codes in {packet}")]
    ReasonCodeCount {
        /// SUBACK or UNSUBACK.
        packet: PacketType,
        /// How many filters there were.
        expected: usize,
        /// How many codes came.
        found: usize,
    },
    /// A granted QoS above the one that was asked for.
    #[error("the broker granted a QoS above the one that was asked for")]
    GrantedQosTooHigh,
    /// More open messages than the receive maximum that the client announced.
    #[error("the broker sent more than the {maximum} messages that may be open at once")]
    ReceiveMaximumExceeded {
        /// The receive maximum of the client.
        maximum: u16,
    },
    /// A topic alias above the maximum that the client announced, or one that stands for nothing.
    #[error("the broker used topic alias {alias}, and the highest that is allowed is {maximum}")]
    TopicAliasInvalid {
        /// The alias.
        alias: u16,
        /// The topic alias maximum of the client.
        maximum: u16,
    },
    /// A reason string or user property although the client asked for none.
    #[error(
        "the broker sent a reason string or user property in {packet}, which the client declined"
    )]
    UnwantedProblemInformation {
        /// In which packet.
        packet: PacketType,
    },
}

impl Violation {
    /// The statement that was broken, such as `MQTT-3.2.0-2`; where no numbered statement says it,
    /// the section that does. [`ConnectionLost::statement`](crate::ConnectionLost::statement) knows
    /// the version.
    pub const fn statement(&self, version: Version) -> &'static str {
        match (self, version) {
            (Self::ClientPacket { .. }, _) => "2.1.2",
            (Self::BeforeConnack { .. }, _) => "MQTT-3.2.0-1",
            (Self::SecondConnack, Version::V5) => "MQTT-3.2.0-2",
            (Self::SecondConnack, Version::V311) => "MQTT-3.2.0-1",
            (Self::SessionPresentWithoutState, Version::V5) => "MQTT-3.2.2-4",
            (Self::SessionPresentWithoutState, Version::V311) => "MQTT-3.2.2-3",
            (Self::DisconnectInV311, _) => "3.14",
            (Self::DisconnectReasonOfClient { .. }, _) => "MQTT-3.14.2-1",
            (Self::SessionExpiryInDisconnect, _) => "MQTT-3.14.2-2",
            (Self::UnexpectedAuth | Self::UnexpectedAuthenticationMethod, _) => "MQTT-4.12.0-6",
            (Self::WrongAcknowledgement { found, .. }, version) => match (found, version) {
                (PacketType::Suback | PacketType::Unsuback, Version::V5) => "MQTT-2.2.1-6",
                (PacketType::Suback | PacketType::Unsuback, Version::V311) => "MQTT-2.3.1-7",
                (_, Version::V5) => "MQTT-2.2.1-5",
                (_, Version::V311) => "MQTT-2.3.1-6",
            },
            (
                Self::ReasonCodeCount {
                    packet: PacketType::Unsuback,
                    ..
                },
                _,
            ) => "MQTT-3.11.3-1",
            (Self::ReasonCodeCount { .. }, Version::V5) => "MQTT-3.8.4-6",
            (Self::ReasonCodeCount { .. }, Version::V311) => "MQTT-3.8.4-5",
            (Self::GrantedQosTooHigh, Version::V5) => "MQTT-3.8.4-7",
            (Self::GrantedQosTooHigh, Version::V311) => "MQTT-3.8.4-5",
            (Self::ReceiveMaximumExceeded { .. }, _) => "MQTT-3.3.4-9",
            (Self::TopicAliasInvalid { .. }, _) => "MQTT-3.3.2-11",
            (Self::UnwantedProblemInformation { .. }, _) => "MQTT-3.1.2-29",
        }
    }

    /// What the broker is told in the DISCONNECT before the connection is closed.
    pub const fn reason_code(&self) -> DisconnectReason {
        match self {
            Self::ReceiveMaximumExceeded { .. } => DisconnectReason::ReceiveMaximumExceeded,
            Self::TopicAliasInvalid { .. } => DisconnectReason::TopicAliasInvalid,
            _ => DisconnectReason::ProtocolError,
        }
    }
}

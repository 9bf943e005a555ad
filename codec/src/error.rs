//! What is wrong with bytes that came, or with a packet that should go: what, where, by which
//! statement of the standard, and what a peer should be told.

use crate::properties::section;
use crate::wire::Fault;
use crate::{PacketType, PropertyId, PropertyOwner, ReasonCode, TopicError, Version};

/// Bytes that are not a packet of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at byte {offset} of {}", packet_name(*.packet))]
pub struct DecodeError {
    kind: DecodeErrorKind,
    offset: usize,
    packet: Option<PacketType>,
    version: Version,
}

fn packet_name(packet: Option<PacketType>) -> &'static str {
    packet.map_or("a packet", PacketType::name)
}

impl DecodeError {
    #[cold]
    pub(crate) const fn new(fault: Fault, packet: Option<PacketType>, version: Version) -> Self {
        Self {
            kind: fault.kind,
            offset: fault.offset,
            packet,
            version,
        }
    }

    /// What is wrong.
    pub const fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Where it is wrong, in bytes from the first byte of the packet.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// In which packet; `None` where not even that can be said.
    pub const fn packet(&self) -> Option<PacketType> {
        self.packet
    }

    /// By whose rules.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The statement that is broken, such as `MQTT-2.1.3-1`; where no numbered statement says it,
    /// the section that does, such as `2.2.2.2`.
    pub const fn statement(&self) -> &'static str {
        self.kind.statement(self.version, self.packet)
    }

    /// What a peer should be told before the connection is closed (section 4.13).
    pub const fn reason_code(&self) -> ReasonCode {
        self.kind.reason_code(self.version)
    }
}

/// What can be wrong with the bytes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// A packet type that the version does not have: 0, and 15 (AUTH) in 3.1.1.
    #[error("packet type {value} does not exist")]
    UnknownPacketType {
        /// The upper four bits of the first byte.
        value: u8,
    },
    /// The lower four bits of the first byte are not those of the packet type.
    #[error("the flags of the fixed header are {found:#06b} and must be {expected:#06b}")]
    InvalidFlags {
        /// What the standard demands.
        expected: u8,
        /// What came.
        found: u8,
    },
    /// A QoS of 3.
    #[error("QoS 3 does not exist")]
    InvalidQos,
    /// A QoS 0 PUBLISH that claims to be a repeat.
    #[error("DUP is set on a QoS 0 message")]
    DupOnQos0,
    /// A variable byte integer that goes on after its fourth byte.
    #[error("a variable byte integer has more than four bytes")]
    VarIntTooLong,
    /// A variable byte integer that could have been shorter.
    #[error("a variable byte integer is not in its shortest form")]
    VarIntNotMinimal,
    /// A packet larger than the receiver accepts; known from its fixed header alone.
    #[error("the packet has {size} bytes, and at most {maximum} are accepted")]
    PacketTooLarge {
        /// The size of the whole packet in bytes.
        size: u32,
        /// The limit in bytes.
        maximum: u32,
    },
    /// The packet, or the part of it that holds the field, ends too early.
    #[error("the {field} is cut off")]
    Truncated {
        /// What was to be read.
        field: &'static str,
    },
    /// Bytes behind the last field.
    #[error("bytes are left behind the last field: {count}")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A string that is not well-formed UTF-8.
    #[error("a string is not well-formed UTF-8")]
    InvalidUtf8,
    /// U+0000 in a string.
    #[error("a string holds U+0000")]
    NulCharacter,
    /// `+` or `#` where a topic name is meant.
    #[error("a topic name holds a wildcard")]
    WildcardInTopicName,
    /// `+` or `#` in a response topic.
    #[error("a response topic holds a wildcard")]
    WildcardInResponseTopic,
    /// A topic name without any character.
    #[error("a topic name is empty")]
    EmptyTopicName,
    /// An empty topic name, and no topic alias to stand for it.
    #[error("the topic name is empty and there is no topic alias")]
    TopicMissing,
    /// A topic filter that is none.
    #[error("a topic filter is wrong: {0}")]
    InvalidTopicFilter(TopicError),
    /// A packet identifier of zero.
    #[error("the packet identifier is 0")]
    PacketIdZero,
    /// A property identifier that is not in the table.
    #[error("property 0x{id:02X} does not exist")]
    UnknownProperty {
        /// The number.
        id: u32,
    },
    /// A property that belongs to other packets.
    #[error("the {id} does not belong into {owner}")]
    MisplacedProperty {
        /// Which property.
        id: PropertyId,
        /// What carries it.
        owner: PropertyOwner,
    },
    /// A property that may be there once, and is there again.
    #[error("the {id} is there twice")]
    RepeatedProperty {
        /// Which property.
        id: PropertyId,
    },
    /// A value that the standard does not allow for the property.
    #[error("the {id} must not be {value}")]
    PropertyOutOfRange {
        /// Which property.
        id: PropertyId,
        /// The value.
        value: u32,
    },
    /// Authentication data in a CONNECT without the method that would say what it is.
    #[error("there is authentication data without an authentication method")]
    AuthenticationDataWithoutMethod,
    /// An AUTH without an authentication method.
    #[error("there is no authentication method")]
    AuthenticationMethodMissing,
    /// A reason code or return code that the packet may not carry.
    #[error("0x{code:02X} is not a code that this packet may carry")]
    UnknownReason {
        /// The number.
        code: u8,
    },
    /// A protocol name other than `MQTT`.
    #[error("the protocol name is not `MQTT`")]
    InvalidProtocolName,
    /// A protocol level other than 4 and 5.
    #[error("protocol version {level} is not supported")]
    UnsupportedProtocolVersion {
        /// The protocol level byte.
        level: u8,
    },
    /// The lowest bit of the connect flags is set.
    #[error("the reserved connect flag is set")]
    ReservedConnectFlag,
    /// A will QoS above 0 without a will.
    #[error("a will QoS is set without a will")]
    WillQosWithoutWill,
    /// Will retain without a will.
    #[error("will retain is set without a will")]
    WillRetainWithoutWill,
    /// A password without a user name, which 3.1.1 forbids.
    #[error("there is a password without a user name")]
    PasswordWithoutUserName,
    /// Reserved bits of the connect acknowledge flags are set.
    #[error(
        "the connect acknowledge flags are {found:#010b}, of which only the lowest bit may be set"
    )]
    ReservedConnackFlags {
        /// The whole byte.
        found: u8,
    },
    /// A refusal that claims that there is a session.
    #[error("session present is set on a refusal")]
    SessionPresentOnRefusal,
    /// Reserved bits, QoS 3 or retain handling 3 in the options of a subscription.
    #[error("the subscription options are {found:#010b}")]
    InvalidSubscriptionOptions {
        /// The whole byte.
        found: u8,
    },
    /// No local on a shared subscription.
    #[error("no local is set on a shared subscription")]
    NoLocalOnShared,
    /// A SUBSCRIBE or UNSUBSCRIBE without a topic filter.
    #[error("there is no topic filter")]
    NoTopicFilter,
    /// A SUBACK or UNSUBACK without a reason code.
    #[error("there is no reason code")]
    NoReasonCode,
}

/// The reserved bits of the options of a subscription in MQTT 5.0.
const RESERVED_OPTIONS: u8 = 0b1100_0000;

impl DecodeErrorKind {
    const fn reason_code(self, version: Version) -> ReasonCode {
        match self {
            Self::PacketTooLarge { .. } => ReasonCode::PacketTooLarge,
            // [MQTT-3.1.2-1], [MQTT-3.1.2-2]
            Self::InvalidProtocolName | Self::UnsupportedProtocolVersion { .. } => {
                ReasonCode::UnsupportedProtocolVersion
            }
            Self::PropertyOutOfRange {
                id: PropertyId::TopicAlias,
                ..
            } => ReasonCode::TopicAliasInvalid,
            Self::WildcardInTopicName => ReasonCode::TopicNameInvalid,
            // Section 3.8.3.1: QoS 3 and retain handling 3 are protocol errors, a reserved bit makes
            // the packet malformed. In 3.1.1 all of it is malformed.
            Self::InvalidSubscriptionOptions { found }
                if matches!(version, Version::V5) && found & RESERVED_OPTIONS == 0 =>
            {
                ReasonCode::ProtocolError
            }
            Self::DupOnQos0
            | Self::WildcardInResponseTopic
            | Self::EmptyTopicName
            | Self::TopicMissing
            | Self::InvalidTopicFilter(_)
            | Self::PacketIdZero
            | Self::RepeatedProperty { .. }
            | Self::PropertyOutOfRange { .. }
            | Self::AuthenticationDataWithoutMethod
            | Self::AuthenticationMethodMissing
            | Self::UnknownReason { .. }
            | Self::PasswordWithoutUserName
            | Self::SessionPresentOnRefusal
            | Self::NoLocalOnShared
            | Self::NoTopicFilter
            | Self::NoReasonCode => ReasonCode::ProtocolError,
            Self::UnknownPacketType { .. }
            | Self::InvalidFlags { .. }
            | Self::InvalidQos
            | Self::VarIntTooLong
            | Self::VarIntNotMinimal
            | Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::InvalidUtf8
            | Self::NulCharacter
            // Section 2.2.2.2: an identifier that is not valid for its packet type.
            | Self::UnknownProperty { .. }
            | Self::MisplacedProperty { .. }
            | Self::ReservedConnectFlag
            | Self::WillQosWithoutWill
            | Self::WillRetainWithoutWill
            | Self::ReservedConnackFlags { .. }
            | Self::InvalidSubscriptionOptions { .. } => ReasonCode::MalformedPacket,
        }
    }

    const fn statement(self, version: Version, packet: Option<PacketType>) -> &'static str {
        match version {
            Version::V5 => self.statement_v5(packet),
            Version::V311 => self.statement_v311(packet),
        }
    }

    const fn statement_v5(self, packet: Option<PacketType>) -> &'static str {
        match self {
            Self::UnknownPacketType { .. } => "2.1.2",
            Self::InvalidFlags { .. } => match packet {
                Some(PacketType::Pubrel) => "MQTT-3.6.1-1",
                Some(PacketType::Subscribe) => "MQTT-3.8.1-1",
                Some(PacketType::Unsubscribe) => "MQTT-3.10.1-1",
                Some(PacketType::Disconnect) => "MQTT-3.14.1-1",
                Some(PacketType::Auth) => "MQTT-3.15.1-1",
                _ => "MQTT-2.1.3-1",
            },
            Self::InvalidQos => match packet {
                Some(PacketType::Connect) => "MQTT-3.1.2-12",
                _ => "MQTT-3.3.1-4",
            },
            Self::DupOnQos0 => "MQTT-3.3.1-2",
            Self::VarIntTooLong | Self::VarIntNotMinimal => "MQTT-1.5.5-1",
            // The receiver that speaks is the client for what servers send, and the other way
            // round for what clients send; PUBLISH goes both ways, and the suite is about clients.
            Self::PacketTooLarge { .. } => "MQTT-3.1.2-24",
            Self::Truncated { .. } | Self::TrailingBytes { .. } => "4.13.1",
            Self::InvalidUtf8 => "MQTT-1.5.4-1",
            Self::NulCharacter => "MQTT-1.5.4-2",
            Self::WildcardInTopicName => match packet {
                Some(PacketType::Publish) => "MQTT-3.3.2-2",
                _ => "MQTT-4.7.0-1",
            },
            Self::WildcardInResponseTopic => "MQTT-3.3.2-14",
            Self::EmptyTopicName => "MQTT-4.7.3-1",
            Self::TopicMissing => "3.3.2.1",
            Self::InvalidTopicFilter(error) => error.statement(Version::V5),
            Self::PacketIdZero => match packet {
                Some(PacketType::Subscribe | PacketType::Unsubscribe) => "MQTT-2.2.1-3",
                Some(PacketType::Publish) => "MQTT-2.2.1-4",
                Some(PacketType::Suback | PacketType::Unsuback) => "MQTT-2.2.1-6",
                _ => "MQTT-2.2.1-5",
            },
            Self::PropertyOutOfRange {
                id: PropertyId::TopicAlias,
                ..
            } => "MQTT-3.3.2-8",
            Self::UnknownProperty { .. } | Self::MisplacedProperty { .. } => "2.2.2.2",
            Self::RepeatedProperty { id } | Self::PropertyOutOfRange { id, .. } => match packet {
                Some(packet) => section(id, packet),
                None => "2.2.2.2",
            },
            Self::AuthenticationDataWithoutMethod => "3.1.2.11.10",
            Self::AuthenticationMethodMissing => "3.15.2.2.2",
            Self::UnknownReason { .. } => match packet {
                Some(PacketType::Connack) => "MQTT-3.2.2-8",
                Some(PacketType::Puback) => "MQTT-3.4.2-1",
                Some(PacketType::Pubrec) => "MQTT-3.5.2-1",
                Some(PacketType::Pubrel) => "MQTT-3.6.2-1",
                Some(PacketType::Pubcomp) => "MQTT-3.7.2-1",
                Some(PacketType::Suback) => "MQTT-3.9.3-2",
                Some(PacketType::Unsuback) => "MQTT-3.11.3-2",
                Some(PacketType::Auth) => "MQTT-3.15.2-1",
                _ => "MQTT-3.14.2-1",
            },
            Self::InvalidProtocolName => "MQTT-3.1.2-1",
            Self::UnsupportedProtocolVersion { .. } => "MQTT-3.1.2-2",
            Self::ReservedConnectFlag => "MQTT-3.1.2-3",
            Self::WillQosWithoutWill => "MQTT-3.1.2-11",
            Self::WillRetainWithoutWill => "MQTT-3.1.2-13",
            // Only 3.1.1 forbids it, so it is never found in MQTT 5.0.
            Self::PasswordWithoutUserName => "3.1.2.9",
            Self::ReservedConnackFlags { .. } => "MQTT-3.2.2-1",
            Self::SessionPresentOnRefusal => "MQTT-3.2.2-6",
            Self::InvalidSubscriptionOptions { found } if found & RESERVED_OPTIONS == 0 => {
                "3.8.3.1"
            }
            Self::InvalidSubscriptionOptions { .. } => "MQTT-3.8.3-5",
            Self::NoLocalOnShared => "MQTT-3.8.3-4",
            Self::NoTopicFilter => match packet {
                Some(PacketType::Unsubscribe) => "MQTT-3.10.3-2",
                _ => "MQTT-3.8.3-2",
            },
            Self::NoReasonCode => match packet {
                Some(PacketType::Unsuback) => "MQTT-3.11.3-1",
                _ => "MQTT-3.8.4-6",
            },
        }
    }

    const fn statement_v311(self, packet: Option<PacketType>) -> &'static str {
        match self {
            Self::UnknownPacketType { .. } => "2.2.1",
            Self::InvalidFlags { .. } => match packet {
                Some(PacketType::Pubrel) => "MQTT-3.6.1-1",
                Some(PacketType::Subscribe) => "MQTT-3.8.1-1",
                Some(PacketType::Unsubscribe) => "MQTT-3.10.1-1",
                Some(PacketType::Disconnect) => "MQTT-3.14.1-1",
                _ => "MQTT-2.2.2-2",
            },
            Self::InvalidQos => match packet {
                Some(PacketType::Connect) => "MQTT-3.1.2-14",
                _ => "MQTT-3.3.1-4",
            },
            Self::DupOnQos0 => "MQTT-3.3.1-2",
            Self::VarIntTooLong | Self::VarIntNotMinimal | Self::PacketTooLarge { .. } => "2.2.3",
            Self::InvalidUtf8 => "MQTT-1.5.3-1",
            Self::NulCharacter => "MQTT-1.5.3-2",
            Self::WildcardInTopicName => match packet {
                Some(PacketType::Publish) => "MQTT-3.3.2-2",
                _ => "MQTT-4.7.1-1",
            },
            Self::EmptyTopicName | Self::TopicMissing => "MQTT-4.7.3-1",
            Self::InvalidTopicFilter(error) => error.statement(Version::V311),
            Self::PacketIdZero => match packet {
                Some(PacketType::Suback | PacketType::Unsuback) => "MQTT-2.3.1-7",
                Some(PacketType::Publish | PacketType::Subscribe | PacketType::Unsubscribe) => {
                    "MQTT-2.3.1-1"
                }
                _ => "MQTT-2.3.1-6",
            },
            Self::UnknownReason { .. } => match packet {
                Some(PacketType::Suback) => "MQTT-3.9.3-2",
                _ => "3.2.2.3",
            },
            Self::InvalidProtocolName => "MQTT-3.1.2-1",
            Self::UnsupportedProtocolVersion { .. } => "MQTT-3.1.2-2",
            Self::ReservedConnectFlag => "MQTT-3.1.2-3",
            Self::WillQosWithoutWill => "MQTT-3.1.2-13",
            Self::WillRetainWithoutWill => "MQTT-3.1.2-15",
            Self::PasswordWithoutUserName => "MQTT-3.1.2-22",
            Self::ReservedConnackFlags { .. } => "3.2.2.1",
            Self::SessionPresentOnRefusal => "MQTT-3.2.2-4",
            Self::InvalidSubscriptionOptions { .. } => "MQTT-3.8.3-4",
            Self::NoTopicFilter => match packet {
                Some(PacketType::Unsubscribe) => "MQTT-3.10.3-2",
                _ => "MQTT-3.8.3-3",
            },
            Self::NoReasonCode => "MQTT-3.8.4-5",
            // What 3.1.1 does not have cannot be wrong in it; what is left has no number of its own.
            Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::WildcardInResponseTopic
            | Self::UnknownProperty { .. }
            | Self::MisplacedProperty { .. }
            | Self::RepeatedProperty { .. }
            | Self::PropertyOutOfRange { .. }
            | Self::AuthenticationDataWithoutMethod
            | Self::AuthenticationMethodMissing
            | Self::NoLocalOnShared => "MQTT-4.8.0-1",
        }
    }
}

/// A packet that cannot be said on the wire of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The version does not have it.
    #[error("MQTT 3.1.1 has no {what}")]
    NotInV311 {
        /// What 3.1.1 lacks.
        what: &'static str,
    },
    /// The packet says that it is of another version.
    #[error("the CONNECT says {connect}, and is to be encoded as {asked}")]
    VersionMismatch {
        /// What the packet says.
        connect: Version,
        /// What was asked for.
        asked: Version,
    },
    /// More bytes than the remaining length can say.
    #[error(
        "the packet has {remaining_length} bytes behind its fixed header, and MQTT frames at most 268435455"
    )]
    PacketTooLarge {
        /// How many there would be.
        remaining_length: usize,
    },
    /// A QoS 1 or 2 message without a packet identifier (`[MQTT-2.2.1-3]`).
    #[error("a message above QoS 0 needs a packet identifier")]
    PacketIdMissing,
    /// A QoS 0 message with a packet identifier (`[MQTT-2.2.1-2]`).
    #[error("a QoS 0 message has no packet identifier")]
    PacketIdOnQos0,
    /// A QoS 0 message that claims to be a repeat (`[MQTT-3.3.1-2]`).
    #[error("DUP cannot be set on a QoS 0 message")]
    DupOnQos0,
    /// Neither a topic name nor a topic alias.
    #[error("a message needs a topic name or a topic alias")]
    TopicMissing,
    /// A property that belongs to other packets.
    #[error("the {id} does not belong into {owner}")]
    MisplacedProperty {
        /// Which property.
        id: PropertyId,
        /// What carries it.
        owner: PropertyOwner,
    },
    /// A SUBSCRIBE with more than one subscription identifier.
    #[error("the {id} is there twice")]
    RepeatedProperty {
        /// Which property.
        id: PropertyId,
    },
    /// A SUBSCRIBE or UNSUBSCRIBE without a topic filter (`[MQTT-3.8.3-2]`, `[MQTT-3.10.3-2]`).
    #[error("there is no topic filter")]
    NoTopicFilter,
    /// A SUBACK or UNSUBACK without a reason code (`[MQTT-3.8.4-6]`, `[MQTT-3.11.3-1]`).
    #[error("there is no reason code")]
    NoReasonCode,
    /// A shared subscription that is not complete (`[MQTT-4.8.2-1]`).
    #[error("a topic filter is wrong: {0}")]
    InvalidTopicFilter(TopicError),
    /// No local on a shared subscription (`[MQTT-3.8.3-4]`).
    #[error("no local cannot be set on a shared subscription")]
    NoLocalOnShared,
    /// A password without a user name, which 3.1.1 forbids (`[MQTT-3.1.2-22]`).
    #[error("MQTT 3.1.1 has no password without a user name")]
    PasswordWithoutUserName,
    /// A refusal that claims that there is a session (`[MQTT-3.2.2-6]`).
    #[error("session present cannot be set on a refusal")]
    SessionPresentOnRefusal,
    /// Authentication data in a CONNECT without an authentication method.
    #[error("authentication data needs an authentication method")]
    AuthenticationDataWithoutMethod,
    /// An AUTH without an authentication method.
    #[error("AUTH needs an authentication method")]
    AuthenticationMethodMissing,
}

//! The table of properties (table 2-4): identifier, name, value, and where each is allowed.

use crate::{Binary, PacketType, QoS, Text, TopicName};

/// What carries properties: a packet, or the will inside CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
pub enum PropertyOwner {
    /// A packet of this type.
    Packet(PacketType),
    /// The will of a CONNECT.
    Will,
}

impl std::fmt::Display for PropertyOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Packet(packet) => packet.fmt(f),
            Self::Will => f.write_str("a will"),
        }
    }
}

/// The owners as bits, for the table below.
mod owner {
    use super::{PacketType, PropertyOwner};

    pub(super) const WILL: u16 = 1;
    pub(super) const CONNECT: u16 = of(PacketType::Connect);
    pub(super) const CONNACK: u16 = of(PacketType::Connack);
    pub(super) const PUBLISH: u16 = of(PacketType::Publish);
    pub(super) const SUBSCRIBE: u16 = of(PacketType::Subscribe);
    pub(super) const DISCONNECT: u16 = of(PacketType::Disconnect);
    pub(super) const AUTH: u16 = of(PacketType::Auth);
    pub(super) const ACKS: u16 = of(PacketType::Puback)
        | of(PacketType::Pubrec)
        | of(PacketType::Pubrel)
        | of(PacketType::Pubcomp)
        | of(PacketType::Suback)
        | of(PacketType::Unsuback);
    pub(super) const ANY: u16 = WILL
        | CONNECT
        | CONNACK
        | PUBLISH
        | ACKS
        | SUBSCRIBE
        | of(PacketType::Unsubscribe)
        | DISCONNECT
        | AUTH;

    const fn of(packet: PacketType) -> u16 {
        1 << packet as u8
    }

    pub(super) const fn bit(owner: PropertyOwner) -> u16 {
        match owner {
            PropertyOwner::Will => WILL,
            PropertyOwner::Packet(packet) => of(packet),
        }
    }
}

macro_rules! properties {
    ($($(#[$doc:meta])* $id:literal $name:ident($($value:ty),+) $text:literal in $owners:expr;)*) => {
        /// The identifier of a property.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
        #[repr(u8)]
        pub enum PropertyId {
            $($(#[$doc])* $name = $id,)*
        }

        impl PropertyId {
            /// Every identifier, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The identifier of this number, if the table has it.
            #[inline]
            pub const fn from_u8(id: u8) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The standard's name in lower case.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            const fn owners(self) -> u16 {
                match self {
                    $(Self::$name => $owners,)*
                }
            }
        }

        /// A property with its value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
        // With the numbers of the identifiers, so that `id` looks nothing up.
        #[repr(u8)]
        pub enum Property<'a> {
            $($(#[$doc])* $name($($value),+) = $id,)*
        }

        impl Property<'_> {
            /// Which property this is.
            #[inline]
            pub const fn id(&self) -> PropertyId {
                match self {
                    $(Self::$name(..) => PropertyId::$name,)*
                }
            }
        }
    };
}

properties! {
    /// Whether the payload is UTF-8 text.
    0x01 PayloadFormatIndicator(bool) "payload format indicator" in owner::PUBLISH | owner::WILL;
    /// For how many seconds the message is of use.
    0x02 MessageExpiryInterval(u32) "message expiry interval" in owner::PUBLISH | owner::WILL;
    /// What the payload is.
    0x03 ContentType(Text<&'a str>) "content type" in owner::PUBLISH | owner::WILL;
    /// Where an answer is expected (`[MQTT-3.3.2-14]`: no wildcards).
    0x08 ResponseTopic(TopicName<&'a str>) "response topic" in owner::PUBLISH | owner::WILL;
    /// What an answer is to be marked with.
    0x09 CorrelationData(Binary<&'a [u8]>) "correlation data" in owner::PUBLISH | owner::WILL;
    /// The number of a subscription, 1 to 268,435,455.
    0x0B SubscriptionIdentifier(u32) "subscription identifier" in owner::PUBLISH | owner::SUBSCRIBE;
    /// For how many seconds the session outlives the connection.
    0x11 SessionExpiryInterval(u32) "session expiry interval" in owner::CONNECT | owner::CONNACK | owner::DISCONNECT;
    /// The client identifier that the server chose.
    0x12 AssignedClientIdentifier(Text<&'a str>) "assigned client identifier" in owner::CONNACK;
    /// The keep alive, in seconds, that the server demands.
    0x13 ServerKeepAlive(u16) "server keep alive" in owner::CONNACK;
    /// The method of an enhanced authentication.
    0x15 AuthenticationMethod(Text<&'a str>) "authentication method" in owner::CONNECT | owner::CONNACK | owner::AUTH;
    /// What the authentication method has to say.
    0x16 AuthenticationData(Binary<&'a [u8]>) "authentication data" in owner::CONNECT | owner::CONNACK | owner::AUTH;
    /// Whether the client wants reason strings and user properties on all packets.
    0x17 RequestProblemInformation(bool) "request problem information" in owner::CONNECT;
    /// For how many seconds the server waits before it publishes the will.
    0x18 WillDelayInterval(u32) "will delay interval" in owner::WILL;
    /// Whether the client asks for response information.
    0x19 RequestResponseInformation(bool) "request response information" in owner::CONNECT;
    /// From what the client may make response topics.
    0x1A ResponseInformation(Text<&'a str>) "response information" in owner::CONNACK;
    /// Which server to use instead.
    0x1C ServerReference(Text<&'a str>) "server reference" in owner::CONNACK | owner::DISCONNECT;
    /// What the sender says about its reason code, for people.
    0x1F ReasonString(Text<&'a str>) "reason string" in owner::CONNACK | owner::ACKS | owner::DISCONNECT | owner::AUTH;
    /// How many QoS 1 and 2 messages may be open at once, 1 to 65,535.
    0x21 ReceiveMaximum(u16) "receive maximum" in owner::CONNECT | owner::CONNACK;
    /// The highest topic alias that is accepted.
    0x22 TopicAliasMaximum(u16) "topic alias maximum" in owner::CONNECT | owner::CONNACK;
    /// The number that stands for the topic, 1 to 65,535 (`[MQTT-3.3.2-8]`).
    0x23 TopicAlias(u16) "topic alias" in owner::PUBLISH;
    /// The highest QoS that the server supports: 0 or 1.
    0x24 MaximumQos(QoS) "maximum QoS" in owner::CONNACK;
    /// Whether the server has retained messages.
    0x25 RetainAvailable(bool) "retain available" in owner::CONNACK;
    /// A name and a value of the applications' own.
    0x26 UserProperty(Text<&'a str>, Text<&'a str>) "user property" in owner::ANY;
    /// The size of the largest packet that is accepted, in bytes, at least 1.
    0x27 MaximumPacketSize(u32) "maximum packet size" in owner::CONNECT | owner::CONNACK;
    /// Whether the server has wildcard subscriptions.
    0x28 WildcardSubscriptionAvailable(bool) "wildcard subscription available" in owner::CONNACK;
    /// Whether the server has subscription identifiers.
    0x29 SubscriptionIdentifierAvailable(bool) "subscription identifier available" in owner::CONNACK;
    /// Whether the server has shared subscriptions.
    0x2A SharedSubscriptionAvailable(bool) "shared subscription available" in owner::CONNACK;
}

impl PropertyId {
    /// Whether packets of this kind may carry it.
    pub const fn allowed_in(self, owner: PropertyOwner) -> bool {
        self.owners() & owner::bit(owner) != 0
    }

    /// Whether one packet may carry it more than once.
    pub const fn may_repeat_in(self, owner: PropertyOwner) -> bool {
        owner.repeatable() & self.bit() != 0
    }

    #[inline]
    pub(super) const fn bit(self) -> u64 {
        1 << self as u8
    }
}

impl std::fmt::Display for PropertyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl PropertyOwner {
    /// The bits of the identifiers that may be there more than once.
    #[inline]
    pub(super) const fn repeatable(self) -> u64 {
        let identifiers = match self {
            Self::Packet(PacketType::Publish) => PropertyId::SubscriptionIdentifier.bit(),
            _ => 0,
        };
        identifiers | PropertyId::UserProperty.bit()
    }

    /// The bits of the identifiers that this owner may carry.
    #[inline]
    pub(super) const fn allowed(self) -> u64 {
        const ALLOWED: [u64; 16] = {
            let mut table = [0; 16];
            let mut owner = 0;
            while owner < 16 {
                let mut index = 0;
                while index < PropertyId::ALL.len() {
                    let id = PropertyId::ALL[index];
                    if id.owners() & (1 << owner) != 0 {
                        table[owner] |= id.bit();
                    }
                    index += 1;
                }
                owner += 1;
            }
            table
        };
        match self {
            Self::Will => ALLOWED[0],
            Self::Packet(packet) => ALLOWED[packet as usize & 15],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_an_owner_are_those_of_the_table() {
        let owners = PacketType::ALL.iter().copied().map(PropertyOwner::Packet);
        for owner in owners.chain([PropertyOwner::Will]) {
            for id in PropertyId::ALL {
                assert_eq!(
                    owner.allowed() & id.bit() != 0,
                    id.allowed_in(owner),
                    "{id} in {owner}"
                );
            }
        }
    }

    #[test]
    fn pings_carry_nothing() {
        assert_eq!(PropertyOwner::Packet(PacketType::Pingreq).allowed(), 0);
        assert_eq!(PropertyOwner::Packet(PacketType::Pingresp).allowed(), 0);
    }
}

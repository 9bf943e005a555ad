//! The fifteen control packets, a file a packet: its type, and its body in both versions.

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod list;
mod publish;
mod suback;
mod subscribe;
mod unsuback;
mod unsubscribe;
mod will;

pub use ack::{Puback, Pubcomp, Pubrec, Pubrel};
pub use auth::Auth;
pub use connack::Connack;
pub use connect::Connect;
pub use disconnect::Disconnect;
pub use list::{List, ListIter};
pub use publish::Publish;
pub use suback::Suback;
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions};
pub use unsuback::Unsuback;
pub use unsubscribe::Unsubscribe;
pub use will::Will;

use std::fmt;

/// The type of a control packet (table 2-1), with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
#[repr(u8)]
pub enum PacketType {
    /// Client to server: connection request.
    Connect = 1,
    /// Server to client: connect acknowledgment.
    Connack = 2,
    /// Both ways: a message.
    Publish = 3,
    /// Both ways: QoS 1 acknowledgment.
    Puback = 4,
    /// Both ways: message received, QoS 2 part 1.
    Pubrec = 5,
    /// Both ways: message released, QoS 2 part 2.
    Pubrel = 6,
    /// Both ways: message complete, QoS 2 part 3.
    Pubcomp = 7,
    /// Client to server: subscribe request.
    Subscribe = 8,
    /// Server to client: subscribe acknowledgment.
    Suback = 9,
    /// Client to server: unsubscribe request.
    Unsubscribe = 10,
    /// Server to client: unsubscribe acknowledgment.
    Unsuback = 11,
    /// Client to server: ping request.
    Pingreq = 12,
    /// Server to client: ping response.
    Pingresp = 13,
    /// Both ways (3.1.1: client to server): disconnect notification.
    Disconnect = 14,
    /// Both ways, MQTT 5.0 only: authentication exchange.
    Auth = 15,
}

impl PacketType {
    /// Every type, lowest number first.
    pub const ALL: &'static [Self] = &[
        Self::Connect,
        Self::Connack,
        Self::Publish,
        Self::Puback,
        Self::Pubrec,
        Self::Pubrel,
        Self::Pubcomp,
        Self::Subscribe,
        Self::Suback,
        Self::Unsubscribe,
        Self::Unsuback,
        Self::Pingreq,
        Self::Pingresp,
        Self::Disconnect,
        Self::Auth,
    ];

    /// The type of this number, 1 to 15.
    pub fn from_u8(value: u8) -> Option<Self> {
        Self::ALL.get(usize::from(value).checked_sub(1)?).copied()
    }

    /// The name as the standard writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Connack => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::Puback => "PUBACK",
            Self::Pubrec => "PUBREC",
            Self::Pubrel => "PUBREL",
            Self::Pubcomp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::Suback => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Unsuback => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }

    /// The lower four bits of the first byte (table 2-2); those of PUBLISH vary.
    pub(crate) const fn flags(self) -> u8 {
        match self {
            Self::Pubrel | Self::Subscribe | Self::Unsubscribe => 0b0010,
            _ => 0,
        }
    }

    /// The first byte of a packet of this type; of a PUBLISH without its flags.
    #[inline]
    pub(crate) const fn first_byte(self) -> u8 {
        (self as u8) << 4 | self.flags()
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A control packet, borrowed from the buffer that it was read from or from the caller's values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
pub enum Packet<'a> {
    /// See [`Connect`]. Boxed: it is by far the largest, and comes once a connection.
    Connect(Box<Connect<'a>>),
    /// See [`Connack`].
    Connack(Connack<'a>),
    /// See [`Publish`].
    Publish(Publish<'a>),
    /// See [`Puback`].
    Puback(Puback<'a>),
    /// See [`Pubrec`].
    Pubrec(Pubrec<'a>),
    /// See [`Pubrel`].
    Pubrel(Pubrel<'a>),
    /// See [`Pubcomp`].
    Pubcomp(Pubcomp<'a>),
    /// See [`Subscribe`].
    Subscribe(Subscribe<'a>),
    /// See [`Suback`].
    Suback(Suback<'a>),
    /// See [`Unsubscribe`].
    Unsubscribe(Unsubscribe<'a>),
    /// See [`Unsuback`].
    Unsuback(Unsuback<'a>),
    /// The client is there.
    Pingreq,
    /// The server is there too.
    Pingresp,
    /// See [`Disconnect`].
    Disconnect(Disconnect<'a>),
    /// See [`Auth`].
    Auth(Auth<'a>),
}

impl Packet<'_> {
    /// The type of the packet.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::Connack(_) => PacketType::Connack,
            Self::Publish(_) => PacketType::Publish,
            Self::Puback(_) => PacketType::Puback,
            Self::Pubrec(_) => PacketType::Pubrec,
            Self::Pubrel(_) => PacketType::Pubrel,
            Self::Pubcomp(_) => PacketType::Pubcomp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::Suback(_) => PacketType::Suback,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::Unsuback(_) => PacketType::Unsuback,
            Self::Pingreq => PacketType::Pingreq,
            Self::Pingresp => PacketType::Pingresp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_fits_into_a_cache_line_and_a_half() {
        // Every packet moves through memory: performance rests on this staying small.
        assert!(size_of::<Packet<'_>>() <= 72, "{}", size_of::<Packet<'_>>());
    }

    #[test]
    fn types_and_numbers_map_both_ways() {
        for value in 0..=u8::MAX {
            let expected = (1..=15).contains(&value);
            assert_eq!(PacketType::from_u8(value).is_some(), expected);
        }
        for packet in PacketType::ALL {
            assert_eq!(PacketType::from_u8(*packet as u8), Some(*packet));
        }
    }
}

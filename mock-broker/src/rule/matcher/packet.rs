//! The matcher of one packet type, with what is asked of it.

use std::fmt;
use std::sync::Arc;

use nack_codec::{PacketType, Properties, Property, PropertyId, QoS, TopicFilter};

use super::Match;
use super::criterion::Criterion;
use crate::Received;
use crate::action::Reason;

/// Picks packets of one type, or of any, that fulfil all that is asked of them.
#[derive(Clone)]
#[must_use = "a matcher does nothing by itself"]
pub struct PacketMatcher {
    kind: Kind,
    criteria: Vec<Criterion>,
    nth: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Packet(PacketType),
    /// Whatever came, well formed or not.
    Any,
    /// What is not a packet.
    Malformed,
}

/// CONNECT.
pub const fn connect() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Connect))
}

/// PUBLISH.
pub const fn publish() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Publish))
}

/// PUBACK: the client's answer to a QoS 1 message.
pub const fn puback() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Puback))
}

/// PUBREC: the client's first answer to a QoS 2 message.
pub const fn pubrec() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pubrec))
}

/// PUBREL: the client lets go of its QoS 2 message.
pub const fn pubrel() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pubrel))
}

/// PUBCOMP: the client's last answer to a QoS 2 message.
pub const fn pubcomp() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pubcomp))
}

/// SUBSCRIBE.
pub const fn subscribe() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Subscribe))
}

/// UNSUBSCRIBE.
pub const fn unsubscribe() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Unsubscribe))
}

/// PINGREQ.
pub const fn pingreq() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pingreq))
}

/// DISCONNECT.
pub const fn disconnect() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Disconnect))
}

/// AUTH.
pub const fn auth() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Auth))
}

/// Whatever comes, well formed or not.
pub const fn any_packet() -> PacketMatcher {
    PacketMatcher::new(Kind::Any)
}

/// What is not a packet of the connection's version.
pub const fn malformed() -> PacketMatcher {
    PacketMatcher::new(Kind::Malformed)
}

impl PacketMatcher {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            criteria: Vec::new(),
            nth: None,
        }
    }

    /// Only from the client of this identifier.
    pub fn client(self, client_id: impl Into<String>) -> Self {
        self.with(Criterion::Client(client_id.into()))
    }

    /// Only on this connection; the first that a broker accepts is 1.
    pub fn connection(self, number: u32) -> Self {
        self.with(Criterion::Connection(number))
    }

    /// Only PUBLISH to a topic that this topic filter asks for.
    ///
    /// # Panics
    ///
    /// If the topic filter is not one.
    #[track_caller]
    pub fn topic(self, filter: &str) -> Self {
        match TopicFilter::try_from(filter) {
            Ok(filter) => self.with(Criterion::Topic(filter)),
            Err(error) => panic!("{filter:?} is not a topic filter: {error}"),
        }
    }

    /// Only SUBSCRIBE or UNSUBSCRIBE that has exactly this topic filter among its own.
    pub fn filter(self, filter: impl Into<String>) -> Self {
        self.with(Criterion::Filter(filter.into()))
    }

    /// Only PUBLISH of this QoS, or SUBSCRIBE that asks for this and nothing higher.
    pub fn qos(self, qos: QoS) -> Self {
        self.with(Criterion::Qos(qos))
    }

    /// Only with this packet identifier.
    pub fn packet_id(self, packet_id: u16) -> Self {
        self.with(Criterion::PacketId(packet_id))
    }

    /// Only acknowledgements, DISCONNECT and AUTH with this reason code.
    pub fn reason(self, reason: impl Into<Reason>) -> Self {
        self.with(Criterion::Reason(reason.into().code()))
    }

    /// Only PUBLISH with just this payload.
    pub fn payload(self, payload: impl AsRef<[u8]>) -> Self {
        self.with(Criterion::Payload(payload.as_ref().to_vec()))
    }

    /// Only PUBLISH with DUP set, or only without.
    pub fn dup(self, set: bool) -> Self {
        self.with(Criterion::Dup(set))
    }

    /// Only PUBLISH with RETAIN set, or only without.
    pub fn retain(self, set: bool) -> Self {
        self.with(Criterion::Retain(set))
    }

    /// Only with a property of this identifier.
    pub fn has_property(self, id: PropertyId) -> Self {
        self.with(Criterion::HasProperty(id))
    }

    /// Only with this property.
    ///
    /// # Panics
    ///
    /// If the value of the property is not one that a packet can have.
    #[track_caller]
    pub fn property(self, property: Property<'_>) -> Self {
        let mut properties = Properties::new();
        match properties.push(property) {
            Ok(()) => self.with(Criterion::Property(properties)),
            Err(error) => panic!("no packet has such a property: {error}"),
        }
    }

    /// Only with this user property.
    ///
    /// # Panics
    ///
    /// If name or value is not a string that MQTT can carry.
    #[track_caller]
    pub fn user_property(self, name: &str, value: &str) -> Self {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => self.property(Property::UserProperty(name, value)),
            (Err(error), _) | (_, Err(error)) => panic!("no packet has such a property: {error}"),
        }
    }

    /// Only where the closure says so.
    pub fn when(self, closure: impl Fn(&Received<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(Criterion::When(Arc::new(closure)))
    }

    /// Only the n-th of the packets that fulfil all the rest; the first is 1. A rule counts from
    /// when it is mounted, and counts packets that other rules answer too.
    pub const fn nth(mut self, nth: u32) -> Self {
        self.nth = Some(nth);
        self
    }

    fn with(mut self, criterion: Criterion) -> Self {
        self.criteria.push(criterion);
        self
    }

    fn is_of_kind(&self, received: &Received<'_>) -> bool {
        match self.kind {
            Kind::Packet(packet) => received.packet_type() == Some(packet),
            Kind::Any => true,
            Kind::Malformed => received.decode_error().is_some(),
        }
    }
}

impl Match for PacketMatcher {
    fn matches(&self, received: &Received<'_>) -> bool {
        self.is_of_kind(received)
            && self
                .criteria
                .iter()
                .all(|criterion| criterion.holds(received))
    }

    fn nth(&self) -> Option<u32> {
        self.nth
    }

    fn describe(&self) -> String {
        self.to_string()
    }

    fn misses(&self, received: &Received<'_>) -> Option<Vec<String>> {
        self.is_of_kind(received).then(|| {
            self.criteria
                .iter()
                .filter(|criterion| !criterion.holds(received))
                .map(|criterion| criterion.miss(received))
                .collect()
        })
    }
}

impl fmt::Display for PacketMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Packet(packet) => packet.fmt(f)?,
            Kind::Any => f.write_str("any packet")?,
            Kind::Malformed => f.write_str("a malformed packet")?,
        }
        for (index, criterion) in self.criteria.iter().enumerate() {
            let joint = if index == 0 { " with" } else { "," };
            write!(f, "{joint} {criterion}")?;
        }
        match self.nth {
            Some(nth) => write!(f, ", number {nth} of them"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PacketMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketMatcher({self})")
    }
}

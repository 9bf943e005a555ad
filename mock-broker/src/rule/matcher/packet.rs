//! The matcher of one packet type, with what is asked of it.

use std::fmt;
use std::sync::Arc;

use nack_codec::{PacketType, Properties, Property, PropertyId, QoS, TopicFilter, Version};

use super::criterion::Criterion;
use super::{Interest, Match, Turns};
use crate::action::Reason;
use crate::{Direction, Received};

/// Picks packets of one type, or of any, that fulfil all that is asked of them.
#[derive(Clone)]
#[must_use = "a matcher does nothing by itself"]
pub struct PacketMatcher {
    kind: Kind,
    /// `None`: whichever way it goes.
    direction: Option<Direction>,
    criteria: Vec<Criterion>,
    turns: Turns,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Packet(PacketType),
    /// Whatever came, well formed or not.
    Any,
    /// What is not a packet.
    Malformed,
    /// A connection, before anything came on it.
    Opened,
}

/// CONNECT.
pub const fn connect() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Connect))
}

/// CONNACK, to the client.
pub const fn connack() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Connack))
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

/// SUBACK, to the client.
pub const fn suback() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Suback))
}

/// UNSUBSCRIBE.
pub const fn unsubscribe() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Unsubscribe))
}

/// UNSUBACK, to the client.
pub const fn unsuback() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Unsuback))
}

/// PINGREQ.
pub const fn pingreq() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pingreq))
}

/// PINGRESP, to the client.
pub const fn pingresp() -> PacketMatcher {
    PacketMatcher::new(Kind::Packet(PacketType::Pingresp))
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

/// A connection that was opened, before anything came on it. What is asked of packets is not
/// fulfilled here.
pub const fn opened() -> PacketMatcher {
    PacketMatcher::new(Kind::Opened)
}

impl Kind {
    /// Which way it goes unless said otherwise.
    const fn direction(self) -> Direction {
        match self {
            Self::Packet(
                PacketType::Connack
                | PacketType::Suback
                | PacketType::Unsuback
                | PacketType::Pingresp,
            ) => Direction::ToClient,
            _ => Direction::FromClient,
        }
    }
}

impl PacketMatcher {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            direction: Some(kind.direction()),
            criteria: Vec::new(),
            turns: Turns::ALL,
        }
    }

    /// Only on its way to the client: what the [base behaviour](crate::Base) is about to send.
    ///
    /// What a rule sends is not judged by rules again. A message above QoS 0 that a rule drops on
    /// this way is one that was lost: the base behaviour has sent it, and sends it again when the
    /// session is resumed.
    pub const fn to_client(mut self) -> Self {
        self.direction = Some(Direction::ToClient);
        self
    }

    /// Only on its way from the client.
    pub const fn from_client(mut self) -> Self {
        self.direction = Some(Direction::FromClient);
        self
    }

    /// Whichever way it goes.
    pub const fn either_way(mut self) -> Self {
        self.direction = None;
        self
    }

    /// Only with the client of this identifier.
    pub fn client(self, client_id: impl Into<String>) -> Self {
        self.with(Criterion::Client(client_id.into()))
    }

    /// Only with clients whose identifier is like this: `*` stands for any characters, `?` for
    /// one.
    pub fn client_like(self, pattern: impl Into<String>) -> Self {
        self.with(Criterion::ClientLike(pattern.into()))
    }

    /// Only on this connection; the first that a broker accepts is 1.
    pub fn connection(self, number: u32) -> Self {
        self.with(Criterion::Connection(number))
    }

    /// Only on the n-th connection of the same client identifier; the first is 1.
    ///
    /// What has no identifier counts as one client. Of more than 100,000 identifiers not all are
    /// remembered.
    pub fn connection_of_client(self, nth: u32) -> Self {
        self.with(Criterion::ConnectionOfClient(nth))
    }

    /// Only on connections that speak this version; before a CONNECT, MQTT 5.0.
    pub fn version(self, version: Version) -> Self {
        self.with(Criterion::Version(version))
    }

    /// Only CONNECT with clean start (clean session), or only without.
    pub fn clean_start(self, set: bool) -> Self {
        self.with(Criterion::CleanStart(set))
    }

    /// Only CONNECT with a will, or only without.
    pub fn will(self, set: bool) -> Self {
        self.with(Criterion::Will(set))
    }

    /// Only CONNECT with this keep alive, in seconds.
    pub fn keep_alive(self, seconds: u16) -> Self {
        self.with(Criterion::KeepAlive(seconds))
    }

    /// Only CONNECT with this user name.
    pub fn user_name(self, name: impl Into<String>) -> Self {
        self.with(Criterion::UserName(Some(name.into())))
    }

    /// Only CONNECT without a user name.
    pub fn no_user_name(self) -> Self {
        self.with(Criterion::UserName(None))
    }

    /// Only CONNACK that says that there is a session, or only that says that there is none.
    pub fn session_present(self, set: bool) -> Self {
        self.with(Criterion::SessionPresent(set))
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

    /// Only CONNACK, acknowledgements, DISCONNECT and AUTH with this reason code; of several codes
    /// one suffices.
    pub fn reason(self, reason: impl Into<Reason>) -> Self {
        self.with(Criterion::Reason(reason.into()))
    }

    /// Only PUBLISH with just this payload.
    pub fn payload(self, payload: impl AsRef<[u8]>) -> Self {
        self.with(Criterion::Payload(payload.as_ref().to_vec()))
    }

    /// Only PUBLISH whose payload has these bytes in it.
    pub fn payload_contains(self, part: impl AsRef<[u8]>) -> Self {
        self.with(Criterion::PayloadContains(part.as_ref().to_vec()))
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

    /// Only without a property of this identifier.
    pub fn no_property(self, id: PropertyId) -> Self {
        self.with(Criterion::NoProperty(id))
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
        self.turns = self.turns.nth(nth);
        self
    }

    /// Only each n-th of the packets that fulfil all the rest: of 3 the third, the sixth, and so
    /// on.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn every(mut self, n: u32) -> Self {
        self.turns = self.turns.every(n);
        self
    }

    /// Each of the packets that fulfil all the rest with this probability, from 0.0 to 1.0. The
    /// same seed picks the same ones again, by their count.
    ///
    /// # Panics
    ///
    /// If the probability is below 0, above 1, or not a number.
    #[track_caller]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        self.turns = self.turns.probability(probability, seed);
        self
    }

    /// Has [`nth`](Self::nth), [`every`](Self::every) and [`probability`](Self::probability) count
    /// on each connection by itself, instead of over all of them.
    pub const fn per_connection(mut self) -> Self {
        self.turns = self.turns.per_connection();
        self
    }

    fn with(mut self, criterion: Criterion) -> Self {
        self.criteria.push(criterion);
        self
    }

    fn is_of_kind(&self, received: &Received<'_>) -> bool {
        self.interest().includes(received)
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

    fn interest(&self) -> Interest {
        let of = |direction| match self.kind {
            Kind::Packet(packet) => Interest::packet(direction, packet),
            Kind::Any => Interest::packets(direction),
            Kind::Malformed => Interest::malformed(direction),
            Kind::Opened => Interest::opened(),
        };
        match self.direction {
            Some(direction) => of(direction),
            None => of(Direction::FromClient).and(of(Direction::ToClient)),
        }
    }

    fn topic_filter(&self) -> Option<TopicFilter<&str>> {
        self.criteria.iter().find_map(|criterion| match criterion {
            Criterion::Topic(filter) => Some(filter.borrow()),
            _ => None,
        })
    }

    fn turns(&self) -> Turns {
        self.turns
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
            Kind::Opened => f.write_str("a new connection")?,
        }
        match self.direction {
            _ if self.kind == Kind::Opened => {}
            None => f.write_str(" either way")?,
            Some(direction) if direction == self.kind.direction() => {}
            Some(Direction::ToClient) => f.write_str(" to the client")?,
            Some(Direction::FromClient) => f.write_str(" from the client")?,
        }
        for (index, criterion) in self.criteria.iter().enumerate() {
            let joint = if index == 0 { " with" } else { "," };
            write!(f, "{joint} {criterion}")?;
        }
        self.turns.fmt(f)
    }
}

impl fmt::Debug for PacketMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketMatcher({self})")
    }
}

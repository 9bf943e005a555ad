//! In front of a real broker: what nobody else answers is passed on, and what rules have said
//! instead is kept from the broker behind.

use std::collections::{HashMap, HashSet};

use bytes::{Bytes, BytesMut};
use nack_codec::{Packet, PacketType, Publish, QoS, TopicName};

use super::{Answered, Behaviour};
use crate::action::Step;
use crate::action::reply::{Body, Reply};
use crate::{Direction, Received};

/// What is known of each connection.
#[derive(Default)]
pub(super) struct Upstream {
    exchanges: HashMap<u32, Exchange>,
}

/// What the broker behind does not know of, and what it has begun.
#[derive(Default)]
struct Exchange {
    /// Whether it has seen a CONNECT.
    introduced: bool,
    /// Identifiers of its messages to the client that are not done.
    passed: HashSet<u16>,
    /// Identifiers of messages to the client that rules and commands sent.
    invented: HashMap<u16, QoS>,
    /// Identifiers of QoS 2 messages of the client that rules have received.
    received: HashSet<u16>,
    /// What the client's topic aliases stand for.
    from_client: Aliases,
    /// What they stand for to the broker behind, which has not heard of what rules took.
    behind: Aliases,
    /// What those of the broker behind stand for.
    to_client: Aliases,
}

/// What the topic aliases of one direction stand for (section 3.3.2.3.4), for the rules; what
/// passes is not changed by it. Which aliases there may be, the two ends know.
#[derive(Default)]
struct Aliases {
    topics: HashMap<u16, TopicName>,
    /// Of the topics.
    bytes: usize,
}

/// Bytes of topics of one direction: more aliases than that are not learnt, as nobody here has
/// agreed to them.
const ALIASED_BYTES: usize = 1024 * 1024;

impl Aliases {
    fn learn(&mut self, publish: &Publish<'_>) {
        let (Some(alias), Some(topic)) = (publish.properties.topic_alias(), publish.topic) else {
            return;
        };
        // What it stood for it stands for no more, in any case.
        if let Some(old) = self.topics.remove(&alias) {
            self.bytes -= old.as_str().len();
        }
        let size = topic.get().len();
        if self.bytes + size <= ALIASED_BYTES {
            self.bytes += size;
            self.topics.insert(alias, topic.to_owned());
        }
    }

    /// The topic of a message that leaves it out.
    fn meant(&self, publish: &Publish<'_>) -> Option<TopicName> {
        if publish.topic.is_some() {
            return None;
        }
        let alias = publish.properties.topic_alias()?;
        self.topics.get(&alias).cloned()
    }
}

impl Exchange {
    /// What the broker behind is sent of a packet: the same, but for a message whose topic alias it
    /// does not know as the client does, which has its topic too.
    fn passed_on(&mut self, received: &Received<'_>) -> Bytes {
        let raw = received.raw().clone();
        let Some(publish) = received.publish() else {
            return raw;
        };
        let named = Publish {
            topic: received.topic_name(),
            ..*publish
        };
        let is_known = publish.topic.is_none()
            && self.behind.meant(publish).as_ref().map(TopicName::borrow) == named.topic;
        self.behind.learn(&named);
        if publish.topic.is_some() || named.topic.is_none() || is_known {
            return raw;
        }
        let mut bytes = BytesMut::new();
        match Packet::Publish(named).encode(received.version(), &mut bytes) {
            Ok(()) => bytes.freeze(),
            // It has become larger than a packet may be.
            Err(_) => raw,
        }
    }

    /// What is answered in place of the broker behind, about what it does not know of.
    fn answer(&mut self, packet: &Packet<'_>) -> Option<Vec<Step>> {
        match packet {
            Packet::Puback(ack) => {
                self.passed.remove(&ack.packet_id.get());
                self.invented.remove(&ack.packet_id.get())?;
                Some(Vec::new())
            }
            Packet::Pubrec(ack) if ack.reason.is_error() => {
                self.passed.remove(&ack.packet_id.get());
                self.invented.remove(&ack.packet_id.get())?;
                Some(Vec::new())
            }
            Packet::Pubrec(ack) => {
                self.invented.get(&ack.packet_id.get())?;
                Some(vec![send(PacketType::Pubrel, ack.packet_id.get())])
            }
            Packet::Pubcomp(ack) => {
                self.passed.remove(&ack.packet_id.get());
                self.invented.remove(&ack.packet_id.get())?;
                Some(Vec::new())
            }
            Packet::Pubrel(ack) => self
                .received
                .remove(&ack.packet_id.get())
                .then(|| vec![send(PacketType::Pubcomp, ack.packet_id.get())]),
            _ => None,
        }
    }
}

impl Behaviour for Upstream {
    fn handle(&mut self, received: &Received<'_>) -> Vec<Step> {
        let exchange = self.exchanges.entry(received.connection()).or_default();
        if received.connect().is_some() {
            exchange.introduced = true;
        }
        if !exchange.introduced && received.client_id().is_some() {
            // A rule took the CONNECT: to the broker behind, the client is not there.
            return Vec::new();
        }
        let answer = received.packet().and_then(|packet| exchange.answer(packet));
        answer.unwrap_or_else(|| vec![Step::PassOn(exchange.passed_on(received))])
    }

    fn topic_of(&mut self, received: &Received<'_>) -> Option<TopicName> {
        let publish = received.publish()?;
        let exchange = self.exchanges.entry(received.connection()).or_default();
        match received.direction() {
            Direction::FromClient => {
                exchange.from_client.learn(publish);
                exchange.from_client.meant(publish)
            }
            // Learnt as it passed, as this is asked only where a rule may be about the message.
            Direction::ToClient => exchange.to_client.meant(publish),
        }
    }

    fn answered(&mut self, received: &Received<'_>, answered: &Answered) -> Option<bool> {
        let publish = received.publish()?;
        let packet_id = received.packet_id()?;
        let receives = publish.qos == QoS::ExactlyOnce
            && answered.packet == PacketType::Pubrec
            && answered.packet_id == packet_id
            && answered.code() < 0x80;
        if receives {
            let exchange = self.exchanges.entry(received.connection()).or_default();
            exchange.received.insert(packet_id);
        }
        receives.then_some(false)
    }

    fn is_known_behind(&self, connection: u32) -> bool {
        let exchange = self.exchanges.get(&connection);
        exchange.is_some_and(|exchange| exchange.introduced)
    }

    fn passes(&mut self, received: &Received<'_>) {
        let exchange = self.exchanges.entry(received.connection()).or_default();
        let Some(publish) = received.publish() else {
            return;
        };
        exchange.to_client.learn(publish);
        if let Some(packet_id) = publish.packet_id {
            exchange.passed.insert(packet_id.get());
        }
    }

    fn sent_unasked(&mut self, connection: u32, packet_id: u16, qos: QoS) {
        let exchange = self.exchanges.entry(connection).or_default();
        exchange.invented.insert(packet_id, qos);
    }

    /// From the highest down, as brokers go up from the lowest.
    fn next_packet_id(&mut self, connection: u32) -> Option<u16> {
        let exchange = self.exchanges.entry(connection).or_default();
        let is_free = |packet_id: &u16| {
            !exchange.passed.contains(packet_id) && !exchange.invented.contains_key(packet_id)
        };
        (1..=u16::MAX).rev().find(is_free)
    }

    fn ended(&mut self, connection: u32) {
        self.exchanges.remove(&connection);
    }
}

fn send(packet: PacketType, packet_id: u16) -> Step {
    let reason = 0.into();
    Step::Send(Reply {
        packet_id: Some(packet_id),
        ..Reply::new(Body::Ack { packet, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nack_codec::{Properties, Property};

    #[test]
    fn aliases_are_bounded_by_the_bytes_of_their_topics() {
        let mut aliases = Aliases::default();
        let mut say = |alias: u16, topic: Option<&str>| {
            let mut properties = Properties::new();
            properties.push(Property::TopicAlias(alias)).unwrap();
            let publish = Publish {
                dup: false,
                qos: QoS::AtMostOnce,
                retain: false,
                topic: topic.map(|topic| TopicName::new(topic).unwrap()),
                packet_id: None,
                properties: properties.borrow(),
                payload: b"",
            };
            aliases.learn(&publish);
            aliases.meant(&publish).map(|it| it.as_str().len())
        };
        let long = "x".repeat(64 * 1024 - 1);
        for alias in 1..=16 {
            assert_eq!(say(alias, Some(&long)), None);
            assert_eq!(say(alias, None), Some(long.len()));
        }
        assert_eq!(say(17, Some(&long)), None);
        assert_eq!(say(17, None), None);
        // What stood for something, and cannot stand for what is said now, stands for nothing.
        say(16, Some("short"));
        assert_eq!(say(16, None), Some(5));
        say(17, Some(&long[..60_000]));
        assert_eq!(say(17, None), Some(60_000));
        say(16, Some(&long));
        assert_eq!(say(16, None), None);
    }
}

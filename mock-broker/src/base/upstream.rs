//! In front of a real broker: what nobody else answers is passed on, and what rules have said
//! instead is kept from the broker behind.

use std::collections::{HashMap, HashSet};

use nack_codec::{Packet, PacketType, QoS};

use super::{Answered, Behaviour};
use crate::Received;
use crate::action::Step;
use crate::action::reply::{Body, Reply};

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
}

impl Exchange {
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
        answer.unwrap_or_else(|| vec![Step::PassOn(received.raw().clone())])
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
        if let Some(packet_id) = received.publish().and_then(|it| it.packet_id) {
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

//! The broker's messages, as it has sent them, and what the application did with them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nack_codec::{Packet, PacketId, Pubcomp, PubcompReason, Publish};
use proptest::sample::Index;

use super::super::packets::{publish, publish_again, pubrel};
use crate::session::Delivery;
use crate::{QoS, Version};

pub(super) struct Inbound {
    receive_maximum: u16,
    next: u64,
    /// Messages above QoS 0 whose exchange is not over, in the order of their first PUBLISH.
    messages: BTreeMap<u64, Message>,
    /// Acknowledgements that the client owes, in order.
    due: VecDeque<u64>,
    /// PUBCOMP that it owes, and whether it may have sent one before, and forgotten the message.
    owed: VecDeque<(u16, bool)>,
    /// Which message the tokens are of that the application has, in the order in which they were
    /// handed out, and on which connection.
    tokens: Vec<Token>,
    connection: u64,
    /// Messages of QoS 2 that the application has taken: none may come twice.
    taken: BTreeSet<u64>,
}

#[derive(Clone, Copy)]
struct Token {
    message: u64,
    connection: u64,
}

struct Message {
    packet_id: u16,
    qos: QoS,
    /// Whether the application has taken the copy of this connection.
    is_taken: bool,
    stage: Stage,
    is_open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Published,
    Received,
    Released,
}

impl Inbound {
    pub(super) const fn new(receive_maximum: u16) -> Self {
        Self {
            receive_maximum,
            next: 0,
            messages: BTreeMap::new(),
            due: VecDeque::new(),
            owed: VecDeque::new(),
            tokens: Vec::new(),
            connection: 0,
            taken: BTreeSet::new(),
        }
    }

    /// A message that may be sent now.
    pub(super) fn publish(&mut self, qos: QoS, version: Version) -> Option<Packet<'static>> {
        self.next += 1;
        if qos == QoS::AtMostOnce {
            return Some(packet(self.next, qos, 0, false));
        }
        let open = self.messages.values().filter(|message| message.is_open);
        if version == Version::V5 && open.count() >= usize::from(self.receive_maximum) {
            return None;
        }
        let in_use = |id: &u16| {
            self.messages
                .values()
                .any(|message| message.packet_id == *id)
        };
        let packet_id = (1..).find(|id| !in_use(id))?;
        let message = Message {
            packet_id,
            qos,
            is_taken: false,
            stage: Stage::Published,
            is_open: true,
        };
        self.messages.insert(self.next, message);
        self.due.push_back(self.next);
        Some(packet(self.next, qos, packet_id, false))
    }

    /// PUBREL of a message that has its PUBREC.
    pub(super) fn release(&mut self, which: Index) -> Option<Packet<'static>> {
        let received: Vec<u64> = self
            .messages
            .iter()
            .filter(|(_, message)| message.stage == Stage::Received)
            .map(|(number, _)| *number)
            .collect();
        if received.is_empty() {
            return None;
        }
        let message = self.messages.get_mut(which.get(&received))?;
        message.stage = Stage::Released;
        self.owed.push_back((message.packet_id, false));
        Some(pubrel(message.packet_id))
    }

    /// The application takes one of the messages that it was handed; says which, counted from 1.
    pub(super) fn take(&mut self, which: Index) -> Option<usize> {
        if self.tokens.is_empty() {
            return None;
        }
        let index = which.index(self.tokens.len());
        let token = self.tokens[index];
        if let Some(message) = self.messages.get_mut(&token.message) {
            let is_current = token.connection == self.connection;
            message.is_taken |= is_current;
            let last = self
                .tokens
                .iter()
                .rposition(|other| other.message == token.message);
            if message.qos == QoS::ExactlyOnce && last == Some(index) {
                self.taken.insert(token.message);
            }
        }
        Some(index + 1)
    }

    /// The broker accepts a connection; what it sends again.
    pub(super) fn connected(&mut self, session_present: bool) -> Vec<Packet<'static>> {
        if !session_present {
            self.messages.clear();
        }
        let mut packets = Vec::new();
        for (number, message) in &mut self.messages {
            match message.stage {
                Stage::Published => {
                    message.is_open = true;
                    message.is_taken = self.taken.contains(number);
                    self.due.push_back(*number);
                    packets.push(packet(*number, message.qos, message.packet_id, true));
                }
                Stage::Received | Stage::Released => {
                    let was_released = message.stage == Stage::Released;
                    message.stage = Stage::Released;
                    self.owed.push_back((message.packet_id, was_released));
                    packets.push(pubrel(message.packet_id));
                }
            }
        }
        packets
    }

    pub(super) fn disconnected(&mut self, kept: bool) {
        self.connection += 1;
        self.due.clear();
        self.owed.clear();
        if !kept {
            self.messages.clear();
        }
        for message in self.messages.values_mut() {
            message.is_open = false;
        }
    }

    /// The application is handed a message.
    pub(super) fn handed_out(
        &mut self,
        delivery: Delivery,
        packet: &Publish<'_>,
    ) -> Result<(), String> {
        let number = std::str::from_utf8(packet.payload).ok();
        let number = number.and_then(|number| number.parse().ok());
        let number: u64 = number.ok_or("a message of nobody")?;
        let was_taken = self.taken.contains(&number);
        match delivery {
            Delivery::Duplicate if was_taken => Ok(()),
            Delivery::Duplicate => Err("a message that nobody took is held back".to_owned()),
            Delivery::New(_) if was_taken => Err("a message is handed out twice".to_owned()),
            Delivery::New(None) if packet.qos == QoS::AtMostOnce => Ok(()),
            Delivery::New(None) => Err("a message cannot be acknowledged".to_owned()),
            Delivery::New(Some(_)) => {
                self.tokens.push(Token {
                    message: number,
                    connection: self.connection,
                });
                Ok(())
            }
        }
    }

    /// PUBACK or PUBREC came.
    pub(super) fn acknowledged(&mut self, packet_id: PacketId, qos: QoS) -> Result<(), String> {
        let number = self.due.pop_front().ok_or("nothing is due")?;
        let message = self
            .messages
            .get_mut(&number)
            .ok_or("its exchange is over")?;
        let expected = (message.packet_id, message.qos, message.is_taken);
        let found = (packet_id.get(), qos, true);
        if expected != found {
            return Err(format!("{expected:?} is due, and {found:?} came"));
        }
        match qos {
            QoS::ExactlyOnce => message.stage = Stage::Received,
            _ => drop(self.messages.remove(&number)),
        }
        Ok(())
    }

    /// PUBCOMP came.
    pub(super) fn completed(&mut self, packet: &Pubcomp<'_>) -> Result<(), String> {
        let packet_id = packet.packet_id.get();
        let owed = self.owed.pop_front();
        let is_known = packet.reason == PubcompReason::Success;
        let fits = owed
            .is_some_and(|(owed, was_released)| owed == packet_id && (is_known || was_released));
        if !fits {
            let reason = packet.reason;
            return Err(format!(
                "PUBCOMP {packet_id} {reason}, and {owed:?} is owed"
            ));
        }
        self.messages.retain(|_, message| {
            message.stage != Stage::Released || message.packet_id != packet_id
        });
        Ok(())
    }

    /// What holds when everything is written.
    pub(super) fn check(&self) -> Result<(), String> {
        let first = self
            .due
            .front()
            .and_then(|number| self.messages.get(number));
        if first.is_some_and(|message| message.is_taken) {
            return Err("a message that was taken is not acknowledged".to_owned());
        }
        if !self.owed.is_empty() {
            return Err(format!("PUBCOMP {:?} are owed", self.owed));
        }
        Ok(())
    }
}

fn packet(number: u64, qos: QoS, packet_id: u16, is_again: bool) -> Packet<'static> {
    // Lives as long as the test, which is short.
    let payload: &'static str = number.to_string().leak();
    if is_again {
        publish_again(qos, packet_id, payload)
    } else {
        publish(qos, packet_id, payload)
    }
}

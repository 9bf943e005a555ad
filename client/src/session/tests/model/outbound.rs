//! The client's messages and requests, as a broker sees them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nack_codec::{
    Packet, PacketId, PacketType, PubackReason, PubcompReason, Publish, PubrecReason, Pubrel,
    PubrelReason,
};
use proptest::sample::Index;

use super::super::packets::{puback_with, pubcomp_with, pubrec_with};
use crate::{Delivery, PublishError, Published, QoS, Version};

/// The payload by which a message is known, whatever its identifier is.
pub(super) fn payload(operation: u64, is_large: bool) -> String {
    let length = if is_large { 5000 } else { 0 };
    format!("{operation}{:length$}", "")
}

fn operation(payload: &[u8]) -> Option<u64> {
    std::str::from_utf8(payload).ok()?.trim_end().parse().ok()
}

/// What the broker answers, as far as it does not depend on the packet's reasons.
pub(super) enum Answer {
    Packet(Packet<'static>),
    Suback { packet_id: u16, count: usize },
    Unsuback { packet_id: u16, count: usize },
}

pub(super) struct Outbound {
    version: Version,
    /// Messages above QoS 0 whose exchange is not over, by the request that they come from; their
    /// order is the order in which they are sent first.
    messages: BTreeMap<u64, Message>,
    /// What each packet identifier is used for.
    ids: BTreeMap<u16, Use>,
    receive_maximum: u16,
    /// Messages that must be sent again, and nothing new before them.
    again: VecDeque<u64>,
    /// PUBREL that the client owes, in order.
    owed: VecDeque<u16>,
    /// The verdicts that follow from the broker's answers.
    expected: BTreeMap<u64, Expected>,
    /// Messages of QoS 0 that came, and those that may not come any more.
    came: BTreeSet<u64>,
    never: BTreeSet<u64>,
    /// PUBREC so far.
    pubrecs: u64,
    /// Messages that were promised to be kept, and were lost.
    lost: usize,
}

#[derive(Debug)]
struct Message {
    packet_id: Option<u16>,
    stage: Stage,
    /// Whether its PUBLISH was sent on this connection, and so takes part of the quota.
    is_open: bool,
    /// Whether its caller was told that the session keeps it.
    is_promised: bool,
    /// Which PUBREC was its own, and what it said.
    pubrec: u64,
    accepted: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its PUBLISH has not come.
    Sending(QoS),
    /// Its PUBLISH has come.
    Published(QoS),
    /// It has its PUBREC, and PUBREL is owed.
    Received,
    /// Its PUBREL has come.
    Released,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Message(u64),
    Request {
        operation: u64,
        packet: PacketType,
        count: usize,
    },
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Published(u8),
    Refused(PacketType, u8),
    Codes(Vec<u8>),
}

fn demand(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Outbound {
    pub(super) const fn new(version: Version) -> Self {
        Self {
            version,
            messages: BTreeMap::new(),
            ids: BTreeMap::new(),
            receive_maximum: 0,
            again: VecDeque::new(),
            owed: VecDeque::new(),
            expected: BTreeMap::new(),
            came: BTreeSet::new(),
            never: BTreeSet::new(),
            pubrecs: 0,
            lost: 0,
        }
    }

    /// The caller publishes above QoS 0.
    pub(super) fn request(&mut self, operation: u64, qos: QoS) {
        let message = Message {
            packet_id: None,
            stage: Stage::Sending(qos),
            is_open: false,
            is_promised: false,
            pubrec: 0,
            accepted: 0,
        };
        self.messages.insert(operation, message);
    }

    /// CONNACK is about to come.
    pub(super) fn connected(&mut self, session_present: bool, receive_maximum: u16) {
        self.receive_maximum = receive_maximum;
        if !session_present {
            self.lost += self.messages.len();
            self.messages.clear();
            self.ids.clear();
        }
        self.again.clear();
        let mut released = Vec::new();
        for (operation, message) in &mut self.messages {
            match message.stage {
                Stage::Sending(_) | Stage::Published(_) => self.again.push_back(*operation),
                Stage::Received | Stage::Released => {
                    message.stage = Stage::Received;
                    released.push((message.pubrec, message.packet_id));
                }
            }
        }
        released.sort_unstable();
        let owed = released.into_iter().filter_map(|(_, packet_id)| packet_id);
        self.owed = owed.collect();
    }

    /// The connection has ended, and every caller was told.
    pub(super) fn disconnected(&mut self, kept: bool) {
        self.expected.clear();
        self.ids.retain(|_, used| matches!(used, Use::Message(_)));
        if !kept {
            let promised = self.messages.values().filter(|message| message.is_promised);
            self.lost += promised.count();
            self.messages.clear();
            self.ids.clear();
        }
        for message in self.messages.values_mut() {
            message.is_open = false;
        }
    }

    /// How many messages were lost since the last connection.
    pub(super) fn take_lost(&mut self) -> usize {
        std::mem::take(&mut self.lost)
    }

    /// PUBLISH came.
    pub(super) fn published(&mut self, packet: &Publish<'_>) -> Result<(), String> {
        let operation = operation(packet.payload).ok_or("a message of nobody")?;
        demand(!self.never.contains(&operation), || {
            "a message that was reported not to be sent is sent".to_owned()
        })?;
        let Some(packet_id) = packet.packet_id.map(PacketId::get) else {
            demand(!packet.dup, || "DUP at QoS 0".to_owned())?;
            return demand(self.came.insert(operation), || {
                "QoS 0 is sent twice".to_owned()
            });
        };
        let used = self.ids.get(&packet_id).copied();
        let message = self.messages.get_mut(&operation);
        let message = message.ok_or("a message whose exchange is over is sent")?;
        match message.stage {
            Stage::Sending(qos) | Stage::Published(qos) => {
                demand(packet.qos == qos, || "at another QoS".to_owned())?;
                message.stage = Stage::Published(qos);
            }
            Stage::Received | Stage::Released => {
                return Err("a message is sent again behind its PUBREC".to_owned());
            }
        }
        demand(!message.is_open, || "sent twice on a connection".to_owned())?;
        let is_again = self.again.front() == Some(&operation);
        demand(packet.dup == is_again, || {
            format!(
                "DUP is {}, and {:?} are to come again",
                packet.dup, self.again
            )
        })?;
        demand(is_again || self.again.is_empty(), || {
            "something new before what is to come again".to_owned()
        })?;
        match message.packet_id {
            Some(before) => demand(before == packet_id, || {
                "sent again with another identifier".to_owned()
            })?,
            None => demand(used.is_none(), || {
                format!("identifier {packet_id} is in use for {used:?}")
            })?,
        }
        message.packet_id = Some(packet_id);
        message.is_open = true;
        self.ids.insert(packet_id, Use::Message(operation));
        if is_again {
            self.again.pop_front();
        } else {
            let mut later = self.messages.range(operation + 1..);
            demand(
                later.all(|(_, message)| message.packet_id.is_none()),
                || "a message overtakes another one".to_owned(),
            )?;
        }
        let open = self.open();
        demand(open <= usize::from(self.receive_maximum), || {
            format!("{open} are open, and {} may be", self.receive_maximum)
        })
    }

    /// PUBREL came.
    pub(super) fn released(&mut self, packet: &Pubrel<'_>) -> Result<(), String> {
        let packet_id = packet.packet_id.get();
        demand(packet.reason == PubrelReason::Success, || {
            format!("PUBREL says {}", packet.reason)
        })?;
        let owed = self.owed.pop_front();
        demand(owed == Some(packet_id), || {
            format!("PUBREL {packet_id}, and {owed:?} is owed")
        })?;
        if let Some(Use::Message(operation)) = self.ids.get(&packet_id)
            && let Some(message) = self.messages.get_mut(operation)
        {
            message.stage = Stage::Released;
        }
        Ok(())
    }

    /// SUBSCRIBE or UNSUBSCRIBE came.
    pub(super) fn requested(
        &mut self,
        packet_id: PacketId,
        packet: PacketType,
        filter: Option<&str>,
        count: usize,
    ) -> Result<(), String> {
        let operation = filter.and_then(|filter| filter.split('/').next()?.parse().ok());
        let request = Use::Request {
            operation: operation.ok_or("a request of nobody")?,
            packet,
            count,
        };
        let before = self.ids.insert(packet_id.get(), request);
        demand(before.is_none(), || {
            format!("identifier {packet_id} is in use for {before:?}")
        })
    }

    /// An answer to one of the packets that came on this connection.
    pub(super) fn answer(&mut self, which: Index, code: Index) -> Option<Answer> {
        let open: Vec<(u16, Use)> = self
            .ids
            .iter()
            .map(|(packet_id, used)| (*packet_id, *used))
            .filter(|(_, used)| match used {
                Use::Request { .. } => true,
                Use::Message(operation) => self
                    .messages
                    .get(operation)
                    .is_some_and(|message| message.stage == Stage::Released || message.is_open),
            })
            .collect();
        if open.is_empty() {
            return None;
        }
        let (packet_id, used) = *which.get(&open);
        let operation = match used {
            Use::Message(operation) => operation,
            Use::Request {
                packet: PacketType::Subscribe,
                count,
                ..
            } => {
                return Some(Answer::Suback { packet_id, count });
            }
            Use::Request { count, .. } => return Some(Answer::Unsuback { packet_id, count }),
        };
        let is_v5 = self.version == Version::V5;
        let message = self.messages.get_mut(&operation)?;
        let (packet, verdict) = match message.stage {
            Stage::Published(QoS::AtLeastOnce) => {
                let reason = match is_v5 {
                    true => *code.get(PubackReason::ALL),
                    false => PubackReason::Success,
                };
                let verdict = verdict(PacketType::Puback, reason.as_u8());
                (puback_with(packet_id, reason), Some(verdict))
            }
            // Most are accepted, as there is more to come then.
            Stage::Published(_) if is_v5 && code.index(3) == 0 => {
                let reason = *code.get(PubrecReason::ALL);
                message.accepted = reason.as_u8();
                let refusal = reason.is_error();
                let verdict = refusal.then(|| verdict(PacketType::Pubrec, reason.as_u8()));
                (pubrec_with(packet_id, reason), verdict)
            }
            Stage::Published(_) => (pubrec_with(packet_id, PubrecReason::Success), None),
            Stage::Released => {
                let reason = match is_v5 && code.index(10) == 0 {
                    true => PubcompReason::PacketIdentifierNotFound,
                    false => PubcompReason::Success,
                };
                let code = match reason {
                    PubcompReason::Success => message.accepted,
                    other => other.as_u8(),
                };
                let verdict = verdict(PacketType::Pubcomp, code);
                (pubcomp_with(packet_id, reason), Some(verdict))
            }
            Stage::Sending(_) | Stage::Received => return None,
        };
        match verdict {
            Some(verdict) => {
                self.messages.remove(&operation);
                self.ids.remove(&packet_id);
                self.expected.insert(operation, verdict);
            }
            None => {
                message.stage = Stage::Received;
                message.pubrec = self.pubrecs;
                self.pubrecs += 1;
                self.owed.push_back(packet_id);
            }
        }
        Some(Answer::Packet(packet))
    }

    /// The broker is about to answer SUBSCRIBE or UNSUBSCRIBE with these codes.
    pub(super) fn expect_codes(&mut self, packet_id: u16, codes: Vec<u8>) {
        if let Some(Use::Request { operation, .. }) = self.ids.remove(&packet_id) {
            self.expected.insert(operation, Expected::Codes(codes));
        }
    }

    pub(super) fn told_codes(&mut self, operation: u64, codes: Vec<u8>) -> Result<(), String> {
        let expected = self.expected.remove(&operation);
        demand(expected.as_ref() == Some(&Expected::Codes(codes)), || {
            format!("{expected:?} was the answer")
        })
    }

    pub(super) fn told_qos_0(
        &mut self,
        operation: u64,
        result: &Result<Published, PublishError>,
    ) -> Result<(), String> {
        let came = self.came.contains(&operation);
        match result.as_ref().map_err(PublishError::delivery) {
            Ok(_) => demand(came, || "published, and never came".to_owned()),
            Err(Delivery::Unknown) => Ok(()),
            Err(Delivery::NotSent) => {
                self.never.insert(operation);
                demand(!came, || "not sent, and it came".to_owned())
            }
            Err(other) => Err(format!("{other:?} at QoS 0")),
        }
    }

    pub(super) fn told(
        &mut self,
        operation: u64,
        result: &Result<Published, PublishError>,
        kept: bool,
    ) -> Result<(), String> {
        let found = match result {
            Ok(published) => Expected::Published(published.reason() as u8),
            Err(PublishError::Refused(refused)) => {
                Expected::Refused(refused.packet(), refused.raw_code())
            }
            Err(error) => return self.failed(operation, error.delivery(), kept),
        };
        let expected = self.expected.remove(&operation);
        demand(expected.as_ref() == Some(&found), || {
            format!("{expected:?} was the answer, and the caller was told {found:?}")
        })
    }

    /// The connection ended, or it took too long.
    fn failed(&mut self, operation: u64, delivery: Delivery, kept: bool) -> Result<(), String> {
        let message = self.messages.get_mut(&operation);
        let message = message.ok_or("its exchange is over")?;
        match delivery {
            Delivery::InSession => {
                message.is_promised = true;
                demand(kept, || "no session keeps it".to_owned())
            }
            Delivery::Unknown => demand(!kept, || "the session keeps it".to_owned()),
            Delivery::NotSent => {
                self.never.insert(operation);
                let packet_id = message.packet_id;
                self.messages.remove(&operation);
                demand(packet_id.is_none(), || "not sent, and it came".to_owned())
            }
            Delivery::Rejected => Err("rejected by nobody".to_owned()),
        }
    }

    /// What holds when everything is written.
    pub(super) fn check(&self, ids: &[u16], quota_taken: u16) -> Result<(), String> {
        let open = self.open();
        let is_used_up = open == usize::from(self.receive_maximum);
        demand(self.owed.is_empty(), || {
            format!("PUBREL {:?} are owed", self.owed)
        })?;
        demand(self.again.is_empty() || is_used_up, || {
            format!("{:?} are not sent again", self.again)
        })?;
        let mut unsent = self.messages.values().filter(|m| m.packet_id.is_none());
        demand(unsent.next().is_none() || is_used_up, || {
            format!("a message waits, and {open} are open")
        })?;
        demand(usize::from(quota_taken) == open, || {
            format!("{quota_taken} of the quota are taken, and {open} are open")
        })?;
        // A message that the broker never saw may have an identifier that it does not know.
        let unseen = self.messages.values();
        let unseen = unseen.filter(|m| m.is_promised && m.packet_id.is_none());
        let known = self.ids.keys().all(|packet_id| ids.contains(packet_id));
        demand(
            known && ids.len() == self.ids.len() + unseen.count(),
            || format!("{ids:?} are taken, and {:?} are in use", self.ids),
        )
    }

    /// Whether the broker has answered, so that the caller must have its verdict.
    pub(super) fn is_answered(&self, operation: u64) -> bool {
        self.expected.contains_key(&operation)
    }

    fn open(&self) -> usize {
        self.messages
            .values()
            .filter(|message| message.is_open)
            .count()
    }
}

fn verdict(packet: PacketType, code: u8) -> Expected {
    if code < 0x80 {
        Expected::Published(code)
    } else {
        Expected::Refused(packet, code)
    }
}

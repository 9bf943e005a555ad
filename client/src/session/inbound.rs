//! Messages from the broker: duplicates of QoS 2, and acknowledgements in the order of arrival.

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use nack_codec::{
    PacketId, Properties, Puback, Pubcomp, PubcompReason, Publish, Pubrec, QoS, Version,
};

use crate::error::Violation;

/// Which message an application has taken: [`Session::acknowledge`](super::Session::acknowledge)
/// wants it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AckToken {
    /// The connection on which the message came: only there is it acknowledged.
    epoch: u32,
    sequence: u64,
    packet_id: PacketId,
}

/// What is to be done with a message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a message is new or it is not")]
pub enum Delivery {
    /// Hand it out; above QoS 0, acknowledge it when it was taken.
    New(Option<AckToken>),
    /// It was handed out before (`[MQTT-4.3.3-10]`), on this connection, or on an earlier one and
    /// then also taken.
    Duplicate,
}

/// The receiving side of QoS 1 and 2.
#[derive(Clone, Debug)]
pub(super) struct Inbound {
    receive_maximum: u16,
    epoch: u32,
    /// Acknowledgements that are due, in the order of arrival (`[MQTT-4.6.0-2]`,
    /// `[MQTT-4.6.0-3]`); each waits until the application has taken the message.
    due: VecDeque<Due>,
    /// The sequence number of the first of `due`.
    first: u64,
    /// QoS 2 messages that came and were not released: this part outlives the connection.
    received: BTreeMap<PacketId, Received>,
    /// How many of `due` are of QoS 1.
    open_qos1: usize,
    /// How many of `received` came on this connection.
    open_qos2: usize,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    packet_id: PacketId,
    qos: QoS,
    taken: bool,
    /// How many PUBLISH are to be answered; counted, so that a broker that repeats itself while
    /// nothing can be answered costs no memory.
    answers: u8,
}

#[derive(Clone, Copy, Debug)]
struct Received {
    /// Of the copy that was handed out last.
    token: AckToken,
    /// The connection on which it came last.
    epoch: u32,
    /// Whether the application has it. A message that it never took is handed out again when it
    /// comes again: it was not acknowledged, and the connection that had it is gone.
    taken: bool,
}

impl Inbound {
    pub(super) const fn new(receive_maximum: u16) -> Self {
        Self {
            receive_maximum,
            epoch: 0,
            due: VecDeque::new(),
            first: 0,
            received: BTreeMap::new(),
            open_qos1: 0,
            open_qos2: 0,
        }
    }

    /// A new connection: what was due on the old one is due no more, as the broker sends it again.
    pub(super) fn reconnected(&mut self) {
        self.epoch += 1;
        self.due.clear();
        self.first = 0;
        self.open_qos1 = 0;
        self.open_qos2 = 0;
    }

    /// The session is gone, and with it what was known of its messages.
    pub(super) fn forget(&mut self) {
        self.received.clear();
        self.open_qos2 = 0;
    }

    pub(super) fn publish(
        &mut self,
        packet: &Publish<'_>,
        version: Version,
        buffer: &mut BytesMut,
    ) -> Result<Delivery, Violation> {
        let Some(packet_id) = packet.packet_id else {
            return Ok(Delivery::New(None));
        };
        let token = AckToken {
            epoch: self.epoch,
            sequence: self.first + self.due.len() as u64,
            packet_id,
        };
        let known = match packet.qos {
            QoS::ExactlyOnce => self.received.get(&packet_id).copied(),
            _ => None,
        };
        // [MQTT-4.9.0-1]: what came on an earlier connection alone is not counted on this one.
        let is_open = known.is_some_and(|known| known.epoch == self.epoch);
        if !is_open {
            let open = self.open_qos1 + self.open_qos2;
            if version == Version::V5 && open >= usize::from(self.receive_maximum) {
                return Err(Violation::ReceiveMaximumExceeded {
                    maximum: self.receive_maximum,
                });
            }
            match packet.qos {
                QoS::ExactlyOnce => self.open_qos2 += 1,
                _ => self.open_qos1 += 1,
            }
        }
        let repeated = known.filter(|known| is_open || known.taken);
        if packet.qos == QoS::ExactlyOnce {
            let received = Received {
                token: repeated.map_or(token, |known| known.token),
                epoch: self.epoch,
                taken: repeated.is_some_and(|known| known.taken),
            };
            self.received.insert(packet_id, received);
        }
        if repeated.is_some()
            && let Some(due) = self
                .due
                .iter_mut()
                .find(|due| due.packet_id == packet_id && due.qos == QoS::ExactlyOnce)
        {
            due.answers = due.answers.saturating_add(1);
            return Ok(Delivery::Duplicate);
        }
        self.due.push_back(Due {
            packet_id,
            qos: packet.qos,
            taken: repeated.is_some(),
            answers: 1,
        });
        if repeated.is_some() {
            self.flush(version, buffer);
            return Ok(Delivery::Duplicate);
        }
        Ok(Delivery::New(Some(token)))
    }

    /// The application has taken the message.
    pub(super) fn take(&mut self, token: AckToken) {
        if let Some(received) = self.received.get_mut(&token.packet_id)
            && received.token == token
        {
            received.taken = true;
        }
        if token.epoch != self.epoch {
            return;
        }
        let index = token
            .sequence
            .checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok());
        if let Some(due) = index.and_then(|index| self.due.get_mut(index)) {
            due.taken = true;
        }
    }

    /// Sends PUBACK or PUBREC of the messages that were taken, up to the first that was not.
    pub(super) fn flush(&mut self, version: Version, buffer: &mut BytesMut) {
        while let Some(due) = self.due.pop_front_if(|due| due.taken) {
            self.first += 1;
            if due.qos == QoS::AtLeastOnce {
                self.open_qos1 -= 1;
            }
            for _ in 0..due.answers {
                let encoded = match due.qos {
                    QoS::ExactlyOnce => Pubrec::success(due.packet_id).encode(version, buffer),
                    _ => Puback::success(due.packet_id).encode(version, buffer),
                };
                encoded.expect("both versions can say success");
            }
        }
    }

    /// PUBREL: the broker lets go of a QoS 2 message. PUBCOMP answers it, known or not
    /// (`[MQTT-4.3.3-11]`).
    pub(super) fn release(&mut self, packet_id: PacketId, version: Version, buffer: &mut BytesMut) {
        let known = self.received.remove(&packet_id);
        if known.is_some_and(|known| known.epoch == self.epoch) {
            self.open_qos2 -= 1;
        }
        let reason = match version {
            Version::V5 if known.is_none() => PubcompReason::PacketIdentifierNotFound,
            _ => PubcompReason::Success,
        };
        let pubcomp = Pubcomp {
            packet_id,
            reason,
            properties: Properties::empty(),
        };
        pubcomp
            .encode(version, buffer)
            .expect("success in 3.1.1, any reason in MQTT 5.0");
    }
}

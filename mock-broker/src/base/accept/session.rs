//! What the broker keeps of a client, while it is connected and after: messages that wait, messages
//! that are not acknowledged, identifiers in use. Subscriptions are kept in a table of their own.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{PacketType, QoS, Version};
use tokio::time::Instant;

use super::aliases::Outgoing;
use super::capacity::Capacity;
use super::limits::{QUEUED_BYTES, QUEUED_MESSAGES};
use super::message::{Dispatch, Message};
use crate::action::encode::Context;
use crate::action::reply::{Body, Reply};
use crate::base::Delivery;

/// The session of one client.
///
/// A message to the client goes this way:
///
/// ```text
/// waiting ──QoS 0──▶ sent
///    └──QoS 1──▶ Published ──PUBACK──▶ done
///    └──QoS 2──▶ Published ──PUBREC──▶ Released ──PUBCOMP──▶ done
/// ```
pub(super) struct Session {
    /// The connection that uses it now.
    pub(super) connection: Option<u32>,
    /// How long it outlives its connection.
    pub(super) expiry: Expiry,
    pub(super) subscriptions: usize,
    /// Identifiers of QoS 2 messages of the client that it has not released yet.
    pub(super) received: HashSet<u16>,
    /// Identifiers of messages to the client that rules and commands sent on this connection.
    pub(super) unasked: HashSet<u16>,
    ended: Option<Instant>,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    in_flight: VecDeque<InFlight>,
    packet_ids: HashSet<u16>,
    last_packet_id: u16,
    /// How many of those in flight were not sent yet on this connection.
    resends: usize,
    /// Messages above QoS 0 that were sent on this connection and not acknowledged.
    outstanding: usize,
}

/// How long a session outlives its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    AtOnce,
    After(Duration),
    Never,
}

/// A message for the client that was not sent yet.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) message: Arc<Message>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) identifiers: Vec<u32>,
}

struct InFlight {
    packet_id: u16,
    stage: Stage,
    /// Whether it was sent on this connection.
    sent: bool,
    /// Whether its PUBLISH was, which takes from the quota.
    counted: bool,
}

enum Stage {
    Published(Waiting),
    /// The client has received it; it is only to let go of the identifier.
    Released,
}

impl Expiry {
    /// Of a session expiry interval (section 3.1.2.11.2).
    pub(super) const fn of_seconds(seconds: u32) -> Self {
        match seconds {
            0 => Self::AtOnce,
            u32::MAX => Self::Never,
            seconds => Self::After(Duration::from_secs(seconds as u64)),
        }
    }
}

impl Session {
    pub(super) fn new(expiry: Expiry) -> Self {
        Self {
            connection: None,
            expiry,
            subscriptions: 0,
            received: HashSet::new(),
            unasked: HashSet::new(),
            ended: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            in_flight: VecDeque::new(),
            packet_ids: HashSet::new(),
            last_packet_id: 0,
            resends: 0,
            outstanding: 0,
        }
    }

    pub(super) fn attach(&mut self, connection: u32) {
        self.connection = Some(connection);
        self.ended = None;
        self.unasked.clear();
        // [MQTT-4.4.0-1]: all that is in flight is sent again.
        for message in &mut self.in_flight {
            message.sent = false;
            message.counted = false;
        }
        self.resends = self.in_flight.len();
        self.outstanding = 0;
    }

    pub(super) fn detach(&mut self) {
        self.connection = None;
        self.ended = Some(Instant::now());
    }

    /// Whether its time is over.
    pub(super) fn has_expired(&self) -> bool {
        match (self.ended, self.expiry) {
            (None, _) | (_, Expiry::Never) => false,
            (Some(_), Expiry::AtOnce) => true,
            (Some(ended), Expiry::After(expiry)) => ended.elapsed() >= expiry,
        }
    }

    /// Keeps a message for the client; gives it back where there is no room.
    pub(super) fn push(&mut self, waiting: Waiting) -> Result<(), Waiting> {
        if self.connection.is_none() && waiting.qos == QoS::AtMostOnce {
            // Nobody promised it.
            return Ok(());
        }
        let size = waiting.message.size();
        let full = self.waiting.len() >= QUEUED_MESSAGES
            || (self.waiting_bytes + size > QUEUED_BYTES && !self.waiting.is_empty());
        if full {
            return Err(waiting);
        }
        self.waiting_bytes += size;
        self.waiting.push_back(waiting);
        Ok(())
    }

    /// The next packet for the client, if it can take one.
    pub(super) fn deliver(
        &mut self,
        capacity: Capacity,
        aliases: &mut Outgoing,
    ) -> Option<Delivery> {
        // [MQTT-3.3.4-9]
        let has_quota = self.outstanding < usize::from(capacity.receive_maximum);
        if let Some(again) = self.resend(capacity, has_quota) {
            return Some(again);
        }
        self.deliver_new(capacity, aliases, has_quota && self.resends == 0)
    }

    /// Sends again what is next, in the order in which it was sent at first (section 4.6).
    fn resend(&mut self, capacity: Capacity, has_quota: bool) -> Option<Delivery> {
        if self.resends == 0 {
            return None;
        }
        let version = capacity.version;
        // [MQTT-3.3.4-10]: PUBREL waits for no quota.
        let may = |message: &InFlight| has_quota || matches!(message.stage, Stage::Released);
        let index = self
            .in_flight
            .iter()
            .position(|message| !message.sent && may(message))?;
        let again = &mut self.in_flight[index];
        again.sent = true;
        self.resends -= 1;
        let packet_id = Some(again.packet_id);
        let reply = match &again.stage {
            Stage::Published(waiting) => waiting.message.reply(&Dispatch {
                version,
                qos: waiting.qos,
                retain: waiting.retain,
                // [MQTT-3.3.1-1]
                dup: true,
                packet_id,
                identifiers: &waiting.identifiers,
                // An alias holds for a connection, and messages outlive it.
                alias: None,
            }),
            Stage::Released => Reply {
                packet_id,
                ..Reply::new(Body::Ack {
                    packet: PacketType::Pubrel,
                    reason: 0.into(),
                })
            },
        };
        let bytes = encode(&reply, version);
        let is_message = matches!(again.stage, Stage::Published(_));
        if !capacity.takes(&bytes) {
            // The client accepted more when it was sent at first. [MQTT-3.1.2-25]: a message is
            // done; a PUBREL stays to be sent on a connection that takes it.
            if is_message {
                self.packet_ids.remove(&again.packet_id);
                self.in_flight.remove(index);
            }
            return Some(Delivery::Drop(bytes));
        }
        if is_message {
            again.counted = true;
            self.outstanding += 1;
        }
        Some(Delivery::Send(bytes))
    }

    /// Sends what was not sent before. Messages of QoS 0 pass those that wait for quota.
    fn deliver_new(
        &mut self,
        capacity: Capacity,
        aliases: &mut Outgoing,
        above_qos_0: bool,
    ) -> Option<Delivery> {
        loop {
            let index = self
                .waiting
                .iter()
                .position(|waiting| above_qos_0 || waiting.qos == QoS::AtMostOnce)?;
            let expired = self.waiting[index].message.has_expired();
            let packet_id = match self.waiting[index].qos {
                _ if expired => None,
                QoS::AtMostOnce => None,
                // Where all are in use, the message goes on waiting for one.
                _ => Some(self.next_packet_id()?),
            };
            let waiting = self.waiting.remove(index)?;
            self.waiting_bytes -= waiting.message.size();
            if expired {
                // [MQTT-3.3.2-5]
                continue;
            }
            let alias = aliases.for_topic(&waiting.message.topic);
            let reply = waiting.message.reply(&Dispatch {
                version: capacity.version,
                qos: waiting.qos,
                retain: waiting.retain,
                dup: false,
                packet_id,
                identifiers: &waiting.identifiers,
                alias,
            });
            let bytes = encode(&reply, capacity.version);
            if !capacity.takes(&bytes) {
                // [MQTT-3.1.2-25]: as if it had been sent.
                return Some(Delivery::Drop(bytes));
            }
            if let Some(alias) = alias {
                aliases.keep(&waiting.message.topic, alias);
            }
            if let Some(packet_id) = packet_id {
                self.outstanding += 1;
                self.packet_ids.insert(packet_id);
                self.in_flight.push_back(InFlight {
                    packet_id,
                    stage: Stage::Published(waiting),
                    sent: true,
                    counted: true,
                });
            }
            return Some(Delivery::Send(bytes));
        }
    }

    /// The next identifier that is not in use (`[MQTT-2.2.1-4]`, 3.1.1 `[MQTT-2.3.1-4]`); `None` if
    /// all are.
    pub(super) fn next_packet_id(&mut self) -> Option<u16> {
        for _ in 0..=u16::MAX {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let packet_id = self.last_packet_id;
            if !self.packet_ids.contains(&packet_id) && !self.unasked.contains(&packet_id) {
                return Some(packet_id);
            }
        }
        None
    }

    /// A QoS 1 message was acknowledged.
    pub(super) fn acknowledged(&mut self, packet_id: u16) {
        self.complete(packet_id, |message| {
            matches!(&message.stage, Stage::Published(waiting) if waiting.qos == QoS::AtLeastOnce)
        });
    }

    /// A QoS 2 message was received; whether it is known.
    pub(super) fn received(&mut self, packet_id: u16) -> bool {
        let mut in_flight = self.in_flight.iter_mut();
        let Some(message) = in_flight.find(|message| message.packet_id == packet_id) else {
            return false;
        };
        match &message.stage {
            Stage::Published(waiting) if waiting.qos == QoS::AtLeastOnce => false,
            Stage::Published(_) => {
                message.stage = Stage::Released;
                if !message.sent {
                    // The answer to this PUBREC is the PUBREL that was to be sent again.
                    message.sent = true;
                    self.resends -= 1;
                }
                true
            }
            Stage::Released => true,
        }
    }

    /// A QoS 2 message was refused, which ends it.
    pub(super) fn refused(&mut self, packet_id: u16) {
        self.complete(packet_id, |message| {
            matches!(&message.stage, Stage::Published(waiting) if waiting.qos == QoS::ExactlyOnce)
        });
    }

    /// A QoS 2 message is complete.
    pub(super) fn completed(&mut self, packet_id: u16) {
        self.complete(packet_id, |message| {
            matches!(message.stage, Stage::Released)
        });
    }

    fn complete(&mut self, packet_id: u16, is_meant: impl Fn(&InFlight) -> bool) {
        let position = self
            .in_flight
            .iter()
            .position(|message| message.packet_id == packet_id && is_meant(message));
        let Some(message) = position.and_then(|index| self.in_flight.remove(index)) else {
            return;
        };
        self.packet_ids.remove(&packet_id);
        self.outstanding -= usize::from(message.counted);
        self.resends -= usize::from(!message.sent);
    }
}

impl Waiting {
    /// What it would have been, for the journal; at QoS 0, as it has no identifier.
    pub(super) fn as_dropped(&self, version: Version) -> Bytes {
        let reply = self.message.reply(&Dispatch {
            version,
            qos: QoS::AtMostOnce,
            retain: self.retain,
            dup: false,
            packet_id: None,
            identifiers: &self.identifiers,
            alias: None,
        });
        encode(&reply, version)
    }
}

pub(super) fn encode(reply: &Reply, version: Version) -> Bytes {
    reply.encode(Context {
        version,
        packet_id: 0,
        session_present: false,
        filters: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nack_codec::{Properties, Publish, TopicName};

    fn waiting(qos: QoS, payload: &'static [u8]) -> Waiting {
        let publish = Publish {
            dup: false,
            qos,
            retain: false,
            topic: Some(TopicName::new("t").unwrap()),
            packet_id: None,
            properties: Properties::empty(),
            payload,
        };
        let topic = publish.topic.unwrap().to_owned();
        let message = Message::of_publish(&publish, topic, &Bytes::new(), "p".into());
        Waiting {
            message: Arc::new(message),
            qos,
            retain: false,
            identifiers: Vec::new(),
        }
    }

    fn session() -> Session {
        let mut session = Session::new(Expiry::Never);
        session.attach(1);
        session
    }

    const fn capacity(receive_maximum: u16) -> Capacity {
        Capacity {
            version: Version::V311,
            receive_maximum,
            maximum_packet_size: u32::MAX,
        }
    }

    fn sent(session: &mut Session, receive_maximum: u16) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| session.deliver(capacity(receive_maximum), &mut Outgoing::default()))
            .map(|delivery| match delivery {
                Delivery::Send(bytes) => bytes.to_vec(),
                Delivery::Drop(bytes) => panic!("dropped {bytes:?}"),
            })
            .collect()
    }

    fn push(session: &mut Session, qos: QoS, payload: &'static [u8]) {
        assert!(session.push(waiting(qos, payload)).is_ok());
    }

    #[test]
    fn quota_holds_back_all_but_qos_0() {
        let mut session = session();
        push(&mut session, QoS::AtLeastOnce, b"a");
        push(&mut session, QoS::ExactlyOnce, b"b");
        push(&mut session, QoS::AtMostOnce, b"c");
        let first = [
            b"\x32\x06\x00\x01t\x00\x01a".to_vec(),
            b"\x30\x04\x00\x01tc".to_vec(),
        ];
        assert_eq!(sent(&mut session, 1), first);
        session.acknowledged(1);
        assert_eq!(sent(&mut session, 1), [b"\x34\x06\x00\x01t\x00\x02b"]);
        assert!(session.received(2));
        push(&mut session, QoS::AtLeastOnce, b"d");
        assert!(
            sent(&mut session, 1).is_empty(),
            "QoS 2 counts until PUBCOMP"
        );
        session.completed(2);
        assert_eq!(sent(&mut session, 1).len(), 1);
    }

    #[test]
    fn what_is_in_flight_is_sent_again_in_its_order_and_within_quota() {
        let mut session = session();
        push(&mut session, QoS::AtLeastOnce, b"a");
        push(&mut session, QoS::ExactlyOnce, b"b");
        push(&mut session, QoS::AtLeastOnce, b"c");
        assert_eq!(sent(&mut session, 9).len(), 3);
        assert!(session.received(2));
        session.detach();
        session.attach(2);
        let again = [
            b"\x3A\x06\x00\x01t\x00\x01a".to_vec(),
            b"\x62\x02\x00\x02".to_vec(),
        ];
        // [MQTT-4.9.0-2]; PUBREL waits for no quota, and gives none back.
        assert_eq!(sent(&mut session, 1), again);
        session.completed(2);
        assert!(sent(&mut session, 1).is_empty());
        session.acknowledged(1);
        assert_eq!(sent(&mut session, 1), [b"\x3A\x06\x00\x01t\x00\x03c"]);
    }

    #[test]
    fn a_release_does_not_wait_behind_messages_that_wait_for_quota() {
        let mut session = session();
        for payload in [b"a", b"b", b"c"] {
            push(&mut session, QoS::ExactlyOnce, payload);
        }
        assert_eq!(sent(&mut session, 9).len(), 3);
        assert!(session.received(3));
        session.attach(2);
        let again = [
            b"\x3C\x06\x00\x01t\x00\x01a".to_vec(),
            b"\x62\x02\x00\x03".to_vec(),
        ];
        assert_eq!(sent(&mut session, 1), again);
        // What is received before it is sent again is not sent again.
        assert!(session.received(2));
        assert!(sent(&mut session, 9).is_empty());
    }

    #[test]
    fn an_acknowledgement_of_the_wrong_kind_changes_nothing() {
        let mut session = session();
        push(&mut session, QoS::ExactlyOnce, b"a");
        assert_eq!(sent(&mut session, 1).len(), 1);
        session.acknowledged(1);
        session.completed(1);
        session.completed(7);
        push(&mut session, QoS::ExactlyOnce, b"b");
        assert!(sent(&mut session, 1).is_empty());
        assert!(!session.received(7));
        session.refused(1);
        assert_eq!(sent(&mut session, 1).len(), 1);
    }

    #[test]
    fn a_release_that_is_too_large_is_not_sent_and_not_forgotten() {
        let mut session = session();
        push(&mut session, QoS::ExactlyOnce, b"a");
        assert_eq!(sent(&mut session, 9).len(), 1);
        assert!(session.received(1));
        session.attach(2);
        let tiny = Capacity {
            maximum_packet_size: 3,
            ..capacity(9)
        };
        let delivery = session.deliver(tiny, &mut Outgoing::default());
        assert!(
            matches!(delivery, Some(Delivery::Drop(bytes)) if bytes == b"\x62\x02\x00\x01"[..])
        );
        assert!(session.deliver(tiny, &mut Outgoing::default()).is_none());
        session.attach(3);
        assert_eq!(sent(&mut session, 9), [b"\x62\x02\x00\x01"]);
    }

    #[test]
    fn a_full_queue_gives_the_message_back() {
        let mut session = session();
        for _ in 0..QUEUED_MESSAGES {
            push(&mut session, QoS::AtLeastOnce, b"");
        }
        assert!(session.push(waiting(QoS::AtLeastOnce, b"")).is_err());
    }

    #[test]
    fn qos_0_is_not_kept_for_a_client_that_is_away() {
        let mut session = session();
        session.detach();
        push(&mut session, QoS::AtMostOnce, b"lost");
        push(&mut session, QoS::AtLeastOnce, b"k");
        session.attach(2);
        assert_eq!(sent(&mut session, 9), [b"\x32\x06\x00\x01t\x00\x01k"]);
    }

    #[test]
    fn identifiers_go_round_and_leave_out_those_in_use() {
        let mut session = session();
        push(&mut session, QoS::AtLeastOnce, b"");
        assert_eq!(sent(&mut session, 9).len(), 1);
        // [MQTT-2.2.1-4]; 3.1.1 [MQTT-2.3.1-4]
        session.last_packet_id = u16::MAX;
        assert_eq!(session.next_packet_id(), Some(2));
    }

    #[test]
    fn a_message_waits_while_all_identifiers_are_in_use() {
        let mut session = session();
        session.packet_ids.extend(1..=u16::MAX);
        push(&mut session, QoS::AtLeastOnce, b"a");
        push(&mut session, QoS::AtMostOnce, b"b");
        // Nor is one given out twice: [MQTT-2.2.1-4].
        assert!(sent(&mut session, 9).is_empty());
        session.packet_ids.remove(&7);
        let both = [
            b"\x32\x06\x00\x01t\x00\x07a".to_vec(),
            b"\x30\x04\x00\x01tb".to_vec(),
        ];
        assert_eq!(sent(&mut session, 9), both);
    }
}

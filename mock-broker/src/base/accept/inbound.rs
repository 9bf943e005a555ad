//! Messages of clients: taken over, acknowledged, released, and passed on to those who subscribe.

use std::sync::Arc;

use nack_codec::{PacketType, Publish, QoS, ReasonCode, TopicName, Version};

use super::message::Message;
use super::session::Waiting;
use super::subscriptions::{Presence, Subscriber};
use super::{Accept, aliases};
use crate::Received;
use crate::action::reply::{Body, Reply};
use crate::action::{Reason, Step};

impl Accept {
    pub(super) fn publish(&mut self, received: &Received<'_>, publish: &Publish<'_>) -> Vec<Step> {
        let number = received.connection();
        let properties = publish.properties;
        if properties.subscription_identifiers().next().is_some() {
            return self.refuse(
                number,
                ReasonCode::ProtocolError,
                "a subscription identifier in a PUBLISH of a client [MQTT-3.3.4-6]",
            );
        }
        if let Some(refusal) = self.refuse_publish(number, publish) {
            return refusal;
        }
        self.open(number, publish);
        let topic = match self.resolve(received, publish) {
            Ok(topic) => topic,
            Err((reason, text)) => return self.refuse(number, reason, text),
        };
        let may = self.may_publish(number, topic.borrow());
        let reason = self.judge_publish(received, publish, &topic, may);
        if may || reason.code() >= 0x80 {
            let taken = self.publish_answered(received, publish, reason.code());
            debug_assert!(taken.is_some(), "guests alone publish, to topics");
        }
        let (packet, packet_id) = match (publish.qos, publish.packet_id) {
            (QoS::AtLeastOnce, Some(packet_id)) => (PacketType::Puback, packet_id),
            (QoS::ExactlyOnce, Some(packet_id)) => (PacketType::Pubrec, packet_id),
            _ => return Vec::new(),
        };
        vec![ack(packet, packet_id.get(), reason)]
    }

    fn resolve(
        &self,
        received: &Received<'_>,
        publish: &Publish<'_>,
    ) -> Result<TopicName, (ReasonCode, &'static str)> {
        let gone = (ReasonCode::ProtocolError, "nobody is let in");
        let guest = self.guests.get(&received.connection()).ok_or(gone)?;
        aliases::resolved(received, publish, guest.limits.topic_alias_maximum)
    }

    /// The code that a message is answered with.
    fn judge_publish(
        &self,
        received: &Received<'_>,
        publish: &Publish<'_>,
        topic: &TopicName,
        may: bool,
    ) -> Reason {
        if !may && received.version() == Version::V5 {
            return ReasonCode::NotAuthorized.into();
        }
        let number = received.connection();
        let is_repeat = publish.packet_id.is_some_and(|packet_id| {
            let session = self.session_of(number);
            session.is_some_and(|session| session.received.contains(&packet_id.get()))
        });
        // [MQTT-4.3.3-10]: what is taken over stays so. [MQTT-3.3.1-6]: an empty message takes no
        // room.
        let room = !publish.retain
            || publish.payload.is_empty()
            || (publish.qos == QoS::ExactlyOnce && is_repeat)
            || self
                .retained
                .has_room_for(topic, topic.as_str().len() + publish.payload.len());
        match received.version() {
            Version::V5 if !room => ReasonCode::QuotaExceeded.into(),
            // 3.1.1 cannot refuse a message; it is passed on and not retained.
            _ => ReasonCode::Success.into(),
        }
    }

    /// The message was answered with this code: below 0x80 it is taken over.
    pub(super) fn publish_answered(
        &mut self,
        received: &Received<'_>,
        publish: &Publish<'_>,
        code: u8,
    ) -> Option<bool> {
        let number = received.connection();
        let topic = self.resolve(received, publish).ok()?;
        let guest = self.guests.get(&number)?;
        let publisher = guest.client_id.clone();
        if let (QoS::ExactlyOnce, Some(packet_id)) = (publish.qos, publish.packet_id) {
            let received = &mut self.session(number)?.received;
            if code >= 0x80 {
                received.remove(&packet_id.get());
            } else if !received.insert(packet_id.get()) {
                // [MQTT-4.3.3-10]: a repeat, which is passed on once only.
                return Some(false);
            }
        }
        if code < 0x80 {
            let message = Message::of_publish(publish, topic, received.raw(), publisher);
            self.route(&Arc::new(message));
        }
        Some(false)
    }

    pub(super) fn release(&mut self, number: u32, packet_id: u16) -> Vec<Step> {
        let was_known = self.release_answered(number, packet_id);
        let version = self.guests.get(&number).map(|guest| guest.capacity.version);
        let reason = match version {
            Some(Version::V5) if !was_known => ReasonCode::PacketIdentifierNotFound,
            _ => ReasonCode::Success,
        };
        vec![ack(PacketType::Pubcomp, packet_id, reason.into())]
    }

    /// The PUBREL was answered, whatever with; whether there was something to release.
    pub(super) fn release_answered(&mut self, number: u32, packet_id: u16) -> bool {
        self.session(number)
            .is_some_and(|session| session.received.remove(&packet_id))
    }

    /// Passes a message on to those who subscribe, and keeps it if it is to be retained.
    pub(super) fn route(&mut self, message: &Arc<Message>) {
        let has_room = message.payload.is_empty()
            || self.retained.has_room_for(&message.topic, message.size());
        if message.retain && has_room {
            self.retained.keep(message);
        }
        // One copy a session, whatever number of its subscriptions match, with all of their
        // identifiers: [MQTT-3.3.4-2], [MQTT-3.3.4-4].
        let mut copies: Vec<(Arc<str>, Waiting)> = Vec::new();
        for subscriber in self.subscriptions.matching(message.topic.borrow()) {
            if subscriber.options.no_local && subscriber.session == message.publisher {
                // [MQTT-3.8.3-3]
                continue;
            }
            let one = copy_for(subscriber, message);
            copies.push((subscriber.session.clone(), one));
        }
        // In an order that is the same in each run.
        copies.sort_by(|(one, _), (other, _)| one.cmp(other));
        copies.dedup_by(|(session, one), (kept, copy)| {
            let same = session == kept;
            if same {
                copy.qos = copy.qos.max(one.qos);
                copy.retain |= one.retain;
                copy.identifiers.append(&mut one.identifiers);
            }
            same
        });
        let sessions = &self.sessions;
        let presence = |session: &str| match sessions.get(session) {
            Some(session) if session.connection.is_some() => Presence::Here,
            Some(session) if !session.has_expired() => Presence::Away,
            _ => Presence::Expired,
        };
        let shares = self
            .subscriptions
            .matching_shares(message.topic.borrow(), presence);
        for (session, mut copy) in copies {
            copy.identifiers.sort_unstable();
            self.enqueue(&session, copy);
        }
        for subscriber in shares {
            self.enqueue(&subscriber.session, copy_for(&subscriber, message));
        }
    }

    /// Puts a message into a session, and has its connection look for it.
    pub(super) fn enqueue(&mut self, client_id: &Arc<str>, waiting: Waiting) {
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        if session.has_expired() {
            return;
        }
        let connection = session.connection;
        if let (Err(waiting), Some(number)) = (session.push(waiting), connection) {
            let guest = self.guests.get(&number);
            let version = guest.map_or(Version::V5, |guest| guest.capacity.version);
            let dropped = self.dropped.entry(number).or_default();
            if dropped.len() < super::DROPS_KEPT {
                dropped.push(waiting.as_dropped(version));
            }
        }
        self.rings.extend(connection);
    }
}

fn copy_for(subscriber: &Subscriber, message: &Arc<Message>) -> Waiting {
    Waiting {
        message: message.clone(),
        // [MQTT-3.8.4-8]
        qos: message.qos.min(subscriber.options.qos),
        // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
        retain: message.retain && subscriber.options.retain_as_published,
        identifiers: subscriber.identifier.into_iter().collect(),
    }
}

pub(super) fn ack(packet: PacketType, packet_id: u16, reason: Reason) -> Step {
    let mut reply = Reply::new(Body::Ack { packet, reason });
    reply.packet_id = Some(packet_id);
    Step::Send(reply)
}

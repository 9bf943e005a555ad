//! Messages to the broker: QoS 0, 1 and 2 as sender (section 4.3), flow control, resending.

use std::time::Instant;

use nack_codec::{
    PacketId, PacketType, Properties, Puback, Pubcomp, PubcompReason, Publish as PublishPacket,
    Pubrec, Pubrel, PubrelReason, QoS, ReasonCode, SubackReason, Version,
};

use super::outgoing::LINK_FROM;
use super::requests::Exchange;
use super::{Delivery, Event, OperationId, Outcome, RequestError, Session};
use crate::error::{Invalid, PublishError, PublishReason, Refused, Violation, copied};
use crate::{Publish, Published};

/// How many bytes may wait for the transport before a QoS 0 message waits outside.
const WRITE_AHEAD: usize = 1024 * 1024;

/// A QoS 1 or 2 message that was sent.
#[derive(Debug)]
pub(super) struct Outbound {
    /// `None` once the caller has its verdict: it took too long, or the connection ended.
    pub(super) operation: Option<OperationId>,
    /// Whether that verdict was that the session keeps it.
    pub(super) in_session: bool,
    pub(super) requested: Instant,
    pub(super) stage: Stage,
    /// Whether it takes part of this connection's send quota.
    pub(super) holds_quota: bool,
    /// Where in the stream of bytes it begins.
    pub(super) start: u64,
    /// In which order what waits for its answer, PUBLISH or PUBREL, was sent first
    /// (`[MQTT-4.6.0-1]`, `[MQTT-4.6.0-4]`).
    sequence: u64,
    /// Kept to be sent again, until the broker has taken it.
    message: Option<Publish>,
    /// What PUBREC said.
    accepted: ReasonCode,
    properties: Properties,
}

/// Which acknowledgement a message waits for.
///
/// ```text
///   QoS 1:  Puback ──PUBACK──▶ done
///   QoS 2:  Pubrec ──PUBREC──▶ Pubcomp ──PUBCOMP──▶ done
///                  └─PUBREC 0x80+──▶ done
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Puback,
    Pubrec,
    Pubcomp,
}

/// A message that waits: of QoS 1 or 2 for quota or for an identifier, of QoS 0 for room among what
/// is to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) operation: OperationId,
    pub(super) requested: Instant,
    message: Publish,
}

/// A QoS 0 message that waits to be written.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) operation: OperationId,
    pub(super) requested: Instant,
    /// Where in the stream of bytes it begins.
    pub(super) start: u64,
    /// Where it ends.
    end: u64,
}

/// What SUBACK said.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the packet")]
pub struct SubackVerdict {
    /// One a filter, in the order of the request.
    pub reasons: Vec<SubackReason>,
    /// Reason string and user properties.
    pub properties: Properties,
}

impl Session {
    /// The caller publishes. [`Outcome::Published`] is the verdict.
    ///
    /// # Errors
    ///
    /// Where there is no connection, or the message breaks a rule; nothing was then sent.
    pub fn publish(
        &mut self,
        operation: OperationId,
        message: Publish,
        now: Instant,
    ) -> Result<(), RequestError> {
        if !self.is_connected() {
            return Err(RequestError::NotConnected);
        }
        message.check()?;
        let packet = message.packet();
        self.limits.check_message(packet.qos, packet.retain)?;
        if packet.qos == QoS::AtMostOnce {
            if self.has_room() && self.unsent.is_empty() {
                self.write_unanswered(operation, now, &message)?;
            } else {
                self.check_message(&message)?;
                self.unsent.push_back(Waiting {
                    operation,
                    requested: now,
                    message,
                });
            }
            self.start_operation_timer(now);
            return Ok(());
        }
        let must_wait = self.quota.is_used_up() || self.exchanges.is_full();
        debug_assert!(
            must_wait || self.resend.is_empty() && self.waiting.is_empty(),
            "what waits is sent as soon as it can be, so nothing overtakes it here"
        );
        if must_wait {
            self.check_message(&message)?;
            self.waiting.push_back(Waiting {
                operation,
                requested: now,
                message,
            });
        } else {
            self.send(operation, now, message)?;
        }
        self.start_operation_timer(now);
        Ok(())
    }

    /// Whether a QoS 0 message goes among what is to be written. As nobody acknowledges it, nothing
    /// else bounds what a transport is given that takes nothing.
    fn has_room(&self) -> bool {
        self.outgoing.len() < WRITE_AHEAD
    }

    /// Writes a QoS 0 message.
    fn write_unanswered(
        &mut self,
        operation: OperationId,
        requested: Instant,
        message: &Publish,
    ) -> Result<(), Invalid> {
        let start = self.outgoing.end();
        self.write_message(message, None, false)?;
        let end = self.outgoing.end();
        self.unwritten.push_back(Unwritten {
            operation,
            requested,
            start,
            end,
        });
        Ok(())
    }

    /// Writes the QoS 0 messages that wait for room, as far as there is any.
    pub(super) fn write_unsent(&mut self) {
        while self.has_room() && self.write_first_unsent() {}
    }

    /// Writes all of them, as nothing comes behind.
    pub(super) fn write_all_unsent(&mut self) {
        while self.write_first_unsent() {}
    }

    /// Whether there was one.
    fn write_first_unsent(&mut self) -> bool {
        let Some(first) = self.unsent.pop_front() else {
            return false;
        };
        let operation = first.operation;
        if let Err(invalid) = self.write_unanswered(operation, first.requested, &first.message) {
            let error = PublishError::Invalid(invalid);
            self.complete(Some(operation), Outcome::Published(Err(error)));
        }
        true
    }

    /// Sends a message for the first time. There are quota and an identifier for it.
    fn send(
        &mut self,
        operation: OperationId,
        requested: Instant,
        message: Publish,
    ) -> Result<(), Invalid> {
        let stage = match message.packet().qos {
            QoS::ExactlyOnce => Stage::Pubrec,
            _ => Stage::Puback,
        };
        let packet_id = self.next_packet_id()?;
        let start = self.outgoing.end();
        self.write_message(&message, Some(packet_id), false)?;
        self.insert(Exchange::Publish(Outbound {
            operation: Some(operation),
            in_session: false,
            requested,
            stage,
            holds_quota: true,
            start,
            sequence: self.next_sequence,
            message: Some(message),
            accepted: ReasonCode::Success,
            properties: Properties::default(),
        }));
        self.next_sequence += 1;
        self.quota.take();
        Ok(())
    }

    /// Sends what waits, as far as the quota goes: first what the session resumes, then what is
    /// new.
    pub(super) fn send_waiting(&mut self) {
        if !self.is_connected() {
            return;
        }
        while !self.quota.is_used_up() {
            let Some(packet_id) = self.resend.pop_front() else {
                break;
            };
            self.send_again(packet_id);
        }
        while !self.quota.is_used_up() && !self.exchanges.is_full() {
            let Some(waiting) = self.waiting.pop_front() else {
                break;
            };
            let operation = waiting.operation;
            if let Err(invalid) = self.send(operation, waiting.requested, waiting.message) {
                let error = PublishError::Invalid(invalid);
                self.complete(Some(operation), Outcome::Published(Err(error)));
            }
        }
    }

    /// The session is resumed: what the broker may not have is sent again, with the identifiers and
    /// in the order of old (`[MQTT-4.4.0-1]`, `[MQTT-4.6.0-1]`).
    pub(super) fn resume(&mut self) {
        let mut open: Vec<(u64, PacketId, Stage)> = self
            .exchanges
            .iter_mut()
            .filter_map(|(packet_id, exchange)| match exchange {
                Exchange::Publish(sent) => Some((sent.sequence, packet_id, sent.stage)),
                _ => None,
            })
            .collect();
        open.sort_unstable_by_key(|(sequence, ..)| *sequence);
        for (_, packet_id, stage) in open {
            if stage == Stage::Pubcomp {
                // [MQTT-4.3.3-6]: once PUBREL was sent, only PUBREL is sent again. It takes no
                // quota, and waits for none ([MQTT-3.3.4-8]).
                self.write_pubrel(packet_id, PubrelReason::Success);
            } else {
                self.resend.push_back(packet_id);
                self.send_waiting();
            }
        }
    }

    fn send_again(&mut self, packet_id: PacketId) {
        let start = self.outgoing.end();
        let Some(Exchange::Publish(sent)) = self.exchanges.get_mut(packet_id) else {
            return;
        };
        // The broker had it, and has said so before it came again.
        let Some(message) = sent.message.clone() else {
            return;
        };
        sent.start = start;
        let limits = self.limits;
        let packet = message.packet();
        let result = limits
            .check_message(packet.qos, packet.retain)
            // [MQTT-3.3.1-1]
            .and_then(|()| self.write_message(&message, Some(packet_id), true));
        match result {
            Ok(()) => {
                self.quota.take();
                if let Some(Exchange::Publish(sent)) = self.exchanges.get_mut(packet_id) {
                    sent.holds_quota = true;
                }
            }
            // The identifier stays taken, as the broker may know the message by it.
            Err(invalid) => self.events.push_back(Event::ResendFailed(invalid)),
        }
    }

    /// Writes a message; where that cannot be done, nothing is written.
    fn write_message(
        &mut self,
        message: &Publish,
        packet_id: Option<PacketId>,
        dup: bool,
    ) -> Result<(), Invalid> {
        let packet = PublishPacket {
            packet_id,
            dup,
            ..message.packet()
        };
        let linked = packet.payload.len() >= LINK_FROM;
        let buffer = self.outgoing.buffer();
        let start = buffer.len();
        let size = if linked {
            packet.encode_head(self.config.version, buffer)?;
            buffer.len() - start + packet.payload.len()
        } else {
            packet.encode(self.config.version, buffer)?;
            buffer.len() - start
        };
        if let Err(invalid) = self.limits.check_size(size) {
            buffer.truncate(start);
            return Err(invalid);
        }
        if linked {
            self.outgoing.link(message.payload().clone());
        }
        Ok(())
    }

    /// Whether a message that waits could be sent.
    fn check_message(&mut self, message: &Publish) -> Result<(), Invalid> {
        let packet = message.packet();
        let packet = PublishPacket {
            packet_id: (packet.qos != QoS::AtMostOnce).then_some(PacketId::MIN),
            ..packet
        };
        let buffer = self.outgoing.buffer();
        let start = buffer.len();
        packet.encode_head(self.config.version, buffer)?;
        let size = buffer.len() - start + packet.payload.len();
        buffer.truncate(start);
        self.limits.check_size(size)
    }

    fn write_pubrel(&mut self, packet_id: PacketId, reason: PubrelReason) {
        Pubrel {
            packet_id,
            reason,
            properties: Properties::empty(),
        }
        .encode(self.config.version, self.outgoing.buffer())
        .expect("success in 3.1.1, any reason in MQTT 5.0");
    }

    pub(super) fn handle_publish(
        &mut self,
        packet: &PublishPacket<'_>,
    ) -> Result<Delivery, Violation> {
        if let Some(alias) = packet.properties.topic_alias() {
            // The client announces no topic alias maximum, which means 0 ([MQTT-3.1.2-27]).
            return Err(Violation::TopicAliasInvalid { alias, maximum: 0 });
        }
        self.inbound
            .publish(packet, self.config.version, self.outgoing.buffer())
    }

    pub(super) fn handle_puback(&mut self, packet: &Puback<'_>) -> Result<(), Violation> {
        let packet_id = packet.packet_id;
        match self.exchanges.get_mut(packet_id) {
            Some(Exchange::Publish(sent)) if sent.stage == Stage::Puback => {}
            _ => return self.misplaced(packet_id, PacketType::Puback),
        }
        let verdict = self.verdict(packet.reason.code(), PacketType::Puback, &packet.properties);
        self.finish(packet_id, verdict);
        Ok(())
    }

    pub(super) fn handle_pubrec(&mut self, packet: &Pubrec<'_>) -> Result<(), Violation> {
        let packet_id = packet.packet_id;
        let sent = match self.exchanges.get_mut(packet_id) {
            Some(Exchange::Publish(sent)) if sent.stage != Stage::Puback => sent,
            Some(_) => return self.misplaced(packet_id, PacketType::Pubrec),
            None => {
                // The broker is ahead of us, or behind: PUBREL lets it go on.
                if !packet.reason.is_error() {
                    let reason = match self.config.version {
                        Version::V5 => PubrelReason::PacketIdentifierNotFound,
                        Version::V311 => PubrelReason::Success,
                    };
                    self.write_pubrel(packet_id, reason);
                }
                self.unsolicited(PacketType::Pubrec, packet_id);
                return Ok(());
            }
        };
        if packet.reason.is_error() {
            // [MQTT-4.3.3-4], [MQTT-4.4.0-2]: the exchange is over, and there is no PUBREL.
            let verdict =
                self.verdict(packet.reason.code(), PacketType::Pubrec, &packet.properties);
            self.finish(packet_id, verdict);
            return Ok(());
        }
        if sent.stage == Stage::Pubrec {
            sent.stage = Stage::Pubcomp;
            sent.sequence = self.next_sequence;
            self.next_sequence += 1;
            sent.message = None;
            sent.accepted = packet.reason.code();
            sent.properties = copied(&packet.properties);
        }
        self.write_pubrel(packet_id, PubrelReason::Success);
        Ok(())
    }

    pub(super) fn handle_pubcomp(&mut self, packet: &Pubcomp<'_>) -> Result<(), Violation> {
        let packet_id = packet.packet_id;
        let sent = match self.exchanges.get_mut(packet_id) {
            Some(Exchange::Publish(sent)) if sent.stage == Stage::Pubcomp => sent,
            _ => return self.misplaced(packet_id, PacketType::Pubcomp),
        };
        let verdict = if packet.reason == PubcompReason::Success {
            let properties = if packet.properties.is_empty() {
                std::mem::take(&mut sent.properties)
            } else {
                copied(&packet.properties)
            };
            Ok(Published::new(sent.accepted, properties))
        } else {
            self.verdict(
                packet.reason.code(),
                PacketType::Pubcomp,
                &packet.properties,
            )
        };
        self.finish(packet_id, verdict);
        Ok(())
    }

    /// The exchange is over: identifier and quota are free again, once.
    fn finish(&mut self, packet_id: PacketId, verdict: Result<Published, PublishError>) {
        if let Some(Exchange::Publish(sent)) = self.exchanges.remove(packet_id) {
            if sent.holds_quota {
                self.quota.give_back();
            }
            self.complete(sent.operation, Outcome::Published(verdict));
        }
        self.send_waiting();
    }

    /// QoS 0 messages are done once the transport has taken their last byte.
    pub(super) fn complete_written(&mut self) {
        let written = self.outgoing.written();
        while let Some(done) = self
            .unwritten
            .pop_front_if(|message| message.end <= written)
        {
            let published = Published::new(ReasonCode::Success, Properties::default());
            self.complete(Some(done.operation), Outcome::Published(Ok(published)));
        }
    }

    fn verdict(
        &self,
        code: ReasonCode,
        packet: PacketType,
        properties: &Properties<&[u8]>,
    ) -> Result<Published, PublishError> {
        match PublishReason::from_code(code) {
            None => Ok(Published::new(code, copied(properties))),
            Some(reason) => Err(PublishError::Refused(Refused::new(
                reason,
                code as u8,
                packet,
                properties,
                self.config.retry_table.clone(),
            ))),
        }
    }
}

//! SUBSCRIBE and UNSUBSCRIBE, which wait for their acknowledgements.

use std::time::Instant;

use nack_codec::{
    List, PacketId, PacketType, Properties, QoS, Suback, SubackReason, Subscription, TopicFilter,
    Unsuback, UnsubackReason, Version,
};

use super::outbound::{Outbound, Stage, SubackVerdict};
use super::{Event, OperationId, Outcome, RequestError, Session};
use crate::error::{
    FilterVerdict, Invalid, UnsubscribeError, UnsubscribeRefused, Violation, copied,
};
use crate::{Subscribe, Unsubscribe, Unsubscribed};

/// What a packet identifier is used for.
#[derive(Debug)]
pub(super) enum Exchange {
    Publish(Outbound),
    Subscribe(PendingSubscribe),
    Unsubscribe(PendingUnsubscribe),
}

#[derive(Debug)]
pub(super) struct PendingSubscribe {
    /// `None` once the caller was told that it took too long.
    pub(super) operation: Option<OperationId>,
    pub(super) requested: Instant,
    /// What was asked for.
    asked: Vec<(TopicFilter, QoS)>,
}

#[derive(Debug)]
pub(super) struct PendingUnsubscribe {
    /// `None` once the caller was told that it took too long.
    pub(super) operation: Option<OperationId>,
    pub(super) requested: Instant,
    filters: Vec<TopicFilter>,
}

impl Exchange {
    /// Which acknowledgement is due.
    pub(super) const fn expects(&self) -> PacketType {
        match self {
            Self::Publish(message) => match message.stage {
                Stage::Puback => PacketType::Puback,
                Stage::Pubrec => PacketType::Pubrec,
                Stage::Pubcomp => PacketType::Pubcomp,
            },
            Self::Subscribe(_) => PacketType::Suback,
            Self::Unsubscribe(_) => PacketType::Unsuback,
        }
    }

    /// Since when a caller waits for it; `None` where nobody does.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        let (operation, requested) = match self {
            Self::Publish(message) => (message.operation, message.requested),
            Self::Subscribe(request) => (request.operation, request.requested),
            Self::Unsubscribe(request) => (request.operation, request.requested),
        };
        operation.map(|_| requested)
    }
}

impl Session {
    /// The caller asks for subscriptions. [`Outcome::Subscribed`] is the verdict.
    ///
    /// # Errors
    ///
    /// Where there is no connection, or the request breaks a rule; nothing was then sent.
    pub fn subscribe(
        &mut self,
        operation: OperationId,
        request: &Subscribe,
        now: Instant,
    ) -> Result<(), RequestError> {
        if !self.is_connected() {
            return Err(RequestError::NotConnected);
        }
        request.check()?;
        let filters = request.filters();
        if filters.is_empty() {
            return Err(Invalid::NoTopicFilter.into());
        }
        self.limits.check_subscribe(request, self.config.version)?;
        let packet_id = self.next_packet_id()?;
        let subscriptions: Vec<Subscription<'_>> = filters
            .iter()
            .map(|(filter, options)| Subscription {
                filter: filter.borrow(),
                options: *options,
            })
            .collect();
        let packet = nack_codec::Subscribe {
            packet_id,
            properties: request.properties().block().borrow(),
            subscriptions: List::new(&subscriptions),
        };
        let version = self.config.version;
        self.write(|buffer| packet.encode(version, buffer))?;
        self.insert(Exchange::Subscribe(PendingSubscribe {
            operation: Some(operation),
            requested: now,
            asked: filters
                .iter()
                .map(|(filter, options)| (filter.clone(), options.qos))
                .collect(),
        }));
        self.start_operation_timer(now);
        Ok(())
    }

    /// The caller ends subscriptions. [`Outcome::Unsubscribed`] is the verdict.
    ///
    /// # Errors
    ///
    /// Where there is no connection, or the request breaks a rule; nothing was then sent.
    pub fn unsubscribe(
        &mut self,
        operation: OperationId,
        request: &Unsubscribe,
        now: Instant,
    ) -> Result<(), RequestError> {
        if !self.is_connected() {
            return Err(RequestError::NotConnected);
        }
        request.check()?;
        if request.filters().is_empty() {
            return Err(Invalid::NoTopicFilter.into());
        }
        let packet_id = self.next_packet_id()?;
        let filters: Vec<_> = request.filters().iter().map(TopicFilter::borrow).collect();
        let packet = nack_codec::Unsubscribe {
            packet_id,
            properties: request.properties().block().borrow(),
            filters: List::new(&filters),
        };
        let version = self.config.version;
        self.write(|buffer| packet.encode(version, buffer))?;
        self.insert(Exchange::Unsubscribe(PendingUnsubscribe {
            operation: Some(operation),
            requested: now,
            filters: request.filters().to_vec(),
        }));
        self.start_operation_timer(now);
        Ok(())
    }

    /// The identifier of the next packet that has one.
    pub(super) fn next_packet_id(&mut self) -> Result<PacketId, Invalid> {
        self.exchanges
            .next_free()
            .ok_or(Invalid::NoPacketIdentifier)
    }

    /// Notes what was written with the identifier that
    /// [`next_packet_id`](Self::next_packet_id) gave.
    pub(super) fn insert(&mut self, exchange: Exchange) {
        let inserted = self.exchanges.insert(exchange);
        debug_assert!(inserted.is_ok(), "the identifier was free a moment ago");
    }

    /// Writes the packet of a request; where that cannot be done, nothing is written.
    fn write(
        &mut self,
        encode: impl FnOnce(&mut bytes::BytesMut) -> Result<(), nack_codec::EncodeError>,
    ) -> Result<(), Invalid> {
        let buffer = self.outgoing.buffer();
        let start = buffer.len();
        encode(buffer)?;
        let result = self.limits.check_size(buffer.len() - start);
        if result.is_err() {
            buffer.truncate(start);
        }
        result
    }

    pub(super) fn handle_suback(&mut self, packet: &Suback<'_>) -> Result<(), Violation> {
        let packet_id = packet.packet_id;
        let Some(Exchange::Subscribe(pending)) = self.exchanges.get_mut(packet_id) else {
            return self.misplaced(packet_id, PacketType::Suback);
        };
        let reasons: Vec<SubackReason> = packet.reasons.iter().collect();
        if reasons.len() != pending.asked.len() {
            let (expected, found) = (pending.asked.len(), reasons.len());
            let packet = PacketType::Suback;
            return Err(Violation::ReasonCodeCount {
                packet,
                expected,
                found,
            });
        }
        let granted = reasons.iter().map(|reason| reason.granted());
        if granted
            .zip(&pending.asked)
            .any(|(granted, (_, asked))| granted > Some(*asked))
        {
            return Err(Violation::GrantedQosTooHigh);
        }
        let operation = pending.operation;
        let asked = std::mem::take(&mut pending.asked);
        self.exchanges.remove(packet_id);
        if operation.is_none() {
            let asked = asked.into_iter().zip(&reasons);
            let granted: Vec<_> = asked
                .filter_map(|((filter, _), reason)| reason.granted().map(|_| filter))
                .collect();
            if !granted.is_empty() {
                self.events.push_back(Event::GrantedTooLate(granted));
            }
        }
        let verdict = SubackVerdict {
            reasons,
            properties: copied(&packet.properties),
        };
        self.complete(operation, Outcome::Subscribed(Ok(verdict)));
        self.send_waiting();
        Ok(())
    }

    pub(super) fn handle_unsuback(&mut self, packet: &Unsuback<'_>) -> Result<(), Violation> {
        let packet_id = packet.packet_id;
        let Some(Exchange::Unsubscribe(pending)) = self.exchanges.get_mut(packet_id) else {
            return self.misplaced(packet_id, PacketType::Unsuback);
        };
        let expected = pending.filters.len();
        let reasons: Vec<UnsubackReason> = match self.config.version {
            // There the packet has no codes, and its coming is the success.
            Version::V311 => vec![UnsubackReason::Success; expected],
            Version::V5 => packet.reasons.iter().collect(),
        };
        if reasons.len() != expected {
            let (packet, found) = (PacketType::Unsuback, reasons.len());
            return Err(Violation::ReasonCodeCount {
                packet,
                expected,
                found,
            });
        }
        let operation = pending.operation;
        let filters = std::mem::take(&mut pending.filters);
        self.exchanges.remove(packet_id);
        let outcome = self.unsubscribed(filters, reasons, copied(&packet.properties));
        self.complete(operation, Outcome::Unsubscribed(outcome));
        self.send_waiting();
        Ok(())
    }

    /// An acknowledgement that its identifier does not wait for.
    pub(super) fn misplaced(
        &mut self,
        packet_id: PacketId,
        found: PacketType,
    ) -> Result<(), Violation> {
        match self
            .exchanges
            .get_mut(packet_id)
            .map(|exchange| exchange.expects())
        {
            Some(expected) => Err(Violation::WrongAcknowledgement {
                packet_id,
                expected,
                found,
            }),
            None => {
                self.unsolicited(found, packet_id);
                Ok(())
            }
        }
    }

    fn unsubscribed(
        &self,
        filters: Vec<TopicFilter>,
        reasons: Vec<UnsubackReason>,
        properties: Properties,
    ) -> Result<Unsubscribed, UnsubscribeError> {
        let first = reasons.iter().copied().find(|reason| reason.is_error());
        let verdicts = filters
            .into_iter()
            .zip(reasons)
            .map(|(filter, reason)| FilterVerdict { filter, reason })
            .collect();
        match first {
            None => Ok(Unsubscribed::new(verdicts, properties)),
            Some(first) => {
                let refused = UnsubscribeRefused::new(
                    first,
                    verdicts,
                    properties,
                    self.config.retry_table.clone(),
                );
                Err(UnsubscribeError::Refused(Box::new(refused)))
            }
        }
    }
}

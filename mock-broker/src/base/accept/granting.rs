//! What clients were told that they may do, and what they are told when they do more.

use nack_codec::{PacketType, Publish, QoS, ReasonCode, Subscribe, Version, Will};

use super::Accept;
use crate::Limits;
use crate::action::Step;
use crate::base::Answered;

impl Limits {
    /// What a client is refused with because of its will.
    pub(super) fn judge_will(&self, will: &Will<'_>, version: Version) -> Result<(), ReasonCode> {
        let reason = if will.qos > self.maximum_qos {
            // [MQTT-3.2.2-12]
            ReasonCode::QosNotSupported
        } else if will.retain && !self.retain_available {
            // [MQTT-3.2.2-13]
            ReasonCode::RetainNotSupported
        } else {
            return Ok(());
        };
        match version {
            Version::V5 => Err(reason),
            // 3.1.1 has no word for it.
            Version::V311 => Err(ReasonCode::NotAuthorized),
        }
    }
}

impl Accept {
    /// A message came, which counts towards the receive maximum until it is acknowledged (section
    /// 4.9).
    pub(super) fn open(&mut self, number: u32, publish: &Publish<'_>) {
        if let (Some(guest), Some(packet_id)) = (self.guests.get_mut(&number), publish.packet_id) {
            guest.open.insert(packet_id.get());
        }
    }

    /// A packet goes to the client: PUBACK, PUBCOMP and a PUBREC that refuses give it its quota
    /// back, as soon as it can see them, and whoever sends them (section 4.9).
    pub(super) fn close(&mut self, number: u32, packet: &[u8]) {
        let kind = packet.first().and_then(|it| PacketType::from_u8(it >> 4));
        let Some(PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp) = kind else {
            return;
        };
        let Some(guest) = self.guests.get_mut(&number) else {
            return;
        };
        if let Some(answered) = Answered::from_wire(packet, guest.capacity.version)
            && (answered.packet != PacketType::Pubrec || answered.code() >= 0x80)
        {
            guest.open.remove(&answered.packet_id);
        }
    }

    /// Sends the client away if the message is not one that it may send.
    pub(super) fn refuse_publish(&self, number: u32, publish: &Publish<'_>) -> Option<Vec<Step>> {
        let guest = self.guests.get(&number)?;
        let limits = &guest.limits;
        let packet_id = publish.packet_id.map(|packet_id| packet_id.get());
        let is_repeat = packet_id.is_some_and(|packet_id| guest.open.contains(&packet_id));
        let is_above = publish.qos > QoS::AtMostOnce
            && !is_repeat
            && guest.capacity.version == Version::V5
            && guest.open.len() >= usize::from(limits.receive_maximum);
        let (reason, text) = if publish.qos > limits.maximum_qos {
            (
                ReasonCode::QosNotSupported,
                "a message above the maximum QoS [MQTT-3.2.2-11]",
            )
        } else if publish.retain && !limits.retain_available {
            (
                ReasonCode::RetainNotSupported,
                "a message to be retained, which is not available [MQTT-3.2.2-14]",
            )
        } else if is_above {
            (
                ReasonCode::ReceiveMaximumExceeded,
                "more messages than the receive maximum (section 4.9)",
            )
        } else {
            return None;
        };
        Some(self.refuse(number, reason, text))
    }

    /// Sends the client away if the subscriptions are of a kind that there is not. One of 3.1.1,
    /// which could not know, has them refused one by one instead.
    pub(super) fn refuse_subscribe(
        &self,
        number: u32,
        subscribe: &Subscribe<'_>,
    ) -> Option<Vec<Step>> {
        let guest = self.guests.get(&number)?;
        if guest.capacity.version == Version::V311 {
            return None;
        }
        let has_identifier = subscribe
            .properties
            .subscription_identifiers()
            .next()
            .is_some();
        let reason = if has_identifier && !guest.limits.subscription_identifiers_available {
            ReasonCode::SubscriptionIdentifiersNotSupported
        } else {
            subscribe
                .subscriptions
                .iter()
                .find_map(|subscription| unavailable(&guest.limits, subscription.filter))?
        };
        Some(self.refuse(
            number,
            reason,
            "a subscription of a kind that is not available",
        ))
    }
}

/// What the subscription of a filter is refused with if there are none of its kind.
pub(super) fn unavailable(
    limits: &Limits,
    filter: nack_codec::TopicFilter<&str>,
) -> Option<ReasonCode> {
    if !limits.shared_subscription_available && matches!(filter.shared(), Ok(Some(_))) {
        return Some(ReasonCode::SharedSubscriptionsNotSupported);
    }
    (!limits.wildcard_subscription_available && filter.has_wildcards())
        .then_some(ReasonCode::WildcardSubscriptionsNotSupported)
}

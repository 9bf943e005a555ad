//! What clients say about messages that were sent to them.

use nack_codec::{PacketType, ReasonCode, Version};

use super::Accept;
use super::inbound::ack;
use crate::action::Step;

impl Accept {
    /// PUBACK. One of a message that is not known is not an error in either standard.
    pub(super) fn acknowledged(&mut self, number: u32, packet_id: u16) {
        if let Some(session) = self.session(number) {
            session.unasked.remove(&packet_id);
            session.acknowledged(packet_id);
        }
    }

    /// PUBREC. A refusal ends the message; anything else is answered with PUBREL.
    pub(super) fn received(&mut self, number: u32, packet_id: u16, refused: bool) -> Vec<Step> {
        let version = self.guests.get(&number).map(|guest| guest.capacity.version);
        let Some(session) = self.session(number) else {
            return Vec::new();
        };
        if refused {
            session.unasked.remove(&packet_id);
            session.refused(packet_id);
            return Vec::new();
        }
        let known = session.received(packet_id) || session.unasked.contains(&packet_id);
        let reason = match version {
            Some(Version::V5) if !known => ReasonCode::PacketIdentifierNotFound,
            _ => ReasonCode::Success,
        };
        vec![ack(PacketType::Pubrel, packet_id, reason.into())]
    }

    /// PUBCOMP.
    pub(super) fn completed(&mut self, number: u32, packet_id: u16) {
        if let Some(session) = self.session(number) {
            session.unasked.remove(&packet_id);
            session.completed(packet_id);
        }
    }
}

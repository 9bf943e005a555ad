//! Takes a code that is not in the table for a success; a DISCONNECT or AUTH with such a code it
//! does not see at all.

use nack_codec::{
    AuthReason, ConnackReason, DisconnectReason, PacketType, PubackReason, PubcompReason,
    PubrecReason, PubrelReason, Role, SubackReason, UnsubackReason,
};

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct AcceptsAnyCode;

impl Sabotage for AcceptsAnyCode {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(AnyCode { is_v311: false }))
    }
}

struct AnyCode {
    is_v311: bool,
}

impl Wire for AnyCode {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind == Some(PacketType::Connect) {
            // Behind the protocol name.
            self.is_v311 = packet.body().get(6) == Some(&4);
        }
        passed.to_broker.extend_from_slice(packet.bytes);
    }

    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        let mut bytes = packet.bytes.to_vec();
        let Some(kind) = packet.kind else { return };
        let at = match kind {
            PacketType::Connack => 3,
            PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp => 4,
            // One filter, and its code the last byte.
            PacketType::Suback | PacketType::Unsuback => bytes.len() - 1,
            PacketType::Disconnect | PacketType::Auth => 2,
            _ => bytes.len(),
        };
        if let Some(code) = bytes.get_mut(at)
            && !is_listed(kind, *code, self.is_v311)
        {
            if matches!(kind, PacketType::Disconnect | PacketType::Auth) {
                return;
            }
            *code = 0;
        }
        passed.to_client.extend_from_slice(&bytes);
    }
}

fn is_listed(packet: PacketType, code: u8, is_v311: bool) -> bool {
    match packet {
        PacketType::Connack if is_v311 => code <= 5,
        PacketType::Connack => ConnackReason::from_u8(code).is_some(),
        PacketType::Puback => PubackReason::from_u8(code).is_some(),
        PacketType::Pubrec => PubrecReason::from_u8(code).is_some(),
        PacketType::Pubrel => PubrelReason::from_u8(code).is_some(),
        PacketType::Pubcomp => PubcompReason::from_u8(code).is_some(),
        PacketType::Suback if is_v311 => code <= 2 || code == 0x80,
        PacketType::Suback => SubackReason::from_u8(code).is_some(),
        // In 3.1.1 it has no codes.
        PacketType::Unsuback => is_v311 || UnsubackReason::from_u8(code).is_some(),
        PacketType::Disconnect => DisconnectReason::from_u8(code)
            .is_some_and(|reason| reason.may_be_sent_by(Role::Server)),
        PacketType::Auth => {
            matches!(AuthReason::from_u8(code), Some(reason) if reason != AuthReason::ReAuthenticate)
        }
        _ => true,
    }
}

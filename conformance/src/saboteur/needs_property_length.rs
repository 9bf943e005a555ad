//! Cannot read an acknowledgement or DISCONNECT that ends before its property length.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct NeedsPropertyLength;

impl Sabotage for NeedsPropertyLength {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Needs))
    }
}

struct Needs;

impl Wire for Needs {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        let unreadable = match packet.kind {
            // The shortest form of all is that of 3.1.1 too.
            Some(PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp) => {
                packet.body().len() == 3
            }
            Some(PacketType::Disconnect) => packet.body().len() < 2,
            _ => false,
        };
        if !unreadable {
            passed.to_client.extend_from_slice(packet.bytes);
        }
    }
}

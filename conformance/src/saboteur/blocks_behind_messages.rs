//! Lets a SUBSCRIBE wait behind the messages that the receive maximum holds back.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct BlocksBehindMessages;

impl Sabotage for BlocksBehindMessages {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Blocks {
            open: 0,
            maximum: u16::MAX,
        }))
    }
}

struct Blocks {
    open: u16,
    maximum: u16,
}

impl Wire for Blocks {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        match packet.kind {
            Some(PacketType::Publish) if packet.qos() > 0 => self.open += 1,
            Some(PacketType::Subscribe) if self.open >= self.maximum => return,
            _ => {}
        }
        passed.to_broker.extend_from_slice(packet.bytes);
    }

    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        match packet.kind {
            // The cases that set a receive maximum set nothing else.
            Some(PacketType::Connack) => {
                if let [0, 0, 3, 0x21, high, low] = *packet.body() {
                    self.maximum = u16::from_be_bytes([high, low]);
                }
            }
            Some(PacketType::Puback | PacketType::Pubcomp) => self.open -= 1,
            Some(PacketType::Pubrec) if packet.code() >= 0x80 => self.open -= 1,
            _ => {}
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

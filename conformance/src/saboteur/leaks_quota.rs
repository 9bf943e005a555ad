//! Never gets back what a refused message took of the receive maximum.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct LeaksQuota;

impl Sabotage for LeaksQuota {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Leaks {
            leaked: false,
            held: Vec::new(),
        }))
    }
}

struct Leaks {
    leaked: bool,
    /// Messages that wait until another one is over.
    held: Vec<Vec<u8>>,
}

impl Wire for Leaks {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind == Some(PacketType::Publish) && packet.qos() > 0 && self.leaked {
            self.held.push(packet.bytes.to_vec());
        } else {
            passed.to_broker.extend_from_slice(packet.bytes);
        }
    }

    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        let over = matches!(packet.kind, Some(PacketType::Puback | PacketType::Pubcomp));
        if packet.refuses_message() || over && packet.code() >= 0x80 {
            self.leaked = true;
        } else if over && !self.held.is_empty() {
            passed.to_broker.extend(self.held.remove(0));
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

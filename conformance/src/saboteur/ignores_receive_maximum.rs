//! Sends as many messages as it likes, whatever the broker allows.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct IgnoresReceiveMaximum;

impl Sabotage for IgnoresReceiveMaximum {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Ignores))
    }
}

struct Ignores;

impl Wire for Ignores {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        match (packet.kind, packet.body()) {
            // The cases that set a receive maximum set nothing else.
            (Some(PacketType::Connack), [0, 0, 3, 0x21, _, _]) => {
                passed.to_client.extend_from_slice(&[0x20, 3, 0, 0, 0]);
            }
            _ => passed.to_client.extend_from_slice(packet.bytes),
        }
    }
}

//! Closes without a word when the broker breaks the protocol.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct KeepsReasonToItself;

impl Sabotage for KeepsReasonToItself {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Keeps))
    }
}

struct Keeps;

impl Wire for Keeps {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind != Some(PacketType::Disconnect) {
            passed.to_broker.extend_from_slice(packet.bytes);
        }
    }
}

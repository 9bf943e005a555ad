//! Does not answer PUBREL.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct NeverCompletes;

impl Sabotage for NeverCompletes {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Swallows))
    }
}

struct Swallows;

impl Wire for Swallows {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind != Some(PacketType::Pubcomp) {
            passed.to_broker.extend_from_slice(packet.bytes);
        }
    }
}

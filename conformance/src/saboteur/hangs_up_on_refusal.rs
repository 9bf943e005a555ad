//! Closes the connection when one of its messages is refused.

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct HangsUpOnRefusal;

impl Sabotage for HangsUpOnRefusal {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(HangsUp))
    }
}

struct HangsUp;

impl Wire for HangsUp {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        passed.to_client.extend_from_slice(packet.bytes);
        passed.hang_up |= packet.refuses_message();
    }
}

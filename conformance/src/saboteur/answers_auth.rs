//! Goes on with an authentication that it never asked for.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct AnswersAuth;

impl Sabotage for AnswersAuth {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Answers))
    }
}

struct Answers;

impl Wire for Answers {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind == Some(PacketType::Auth) {
            // The method that the cases use.
            passed
                .to_broker
                .extend_from_slice(b"\xF0\x0C\x18\x0A\x15\x00\x07unasked");
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

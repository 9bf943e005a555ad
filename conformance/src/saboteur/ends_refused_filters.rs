//! Takes a topic filter for ended whose end UNSUBACK refused.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct EndsRefusedFilters;

impl Sabotage for EndsRefusedFilters {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Ends::default()))
    }
}

/// Its cases hold no other subscriptions: no message is wanted any more.
#[derive(Default)]
struct Ends {
    refused: bool,
}

impl Wire for Ends {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        match packet.kind {
            // The last code is enough: in most cases it is the refused one, or the only one.
            Some(PacketType::Unsuback) => {
                self.refused |= packet.body().last().is_some_and(|code| *code >= 0x80);
            }
            Some(PacketType::Publish) if self.refused => return,
            _ => {}
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

//! Goes on delivering for a topic filter whose end UNSUBACK has told.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};
use crate::subject::Unsubscribe;

pub(super) struct KeepsEndedFilters;

/// The client thinks that it ends the filter in capitals, which it does not hold; the broker is
/// asked for what the application wants. The filters of the cases have no capitals.
impl Sabotage for KeepsEndedFilters {
    fn unsubscribe(&self, mut command: Unsubscribe) -> Unsubscribe {
        for filter in &mut command.filters {
            filter.make_ascii_uppercase();
        }
        command
    }

    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Lowers))
    }
}

struct Lowers;

impl Wire for Lowers {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        let mut bytes = packet.bytes.to_vec();
        if packet.kind == Some(PacketType::Unsubscribe) {
            // Nothing before the filters, and no length of theirs, is as large as a letter.
            bytes.make_ascii_lowercase();
        }
        passed.to_broker.extend_from_slice(&bytes);
    }
}

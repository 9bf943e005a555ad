//! Goes on with PUBREL although PUBREC has refused the message.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct ReleasesRefused;

impl Sabotage for ReleasesRefused {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Releases))
    }
}

struct Releases;

impl Wire for Releases {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        passed.to_client.extend_from_slice(packet.bytes);
        if packet.kind == Some(PacketType::Pubrec)
            && packet.refuses_message()
            && let Some([high, low]) = packet.packet_id()
        {
            passed.to_broker.extend_from_slice(&[0x62, 2, high, low]);
        }
    }
}

//! Goes on talking to a broker that has refused the connection, or ended it.

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct TalksOn;

impl Sabotage for TalksOn {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Talks))
    }
}

struct Talks;

impl Wire for Talks {
    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        let ends = match packet.kind {
            Some(PacketType::Connack) => packet.body().get(1) != Some(&0),
            Some(PacketType::Disconnect) => true,
            _ => false,
        };
        if ends {
            passed.to_broker.extend_from_slice(&[0xC0, 0]);
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

//! Sends a refused message again.

use std::collections::HashMap;

use nack_codec::PacketType;

use super::Sabotage;
use super::tap::{Packet, Passed, Wire};

pub(super) struct ResendsRefused;

impl Sabotage for ResendsRefused {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Resends {
            sent: HashMap::new(),
        }))
    }
}

struct Resends {
    sent: HashMap<[u8; 2], Vec<u8>>,
}

impl Wire for Resends {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.kind == Some(PacketType::Publish) && packet.qos() > 0 {
            let body = packet.body();
            // Behind the topic.
            let topic = body
                .first_chunk()
                .map_or(0, |length| u16::from_be_bytes(*length));
            if let Some(packet_id) = body
                .get(2 + usize::from(topic)..)
                .and_then(<[u8]>::first_chunk)
            {
                self.sent.insert(*packet_id, packet.bytes.to_vec());
            }
        }
        passed.to_broker.extend_from_slice(packet.bytes);
    }

    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        if packet.refuses_message()
            && let Some(mut again) = packet.packet_id().and_then(|id| self.sent.remove(&id))
        {
            again[0] |= 0b1000;
            passed.to_broker.extend(again);
        }
        passed.to_client.extend_from_slice(packet.bytes);
    }
}

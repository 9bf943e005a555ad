//! mqttrs: 3.1.1 alone, borrowed from a slice, written into a slice.
//!
//! Its decoder does not say how long a packet was, so its client reads the remaining length too.

use bytes::{Buf, BytesMut};
use mqttrs::{Packet, Pid, Publish, QosPid, decode_slice, encode_slice};
use nack_codec::Version;

use super::{Decoder, Encoder, Output};
use crate::Workload;

/// The codec.
pub(super) struct Mqttrs;

impl Decoder for Mqttrs {
    const NAME: &'static str = "mqttrs";
    type Packet<'a> = Packet<'a>;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn new(_: Version) -> Self {
        Self
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet<'_>)) {
        let mut end = 0;
        loop {
            match &decode_slice(&buffer[end..]) {
                Ok(Some(packet)) => visit(packet),
                Ok(None) => break,
                Err(error) => super::unexpected(error),
            }
            let header = super::fixed_header(&buffer[end..]);
            end += header.map_or(0, |(header_len, remaining)| header_len + remaining);
        }
        buffer.advance(end);
    }

    fn fields(packet: &Packet<'_>) -> crate::Packet {
        match packet {
            Packet::Publish(publish) => {
                assert!(!publish.dup && !publish.retain);
                crate::Packet::Publish(crate::Publish {
                    topic: publish.topic_name.to_owned(),
                    packet_id: match publish.qospid {
                        QosPid::AtMostOnce => None,
                        QosPid::AtLeastOnce(id) => Some(id.get()),
                        QosPid::ExactlyOnce(_) => super::unexpected(packet),
                    },
                    properties: None,
                    payload: publish.payload.to_vec().into(),
                })
            }
            Packet::Puback(id) => crate::Packet::Puback {
                packet_id: id.get(),
            },
            other => super::unexpected(other),
        }
    }
}

/// A slice that was filled with zeros once, and how much of it is written.
pub(super) struct Slots {
    bytes: Vec<u8>,
    used: usize,
}

impl Output for Slots {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity],
            used: 0,
        }
    }

    fn clear(&mut self) {
        self.used = 0;
    }

    fn written(&self) -> Vec<u8> {
        self.bytes[..self.used].to_vec()
    }
}

impl Encoder for Mqttrs {
    const NAME: &'static str = "mqttrs";
    type Batch = Vec<Packet<'static>>;
    type Output = Slots;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn batch(workload: Workload) -> Self::Batch {
        let packets = workload.packets().iter();
        packets
            .map(|packet| match packet {
                crate::Packet::Publish(publish) => Packet::Publish(Publish {
                    dup: false,
                    qospid: match publish.packet_id {
                        None => QosPid::AtMostOnce,
                        Some(id) => QosPid::AtLeastOnce(pid(id)),
                    },
                    retain: false,
                    topic_name: &publish.topic,
                    payload: &publish.payload,
                }),
                crate::Packet::Puback { packet_id } => Packet::Puback(pid(*packet_id)),
                other => super::unexpected(other),
            })
            .collect()
    }

    fn encode(_: Version, batch: &mut Self::Batch, output: &mut Slots) {
        for packet in batch {
            let free = &mut output.bytes[output.used..];
            output.used += encode_slice(packet, free).expect("there is room");
        }
    }
}

fn pid(id: u16) -> Pid {
    Pid::try_from(id).expect("not zero")
}

//! rumqttc 0.25, its codec of 3.1.1, in the `Framed` of its event loop.

use bytes::BytesMut;
use nack_codec::Version;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{Codec, Packet, PubAck, Publish};
use tokio_util::codec::Decoder as _;

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE};
use crate::Workload;

/// The codec of a connection.
pub(super) struct RumqttcV4(Codec);

impl Decoder for RumqttcV4 {
    const NAME: &'static str = "rumqttc v4";
    type Packet<'a> = Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn new(_: Version) -> Self {
        Self(Codec {
            max_incoming_size: MAXIMUM_PACKET_SIZE as usize,
            max_outgoing_size: MAXIMUM_PACKET_SIZE as usize,
        })
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet)) {
        loop {
            match &self.0.decode(buffer) {
                Ok(Some(packet)) => visit(packet),
                Ok(None) => break,
                Err(error) => super::unexpected(error),
            }
        }
    }

    fn fields(packet: &Packet) -> crate::Packet {
        fields(packet)
    }
}

impl Encoder for RumqttcV4 {
    const NAME: &'static str = "rumqttc v4";
    type Batch = Vec<Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn batch(workload: Workload) -> Vec<Packet> {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
        for packet in batch {
            packet
                .write(output, MAXIMUM_PACKET_SIZE as usize)
                .expect("it can be said");
        }
    }
}

super::rumqtt_family::v4_packets!();

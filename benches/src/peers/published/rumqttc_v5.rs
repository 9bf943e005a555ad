//! rumqttc 0.25, its codec of 5.0, in the `Framed` of its event loop.

use bytes::BytesMut;
use nack_codec::Version;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Codec, Packet, PubAck, PubAckReason, Publish, PublishProperties, SubAck, SubscribeReasonCode,
};
use tokio_util::codec::Decoder as _;

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE};
use crate::Workload;

/// The codec of a connection.
pub(super) struct RumqttcV5(Codec);

impl Decoder for RumqttcV5 {
    const NAME: &'static str = "rumqttc v5";
    type Packet<'a> = Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn new(_: Version) -> Self {
        Self(Codec {
            max_incoming_size: Some(MAXIMUM_PACKET_SIZE),
            max_outgoing_size: Some(MAXIMUM_PACKET_SIZE),
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

impl Encoder for RumqttcV5 {
    const NAME: &'static str = "rumqttc v5";
    type Batch = Vec<Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn batch(workload: Workload) -> Vec<Packet> {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
        for packet in batch {
            packet
                .write(output, Some(MAXIMUM_PACKET_SIZE))
                .expect("it can be said");
        }
    }
}

super::rumqtt_family::suback_reasons!();
super::rumqtt_family::v5_packets!();

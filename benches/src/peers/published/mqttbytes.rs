//! mqttbytes: the codec that rumqttc grew from, a module a version.

use bytes::BytesMut;
use mqttbytes::{Error, QoS};
use nack_codec::Version;

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE};
use crate::Workload;

/// The codec of 3.1.1.
pub(super) struct V4;

/// The codec of 5.0.
pub(super) struct V5;

mod v4 {
    use mqttbytes::v4::{Packet, PubAck, Publish};

    use super::*;

    impl Decoder for V4 {
        const NAME: &'static str = "mqttbytes v4";
        type Packet<'a> = Packet;

        fn left_out(workload: Workload) -> Option<&'static str> {
            crate::peers::published::only_v311(workload)
        }

        fn new(_: Version) -> Self {
            Self
        }

        fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet)) {
            loop {
                match &mqttbytes::v4::read(buffer, MAXIMUM_PACKET_SIZE as usize) {
                    Ok(packet) => visit(packet),
                    Err(Error::InsufficientBytes(_)) => break,
                    Err(error) => crate::peers::unexpected(error),
                }
            }
        }

        fn fields(packet: &Packet) -> crate::Packet {
            fields(packet)
        }
    }

    impl Encoder for V4 {
        const NAME: &'static str = "mqttbytes v4";
        type Batch = Vec<Packet>;
        type Output = BytesMut;

        fn left_out(workload: Workload) -> Option<&'static str> {
            crate::peers::published::only_v311(workload)
        }

        fn batch(workload: Workload) -> Vec<Packet> {
            workload.packets().iter().map(outgoing).collect()
        }

        fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
            for packet in batch {
                match packet {
                    Packet::Publish(publish) => publish.write(output),
                    Packet::PubAck(puback) => puback.write(output),
                    other => crate::peers::unexpected(other),
                }
                .expect("it can be said");
            }
        }
    }

    crate::peers::published::rumqtt_family::v4_packets!();
}

mod v5 {
    use mqttbytes::v5::{
        Packet, PubAck, PubAckReason, Publish, PublishProperties, SubAck, SubscribeReasonCode,
    };

    use super::*;

    impl Decoder for V5 {
        const NAME: &'static str = "mqttbytes v5";
        type Packet<'a> = Packet;

        fn left_out(workload: Workload) -> Option<&'static str> {
            crate::peers::published::only_v5(workload)
        }

        fn new(_: Version) -> Self {
            Self
        }

        fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet)) {
            loop {
                match &mqttbytes::v5::read(buffer, MAXIMUM_PACKET_SIZE as usize) {
                    Ok(packet) => visit(packet),
                    Err(Error::InsufficientBytes(_)) => break,
                    Err(error) => crate::peers::unexpected(error),
                }
            }
        }

        fn fields(packet: &Packet) -> crate::Packet {
            fields(packet)
        }
    }

    impl Encoder for V5 {
        const NAME: &'static str = "mqttbytes v5";
        type Batch = Vec<Packet>;
        type Output = BytesMut;

        fn left_out(workload: Workload) -> Option<&'static str> {
            crate::peers::published::only_v5(workload)
        }

        fn batch(workload: Workload) -> Vec<Packet> {
            workload.packets().iter().map(outgoing).collect()
        }

        fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
            for packet in batch {
                match packet {
                    Packet::Publish(publish) => publish.write(output),
                    Packet::PubAck(puback) => puback.write(output),
                    Packet::SubAck(suback) => suback.write(output),
                    other => crate::peers::unexpected(other),
                }
                .expect("it can be said");
            }
        }
    }

    const REASONS: [(u8, SubscribeReasonCode); 7] = [
        (0x00, SubscribeReasonCode::QoS0),
        (0x01, SubscribeReasonCode::QoS1),
        (0x02, SubscribeReasonCode::QoS2),
        (0x80, SubscribeReasonCode::Unspecified),
        (0x87, SubscribeReasonCode::NotAuthorized),
        (0x8F, SubscribeReasonCode::TopicFilterInvalid),
        (0x97, SubscribeReasonCode::QuotaExceeded),
    ];

    crate::peers::published::rumqtt_family::v5_packets!();
}

//! The codec inside the broker rumqttd, as its network layer drives it.
//!
//! A message's packet identifier and flags are private to it: they are read, and given, by its own
//! serialization. Its encoder takes packets by value.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use nack_codec::Version;
use rumqttd::protocol::{
    Error, Packet, Protocol, PubAck, PubAckReason, Publish, PublishProperties, SubAck,
    SubscribeReasonCode, v4, v5,
};

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE};
use crate::Workload;

/// The codec of 3.1.1.
pub(super) struct V4;

/// The codec of 5.0.
pub(super) struct V5;

impl Decoder for V4 {
    const NAME: &'static str = "rumqttd v4";
    type Packet<'a> = Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn new(_: Version) -> Self {
        Self
    }

    fn decode(&mut self, buffer: &mut BytesMut, visit: impl FnMut(&Packet)) {
        decode(v4::V4, buffer, visit);
    }

    fn fields(packet: &Packet) -> crate::Packet {
        fields(packet)
    }
}

impl Decoder for V5 {
    const NAME: &'static str = "rumqttd v5";
    type Packet<'a> = Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn new(_: Version) -> Self {
        Self
    }

    fn decode(&mut self, buffer: &mut BytesMut, visit: impl FnMut(&Packet)) {
        decode(v5::V5, buffer, visit);
    }

    fn fields(packet: &Packet) -> crate::Packet {
        fields(packet)
    }
}

fn decode(mut protocol: impl Protocol, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet)) {
    loop {
        match &protocol.read_mut(buffer, MAXIMUM_PACKET_SIZE as usize) {
            Ok(packet) => visit(packet),
            Err(Error::InsufficientBytes(_)) => break,
            Err(error) => super::unexpected(error),
        }
    }
}

impl Encoder for V4 {
    const NAME: &'static str = "rumqttd v4";
    type Batch = Vec<Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn batch(workload: Workload) -> Vec<Packet> {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
        for packet in batch.drain(..) {
            v4::V4.write(packet, output).expect("it can be said");
        }
    }
}

impl Encoder for V5 {
    const NAME: &'static str = "rumqttd v5";
    type Batch = Vec<Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn batch(workload: Workload) -> Vec<Packet> {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Vec<Packet>, output: &mut BytesMut) {
        for packet in batch.drain(..) {
            v5::V5.write(packet, output).expect("it can be said");
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

fn fields(packet: &Packet) -> crate::Packet {
    match packet {
        Packet::Publish(publish, properties) => {
            let mut serialized = publish.serialize();
            let packet_id = match serialized.get_u8() {
                0x30 => None,
                0x32 => Some(serialized.get_u16()),
                other => super::unexpected(other),
            };
            crate::Packet::Publish(crate::Publish {
                topic: String::from_utf8(publish.topic.to_vec()).expect("the topics are text"),
                packet_id,
                properties: properties.as_ref().and_then(property_fields),
                payload: publish.payload.clone(),
            })
        }
        Packet::PubAck(puback, properties) => {
            assert_eq!(puback.reason, PubAckReason::Success);
            assert_eq!(*properties, None);
            crate::Packet::Puback {
                packet_id: puback.pkid,
            }
        }
        Packet::SubAck(suback, properties) => {
            assert_eq!(*properties, None);
            let code = |reason| {
                REASONS
                    .iter()
                    .find(|(_, known)| *known == reason)
                    .map(|(code, _)| *code)
            };
            crate::Packet::Suback {
                packet_id: suback.pkid,
                reasons: suback
                    .return_codes
                    .iter()
                    .copied()
                    .filter_map(code)
                    .collect(),
            }
        }
        other => super::unexpected(other),
    }
}

fn property_fields(read: &PublishProperties) -> Option<crate::PublishProperties> {
    assert_eq!(read.payload_format_indicator, None);
    assert_eq!(read.message_expiry_interval, None);
    assert!(read.subscription_identifiers.is_empty());
    Some(crate::PublishProperties {
        topic_alias: read.topic_alias?,
        content_type: read.content_type.clone()?,
        response_topic: read.response_topic.clone()?,
        correlation_data: read.correlation_data.clone()?,
        user_properties: read.user_properties.clone(),
    })
}

fn outgoing(packet: &crate::Packet) -> Packet {
    match packet {
        crate::Packet::Publish(publish) => {
            let mut serialized = BytesMut::new();
            serialized.put_u8(if publish.packet_id.is_some() {
                0x32
            } else {
                0x30
            });
            serialized.put_u16(publish.packet_id.unwrap_or(0));
            serialized.put_u16(publish.topic.len() as u16);
            serialized.put_slice(publish.topic.as_bytes());
            let mut message = Publish::deserialize(serialized.freeze());
            message.payload = publish.payload.clone();
            let properties = publish
                .properties
                .as_ref()
                .map(|properties| PublishProperties {
                    topic_alias: Some(properties.topic_alias),
                    response_topic: Some(properties.response_topic.clone()),
                    correlation_data: Some(Bytes::clone(&properties.correlation_data)),
                    user_properties: properties.user_properties.clone(),
                    content_type: Some(properties.content_type.clone()),
                    ..PublishProperties::default()
                });
            Packet::Publish(message, properties)
        }
        crate::Packet::Puback { packet_id } => Packet::PubAck(
            PubAck {
                pkid: *packet_id,
                reason: PubAckReason::Success,
            },
            None,
        ),
        crate::Packet::Suback { packet_id, reasons } => {
            let return_codes = reasons
                .iter()
                .filter_map(|code| REASONS.iter().find(|(known, _)| known == code))
                .map(|(_, reason)| *reason)
                .collect();
            Packet::SubAck(
                SubAck {
                    pkid: *packet_id,
                    return_codes,
                },
                None,
            )
        }
    }
}

//! rmqtt-codec: a decoder and encoder of `tokio_util::codec` a version, as in the `Framed` of its
//! client. The encoder takes packets by value.

use std::num::NonZeroU16;

use bytes::BytesMut;
use nack_codec::Version;
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE};
use crate::Workload;

/// The codec of 3.1.1, which remembers a header whose body has not come.
pub(super) struct V3(v3::Codec);

/// The codec of 5.0, which does so too.
pub(super) struct V5(v5::Codec);

impl Decoder for V3 {
    const NAME: &'static str = "rmqtt-codec v3";
    type Packet<'a> = v3::Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn new(_: Version) -> Self {
        Self(v3::Codec::new(MAXIMUM_PACKET_SIZE))
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&v3::Packet)) {
        loop {
            match &self.0.decode(buffer) {
                Ok(Some((packet, _))) => visit(packet),
                Ok(None) => break,
                Err(error) => super::unexpected(error),
            }
        }
    }

    fn fields(packet: &v3::Packet) -> crate::Packet {
        match packet {
            v3::Packet::Publish(publish) => fields(publish),
            v3::Packet::PublishAck { packet_id } => crate::Packet::Puback {
                packet_id: packet_id.get(),
            },
            other => super::unexpected(other),
        }
    }
}

impl Decoder for V5 {
    const NAME: &'static str = "rmqtt-codec v5";
    type Packet<'a> = v5::Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn new(_: Version) -> Self {
        Self(v5::Codec::new(MAXIMUM_PACKET_SIZE, MAXIMUM_PACKET_SIZE))
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&v5::Packet)) {
        loop {
            match &self.0.decode(buffer) {
                Ok(Some((packet, _))) => visit(packet),
                Ok(None) => break,
                Err(error) => super::unexpected(error),
            }
        }
    }

    fn fields(packet: &v5::Packet) -> crate::Packet {
        match packet {
            v5::Packet::Publish(publish) => fields(publish),
            v5::Packet::PublishAck(puback) => {
                let success = v5::PublishAck {
                    packet_id: puback.packet_id,
                    ..Default::default()
                };
                assert_eq!(*puback, success);
                crate::Packet::Puback {
                    packet_id: puback.packet_id.get(),
                }
            }
            v5::Packet::SubscribeAck(suback) => {
                assert!(suback.properties.is_empty() && suback.reason_string.is_none());
                crate::Packet::Suback {
                    packet_id: suback.packet_id.get(),
                    reasons: suback
                        .status
                        .iter()
                        .map(|reason| (*reason).into())
                        .collect(),
                }
            }
            other => super::unexpected(other),
        }
    }
}

fn fields(publish: &Publish) -> crate::Packet {
    assert!(!publish.dup && !publish.retain);
    assert_eq!(publish.qos == QoS::AtLeastOnce, publish.packet_id.is_some());
    let properties = publish.properties.as_ref();
    crate::Packet::Publish(crate::Publish {
        topic: publish.topic.to_string(),
        packet_id: publish.packet_id.map(NonZeroU16::get),
        properties: properties.and_then(property_fields),
        payload: publish.payload.clone(),
    })
}

fn property_fields(read: &v5::PublishProperties) -> Option<crate::PublishProperties> {
    assert_eq!(read.message_expiry_interval, None);
    assert!(!read.is_utf8_payload);
    assert!(read.subscription_ids.is_empty());
    let pair = |(name, value): &v5::UserProperty| (name.to_string(), value.to_string());
    Some(crate::PublishProperties {
        topic_alias: read.topic_alias?.get(),
        content_type: read.content_type.as_ref()?.to_string(),
        response_topic: read.response_topic.as_ref()?.to_string(),
        correlation_data: read.correlation_data.clone()?,
        user_properties: read.user_properties.iter().map(pair).collect(),
    })
}

impl Encoder for V3 {
    const NAME: &'static str = "rmqtt-codec v3";
    type Batch = Vec<v3::Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn batch(workload: Workload) -> Self::Batch {
        let packets = workload.packets().iter();
        packets
            .map(|packet| match packet {
                crate::Packet::Publish(publish) => {
                    v3::Packet::Publish(Box::new(message(publish, Version::V311)))
                }
                crate::Packet::Puback { packet_id } => v3::Packet::PublishAck {
                    packet_id: id(*packet_id),
                },
                other => super::unexpected(other),
            })
            .collect()
    }

    fn encode(_: Version, batch: &mut Self::Batch, output: &mut BytesMut) {
        let mut codec = v3::Codec::new(MAXIMUM_PACKET_SIZE);
        for packet in batch.drain(..) {
            codec.encode(packet, output).expect("it can be said");
        }
    }
}

impl Encoder for V5 {
    const NAME: &'static str = "rmqtt-codec v5";
    type Batch = Vec<v5::Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        if workload.is_puback() {
            return Some("never writes the short form");
        }
        super::only_v5(workload)
    }

    fn batch(workload: Workload) -> Self::Batch {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Self::Batch, output: &mut BytesMut) {
        let mut codec = v5::Codec::new(MAXIMUM_PACKET_SIZE, MAXIMUM_PACKET_SIZE);
        for packet in batch.drain(..) {
            codec.encode(packet, output).expect("it can be said");
        }
    }
}

fn outgoing(packet: &crate::Packet) -> v5::Packet {
    match packet {
        crate::Packet::Publish(publish) => {
            v5::Packet::Publish(Box::new(message(publish, Version::V5)))
        }
        crate::Packet::Puback { packet_id } => v5::Packet::PublishAck(v5::PublishAck {
            packet_id: id(*packet_id),
            ..Default::default()
        }),
        crate::Packet::Suback { packet_id, reasons } => {
            v5::Packet::SubscribeAck(v5::SubscribeAck {
                packet_id: id(*packet_id),
                properties: Vec::new(),
                reason_string: None,
                status: reasons
                    .iter()
                    .filter_map(|code| (*code).try_into().ok())
                    .collect(),
            })
        }
    }
}

fn message(publish: &crate::Publish, version: Version) -> Publish {
    let properties = publish
        .properties
        .as_ref()
        .map(properties)
        .unwrap_or_default();
    Publish {
        dup: false,
        retain: false,
        qos: match publish.packet_id {
            Some(_) => QoS::AtLeastOnce,
            None => QoS::AtMostOnce,
        },
        topic: publish.topic.as_str().into(),
        packet_id: publish.packet_id.map(id),
        payload: publish.payload.clone(),
        properties: (version == Version::V5).then_some(properties),
    }
}

fn properties(properties: &crate::PublishProperties) -> v5::PublishProperties {
    let pair = |(name, value): &(String, String)| (name.as_str().into(), value.as_str().into());
    v5::PublishProperties {
        topic_alias: NonZeroU16::new(properties.topic_alias),
        content_type: Some(properties.content_type.as_str().into()),
        response_topic: Some(properties.response_topic.as_str().into()),
        correlation_data: Some(properties.correlation_data.clone()),
        user_properties: properties.user_properties.iter().map(pair).collect(),
        ..Default::default()
    }
}

fn id(packet_id: u16) -> NonZeroU16 {
    NonZeroU16::new(packet_id).expect("not zero")
}

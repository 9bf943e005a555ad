//! mqtt-proto: the fixed header, then the body from a slice, as its polling reader does, but without
//! that reader's copy of the body. Its encoder allocates a packet's bytes, which are then written.
//!
//! Its `Packet::decode` takes half as long again and more, as it drives an asynchronous decoder.

use bytes::{Buf, BytesMut};
use mqtt_proto::{Pid, PollHeader, QosPid, TopicName, v3, v5};
use nack_codec::Version;

use super::{Decoder, Encoder};
use crate::Workload;

/// The codec of 3.1.1.
pub(super) struct V3;

/// The codec of 5.0.
pub(super) struct V5;

fn decode<H: PollHeader>(buffer: &mut BytesMut, mut visit: impl FnMut(&H::Packet))
where
    H::Error: std::fmt::Debug,
{
    let mut end = 0;
    while let Some((header_len, remaining)) = super::fixed_header(&buffer[end..]) {
        let body = end + header_len;
        let next = body + remaining;
        let Some(bytes) = buffer.get(body..next) else {
            break;
        };
        let header = H::new_with(buffer[end], remaining as u32, (next - end) as u32);
        let header = header.expect("well formed");
        match &header.decode_buffer(bytes, &mut 0) {
            Ok(packet) => visit(packet),
            Err(error) => super::unexpected(error),
        }
        end = next;
    }
    buffer.advance(end);
}

impl Decoder for V3 {
    const NAME: &'static str = "mqtt-proto v3";
    type Packet<'a> = v3::Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn new(_: Version) -> Self {
        Self
    }

    fn decode(&mut self, buffer: &mut BytesMut, visit: impl FnMut(&v3::Packet)) {
        decode::<v3::Header>(buffer, visit);
    }

    fn fields(packet: &v3::Packet) -> crate::Packet {
        match packet {
            v3::Packet::Publish(publish) => {
                assert!(!publish.dup && !publish.retain);
                crate::Packet::Publish(crate::Publish {
                    topic: publish.topic_name.to_string(),
                    packet_id: packet_id(publish.qos_pid),
                    properties: None,
                    payload: publish.payload.clone(),
                })
            }
            v3::Packet::Puback(id) => crate::Packet::Puback {
                packet_id: id.value(),
            },
            other => super::unexpected(other),
        }
    }
}

impl Decoder for V5 {
    const NAME: &'static str = "mqtt-proto v5";
    type Packet<'a> = v5::Packet;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn new(_: Version) -> Self {
        Self
    }

    fn decode(&mut self, buffer: &mut BytesMut, visit: impl FnMut(&v5::Packet)) {
        decode::<v5::Header>(buffer, visit);
    }

    fn fields(packet: &v5::Packet) -> crate::Packet {
        match packet {
            v5::Packet::Publish(publish) => {
                assert!(!publish.dup && !publish.retain);
                crate::Packet::Publish(crate::Publish {
                    topic: publish.topic_name.to_string(),
                    packet_id: packet_id(publish.qos_pid),
                    properties: property_fields(&publish.properties),
                    payload: publish.payload.clone(),
                })
            }
            v5::Packet::Puback(puback) => {
                assert_eq!(*puback, v5::Puback::new_success(puback.pid));
                crate::Packet::Puback {
                    packet_id: puback.pid.value(),
                }
            }
            v5::Packet::Suback(suback) => {
                assert_eq!(suback.properties, v5::SubackProperties::default());
                crate::Packet::Suback {
                    packet_id: suback.pid.value(),
                    reasons: suback.topics.iter().map(|reason| *reason as u8).collect(),
                }
            }
            other => super::unexpected(other),
        }
    }
}

fn packet_id(qos_pid: QosPid) -> Option<u16> {
    match qos_pid {
        QosPid::Level0 => None,
        QosPid::Level1(id) => Some(id.value()),
        QosPid::Level2(_) => super::unexpected(qos_pid),
    }
}

fn property_fields(read: &v5::PublishProperties) -> Option<crate::PublishProperties> {
    assert_eq!(read.payload_is_utf8, None);
    assert_eq!(read.message_expiry_interval, None);
    assert_eq!(read.subscription_id, None);
    let pair = |pair: &v5::UserProperty| (pair.name.to_string(), pair.value.to_string());
    Some(crate::PublishProperties {
        topic_alias: read.topic_alias?,
        content_type: read.content_type.as_deref()?.to_owned(),
        response_topic: read.response_topic.as_deref()?.to_owned(),
        correlation_data: read.correlation_data.clone()?,
        user_properties: read.user_properties.iter().map(pair).collect(),
    })
}

impl Encoder for V3 {
    const NAME: &'static str = "mqtt-proto v3";
    type Batch = Vec<v3::Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v311(workload)
    }

    fn batch(workload: Workload) -> Self::Batch {
        let packets = workload.packets().iter();
        packets
            .map(|packet| match packet {
                crate::Packet::Publish(publish) => v3::Packet::Publish(v3::Publish {
                    dup: false,
                    retain: false,
                    qos_pid: qos_pid(publish.packet_id),
                    topic_name: topic_name(&publish.topic),
                    payload: publish.payload.clone(),
                }),
                crate::Packet::Puback { packet_id } => v3::Packet::Puback(pid(*packet_id)),
                other => super::unexpected(other),
            })
            .collect()
    }

    fn encode(_: Version, batch: &mut Self::Batch, output: &mut BytesMut) {
        for packet in batch {
            output.extend_from_slice(packet.encode().expect("it can be said").as_ref());
        }
    }
}

impl Encoder for V5 {
    const NAME: &'static str = "mqtt-proto v5";
    type Batch = Vec<v5::Packet>;
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        super::only_v5(workload)
    }

    fn batch(workload: Workload) -> Self::Batch {
        workload.packets().iter().map(outgoing).collect()
    }

    fn encode(_: Version, batch: &mut Self::Batch, output: &mut BytesMut) {
        for packet in batch {
            output.extend_from_slice(packet.encode().expect("it can be said").as_ref());
        }
    }
}

fn outgoing(packet: &crate::Packet) -> v5::Packet {
    match packet {
        crate::Packet::Publish(publish) => v5::Packet::Publish(v5::Publish {
            dup: false,
            retain: false,
            qos_pid: qos_pid(publish.packet_id),
            topic_name: topic_name(&publish.topic),
            payload: publish.payload.clone(),
            properties: publish
                .properties
                .as_ref()
                .map(properties)
                .unwrap_or_default(),
        }),
        crate::Packet::Puback { packet_id } => {
            v5::Packet::Puback(v5::Puback::new_success(pid(*packet_id)))
        }
        crate::Packet::Suback { packet_id, reasons } => {
            let reason = |code: &u8| v5::SubscribeReasonCode::from_u8(*code);
            v5::Packet::Suback(v5::Suback {
                pid: pid(*packet_id),
                properties: v5::SubackProperties::default(),
                topics: reasons.iter().filter_map(reason).collect(),
            })
        }
    }
}

fn properties(properties: &crate::PublishProperties) -> v5::PublishProperties {
    let pair = |(name, value): &(String, String)| v5::UserProperty {
        name: name.as_str().into(),
        value: value.as_str().into(),
    };
    v5::PublishProperties {
        topic_alias: Some(properties.topic_alias),
        content_type: Some(properties.content_type.as_str().into()),
        response_topic: Some(topic_name(&properties.response_topic)),
        correlation_data: Some(properties.correlation_data.clone()),
        user_properties: properties.user_properties.iter().map(pair).collect(),
        ..v5::PublishProperties::default()
    }
}

fn pid(id: u16) -> Pid {
    Pid::try_from(id).expect("not zero")
}

fn qos_pid(packet_id: Option<u16>) -> QosPid {
    packet_id.map_or(QosPid::Level0, |id| QosPid::Level1(pid(id)))
}

fn topic_name(topic: &str) -> TopicName {
    TopicName::try_from(topic).expect("a valid topic")
}

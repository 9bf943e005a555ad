//! Packets that borrow from the read buffer.

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Framer, Packet, PacketId, Properties, Property, Puback, Publish, QoS, Suback, SubackReason,
    Version,
};

use crate::peers::{Decoder, MAXIMUM_PACKET_SIZE, unexpected};
use crate::{PublishProperties, Workload};

/// Packets that borrow from the read buffer, as the session and the mock broker see them.
pub(in crate::peers) struct Borrowed {
    version: Version,
    framer: Framer,
}

impl Decoder for Borrowed {
    const NAME: &'static str = "nack (borrowed)";
    type Packet<'a> = Packet<'a>;

    fn left_out(_: Workload) -> Option<&'static str> {
        None
    }

    fn new(version: Version) -> Self {
        Self {
            version,
            framer: Framer::new(MAXIMUM_PACKET_SIZE, version),
        }
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Packet<'_>)) {
        let frames = self.framer.split(buffer);
        for frame in &frames {
            let frame = frame.expect("the headers are well formed");
            match &frame.decode(self.version) {
                Ok(packet) => visit(packet),
                Err(error) => unexpected(error),
            }
        }
    }

    fn fields(packet: &Packet<'_>) -> crate::Packet {
        match packet {
            Packet::Publish(publish) => fields(publish),
            Packet::Puback(puback) => {
                assert_eq!(*puback, Puback::success(puback.packet_id));
                crate::Packet::Puback {
                    packet_id: puback.packet_id.get(),
                }
            }
            Packet::Suback(suback) => suback_fields(suback),
            other => unexpected(other),
        }
    }
}

fn fields(publish: &Publish<'_>) -> crate::Packet {
    assert!(!publish.dup && !publish.retain);
    assert_eq!(publish.packet_id.is_some(), publish.qos == QoS::AtLeastOnce);
    crate::Packet::Publish(crate::Publish {
        topic: publish
            .topic
            .expect("no workload leaves it out")
            .get()
            .to_owned(),
        packet_id: publish.packet_id.map(PacketId::get),
        properties: property_fields(&publish.properties),
        payload: Bytes::copy_from_slice(publish.payload),
    })
}

fn property_fields(properties: &Properties<&[u8]>) -> Option<PublishProperties> {
    if properties.is_empty() {
        return None;
    }
    let mut topic_alias = None;
    let mut content_type = None;
    let mut response_topic = None;
    let mut correlation_data = None;
    let mut user_properties = Vec::new();
    for property in properties.iter() {
        match property {
            Property::TopicAlias(alias) => topic_alias = Some(alias),
            Property::ContentType(text) => content_type = Some(text.get().to_owned()),
            Property::ResponseTopic(topic) => response_topic = Some(topic.get().to_owned()),
            Property::CorrelationData(data) => {
                correlation_data = Some(Bytes::copy_from_slice(data.get()));
            }
            Property::UserProperty(name, value) => {
                user_properties.push((name.get().to_owned(), value.get().to_owned()));
            }
            other => unexpected(other),
        }
    }
    Some(PublishProperties {
        topic_alias: topic_alias?,
        content_type: content_type?,
        response_topic: response_topic?,
        correlation_data: correlation_data?,
        user_properties,
    })
}

fn suback_fields(suback: &Suback<'_>) -> crate::Packet {
    assert!(suback.properties.is_empty());
    crate::Packet::Suback {
        packet_id: suback.packet_id.get(),
        reasons: suback.reasons.iter().map(SubackReason::as_u8).collect(),
    }
}

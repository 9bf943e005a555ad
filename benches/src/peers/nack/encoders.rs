//! Writing: payloads copied or linked, property blocks at hand or built.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Binary, List, Packet, PacketId, Properties, Property, PropertyList, Puback, Publish, QoS,
    Suback, SubackReason, Text, TopicName, Version,
};

use crate::peers::{Encoder, Output, unexpected};
use crate::{PublishProperties, Workload};

/// A packet to be written, and its payload and properties as the caller holds them.
pub(in crate::peers) struct Outgoing {
    packet: Packet<'static>,
    payload: Bytes,
    parts: Option<&'static PublishProperties>,
    list: Option<PropertyList<'static>>,
}

/// Payloads are copied behind their heads.
pub(in crate::peers) struct Copied;

impl Encoder for Copied {
    const NAME: &'static str = "nack";
    type Batch = &'static [Outgoing];
    type Output = BytesMut;

    fn left_out(_: Workload) -> Option<&'static str> {
        None
    }

    fn batch(workload: Workload) -> &'static [Outgoing] {
        outgoing(workload)
    }

    fn encode(version: Version, batch: &mut &'static [Outgoing], output: &mut BytesMut) {
        for Outgoing { packet, .. } in *batch {
            // The client's session writes a message as what it is, and so do peers' clients.
            let encoded = match packet {
                Packet::Publish(publish) => publish.encode(version, output),
                packet => packet.encode(version, output),
            };
            encoded.expect("both versions can say it");
        }
    }
}

/// Payloads stay where they are, to be written from there by a vectored write.
pub(in crate::peers) struct Linked;

/// The heads of packets, and the payloads between them.
pub(in crate::peers) struct Segments {
    heads: BytesMut,
    /// Each payload, and how many bytes of `heads` come before it.
    payloads: Vec<(usize, Bytes)>,
}

impl Output for Segments {
    fn with_capacity(_: usize) -> Self {
        Self {
            heads: BytesMut::with_capacity(4096),
            payloads: Vec::with_capacity(64),
        }
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.payloads.clear();
    }

    fn written(&self) -> Vec<u8> {
        let mut written = Vec::new();
        let mut from = 0;
        for (to, payload) in &self.payloads {
            written.extend(&self.heads[from..*to]);
            written.extend(payload);
            from = *to;
        }
        written.extend(&self.heads[from..]);
        written
    }
}

impl Encoder for Linked {
    const NAME: &'static str = "nack (linked)";
    type Batch = &'static [Outgoing];
    type Output = Segments;

    fn left_out(workload: Workload) -> Option<&'static str> {
        (!workload.has_large_payloads()).then_some("payloads below 4 KiB are copied")
    }

    fn batch(workload: Workload) -> &'static [Outgoing] {
        outgoing(workload)
    }

    fn encode(version: Version, batch: &mut &'static [Outgoing], output: &mut Segments) {
        for Outgoing {
            packet, payload, ..
        } in *batch
        {
            let Packet::Publish(publish) = packet else {
                unexpected(packet)
            };
            publish
                .encode_head(version, &mut output.heads)
                .expect("both versions can say it");
            output.payloads.push((output.heads.len(), payload.clone()));
        }
    }
}

/// The property block is built from its parts for each packet, as where no two are alike.
pub(in crate::peers) struct Built;

impl Encoder for Built {
    const NAME: &'static str = "nack (built)";
    type Batch = &'static [Outgoing];
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        (!workload.has_properties()).then_some("there is nothing to build")
    }

    fn batch(workload: Workload) -> &'static [Outgoing] {
        outgoing(workload)
    }

    fn encode(version: Version, batch: &mut &'static [Outgoing], output: &mut BytesMut) {
        for Outgoing { packet, parts, .. } in *batch {
            let (Packet::Publish(publish), Some(parts)) = (packet, parts) else {
                unexpected(packet)
            };
            let properties = build(parts);
            let publish = Publish {
                properties: properties.borrow(),
                ..*publish
            };
            publish
                .encode(version, output)
                .expect("both versions can say it");
        }
    }
}

/// The properties are a list of values, which the caller has checked and holds, as peers' callers
/// hold their structures; they are written one by one.
pub(in crate::peers) struct Listed;

impl Encoder for Listed {
    const NAME: &'static str = "nack (listed)";
    type Batch = &'static [Outgoing];
    type Output = BytesMut;

    fn left_out(workload: Workload) -> Option<&'static str> {
        (!workload.has_properties()).then_some("there is nothing to list")
    }

    fn batch(workload: Workload) -> &'static [Outgoing] {
        outgoing(workload)
    }

    fn encode(version: Version, batch: &mut &'static [Outgoing], output: &mut BytesMut) {
        for Outgoing { packet, list, .. } in *batch {
            let (Packet::Publish(publish), Some(list)) = (packet, list) else {
                unexpected(packet)
            };
            let publish = Publish {
                dup: publish.dup,
                qos: publish.qos,
                retain: publish.retain,
                topic: publish.topic,
                packet_id: publish.packet_id,
                properties: *list,
                payload: publish.payload,
            };
            publish
                .encode(version, output)
                .expect("both versions can say it");
        }
    }
}

/// The packets of a workload, made once and kept: they borrow from what is never freed.
fn outgoing(workload: Workload) -> &'static [Outgoing] {
    static MADE: LazyLock<Mutex<BTreeMap<&'static str, &'static [Outgoing]>>> =
        LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(workload.id()).or_insert_with(|| {
        let packets: Vec<_> = workload.packets().iter().map(Outgoing::new).collect();
        packets.leak()
    })
}

impl Outgoing {
    fn new(packet: &'static crate::Packet) -> Self {
        match packet {
            crate::Packet::Publish(publish) => Self {
                packet: Packet::Publish(Publish {
                    dup: false,
                    qos: match publish.packet_id {
                        Some(_) => QoS::AtLeastOnce,
                        None => QoS::AtMostOnce,
                    },
                    retain: false,
                    topic: Some(TopicName::new(&*publish.topic).expect("a valid topic")),
                    packet_id: publish.packet_id.map(packet_id),
                    properties: match &publish.properties {
                        Some(properties) => {
                            let built: &'static _ = Box::leak(Box::new(build(properties)));
                            built.borrow()
                        }
                        None => Properties::empty(),
                    },
                    payload: &publish.payload,
                }),
                payload: publish.payload.clone(),
                parts: publish.properties.as_ref(),
                list: publish.properties.as_ref().map(list),
            },
            crate::Packet::Puback { packet_id: id } => Self {
                packet: Packet::Puback(Puback::success(packet_id(*id))),
                payload: Bytes::new(),
                parts: None,
                list: None,
            },
            crate::Packet::Suback {
                packet_id: id,
                reasons,
            } => {
                let reasons: Vec<_> = reasons
                    .iter()
                    .map(|code| SubackReason::from_u8(*code).expect("a known code"))
                    .collect();
                Self {
                    packet: Packet::Suback(Suback {
                        packet_id: packet_id(*id),
                        properties: Properties::empty(),
                        reasons: List::new(reasons.leak()),
                    }),
                    payload: Bytes::new(),
                    parts: None,
                    list: None,
                }
            }
        }
    }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("not zero")
}

fn build(properties: &PublishProperties) -> Properties<Vec<u8>> {
    let mut built = Properties::new();
    each_property(properties, |property| {
        built.push(property).expect("each once");
    });
    built
}

fn list(properties: &'static PublishProperties) -> PropertyList<'static> {
    let mut list = Vec::new();
    each_property(properties, |property| list.push(property));
    PropertyList::new(list.leak()).expect("each once")
}

/// Checks each string, and hands on the properties in turn.
#[inline]
fn each_property<'a>(properties: &'a PublishProperties, mut visit: impl FnMut(Property<'a>)) {
    fn text(text: &str) -> Text<&str> {
        Text::new(text).expect("a valid string")
    }
    visit(Property::ContentType(text(&properties.content_type)));
    let response_topic = TopicName::new(&*properties.response_topic).expect("a valid topic");
    visit(Property::ResponseTopic(response_topic));
    let data = Binary::new(&properties.correlation_data[..]).expect("short");
    visit(Property::CorrelationData(data));
    visit(Property::TopicAlias(properties.topic_alias));
    for (name, value) in &properties.user_properties {
        visit(Property::UserProperty(text(name), text(value)));
    }
}

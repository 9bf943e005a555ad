//! Ours: decoding borrowed and owned, encoding with payloads copied and linked.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Binary, Framer, List, Packet, PacketId, Properties, Property, Puback, PubackReason, Publish,
    QoS, Suback, SubackReason, Text, TopicName, Version,
};

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE, Output};
use crate::{PublishProperties, Workload};

/// Packets that borrow from the read buffer, as the session and the mock broker see them.
pub(super) struct Borrowed {
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
            visit(
                &frame
                    .decode(self.version)
                    .expect("the packets are well formed"),
            );
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
            other => super::unexpected(other),
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
            other => super::unexpected(other),
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

/// Packets that outlive the read buffer: one reference count on the read, and where in it what
/// lies.
pub(super) struct Owned {
    version: Version,
    framer: Framer,
}

/// A packet that was read in full and is kept.
pub(super) struct Kept {
    /// The packet's own bytes, shared with all others of the same read; none where nothing is left
    /// to be looked up.
    bytes: Option<Bytes>,
    content: KeptContent,
}

enum KeptContent {
    Publish {
        qos: QoS,
        flags: u8,
        packet_id: Option<PacketId>,
        topic: Range<u32>,
        payload: u32,
    },
    Puback {
        packet_id: PacketId,
        reason: PubackReason,
    },
    Suback {
        packet_id: PacketId,
    },
}

impl Decoder for Owned {
    const NAME: &'static str = "nack (owned)";
    type Packet<'a> = Kept;

    fn left_out(_: Workload) -> Option<&'static str> {
        None
    }

    fn new(version: Version) -> Self {
        Self {
            version,
            framer: Framer::new(MAXIMUM_PACKET_SIZE, version),
        }
    }

    fn decode(&mut self, buffer: &mut BytesMut, mut visit: impl FnMut(&Kept)) {
        let frames = self.framer.split(buffer);
        for frame in &frames {
            let frame = frame.expect("the headers are well formed");
            let kept = match frame
                .decode(self.version)
                .expect("the packets are well formed")
            {
                Packet::Publish(publish) => {
                    let whole = frame.bytes();
                    let topic = publish.topic.map_or("", TopicName::get);
                    let start = (topic.as_ptr().addr() - whole.as_ptr().addr()) as u32;
                    Kept {
                        bytes: Some(frames.bytes().slice_ref(whole)),
                        content: KeptContent::Publish {
                            qos: publish.qos,
                            flags: u8::from(publish.dup) | u8::from(publish.retain) << 1,
                            packet_id: publish.packet_id,
                            topic: start..start + topic.len() as u32,
                            payload: (whole.len() - publish.payload.len()) as u32,
                        },
                    }
                }
                Packet::Puback(Puback {
                    packet_id,
                    reason,
                    properties,
                }) => Kept {
                    bytes: (!properties.is_empty())
                        .then(|| frames.bytes().slice_ref(properties.block())),
                    content: KeptContent::Puback { packet_id, reason },
                },
                Packet::Suback(suback) => Kept {
                    bytes: Some(frames.bytes().slice_ref(frame.bytes())),
                    content: KeptContent::Suback {
                        packet_id: suback.packet_id,
                    },
                },
                other => super::unexpected(other),
            };
            visit(&kept);
        }
    }

    fn fields(kept: &Kept) -> crate::Packet {
        let bytes = kept.bytes.clone().unwrap_or_default();
        let again = || {
            let mut buffer = BytesMut::from(&bytes[..]);
            let mut found = None;
            let version = if matches!(
                kept.content,
                KeptContent::Publish {
                    packet_id: None,
                    ..
                }
            ) {
                Version::V311
            } else {
                Version::V5
            };
            Borrowed::new(version).decode(&mut buffer, |packet| {
                found = Some(Borrowed::fields(packet));
            });
            found.expect("a whole packet was kept")
        };
        match &kept.content {
            KeptContent::Publish {
                qos,
                flags,
                packet_id,
                topic,
                payload,
            } => {
                assert_eq!(*flags, 0);
                assert_eq!(packet_id.is_some(), *qos == QoS::AtLeastOnce);
                let topic = &bytes[topic.start as usize..topic.end as usize];
                let topic = String::from_utf8(topic.to_vec()).expect("checked when it was read");
                crate::Packet::Publish(crate::Publish {
                    topic,
                    packet_id: packet_id.map(PacketId::get),
                    properties: again().publish().properties.clone(),
                    payload: bytes.slice(*payload as usize..),
                })
            }
            KeptContent::Puback { packet_id, reason } => {
                assert_eq!(*reason, PubackReason::Success);
                crate::Packet::Puback {
                    packet_id: packet_id.get(),
                }
            }
            KeptContent::Suback { packet_id } => {
                let found = again();
                let crate::Packet::Suback {
                    packet_id: found_id,
                    ..
                } = &found
                else {
                    super::unexpected(found)
                };
                assert_eq!(packet_id.get(), *found_id);
                found
            }
        }
    }
}

/// A packet to be written, and its payload and properties as the caller holds them.
pub(super) struct Outgoing {
    packet: Packet<'static>,
    payload: Bytes,
    parts: Option<&'static PublishProperties>,
}

/// Payloads are copied behind their heads.
pub(super) struct Copied;

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
pub(super) struct Linked;

/// The heads of packets, and the payloads between them.
pub(super) struct Segments {
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
                super::unexpected(packet)
            };
            publish
                .encode_head(version, &mut output.heads)
                .expect("both versions can say it");
            output.payloads.push((output.heads.len(), payload.clone()));
        }
    }
}

/// The property block is built from its parts for each packet, as where no two are alike.
pub(super) struct Built;

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
                super::unexpected(packet)
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
            },
            crate::Packet::Puback { packet_id: id } => Self {
                packet: Packet::Puback(Puback::success(packet_id(*id))),
                payload: Bytes::new(),
                parts: None,
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
                }
            }
        }
    }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("not zero")
}

fn build(properties: &PublishProperties) -> Properties<Vec<u8>> {
    fn text(text: &str) -> Text<&str> {
        Text::new(text).expect("a valid string")
    }
    let mut built = Properties::new();
    let mut push = |property| built.push(property).expect("each once");
    push(Property::ContentType(text(&properties.content_type)));
    let response_topic = TopicName::new(&*properties.response_topic).expect("a valid topic");
    push(Property::ResponseTopic(response_topic));
    let data = Binary::new(&properties.correlation_data[..]).expect("short");
    push(Property::CorrelationData(data));
    push(Property::TopicAlias(properties.topic_alias));
    for (name, value) in &properties.user_properties {
        push(Property::UserProperty(text(name), text(value)));
    }
    built
}

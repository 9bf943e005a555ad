//! Packets that outlive the read buffer: one reference count on the read, and where in it what lies.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Frame, Framer, Packet, PacketId, Puback, PubackReason, Publish, QoS, Suback, TopicName, Version,
};

use super::Borrowed;
use crate::Workload;
use crate::peers::{Decoder, MAXIMUM_PACKET_SIZE, unexpected};

/// Packets that outlive the read buffer.
pub(in crate::peers) struct Owned {
    version: Version,
    framer: Framer,
}

/// A packet that was read in full and is kept.
pub(in crate::peers) enum Kept {
    Publish(KeptPublish),
    /// With its properties, if it has some.
    Puback {
        packet_id: PacketId,
        reason: PubackReason,
        properties: Option<Place>,
    },
    Suback {
        packet_id: PacketId,
        place: Place,
    },
}

/// A message that is kept.
pub(in crate::peers) struct KeptPublish {
    place: Place,
    topic: Range<u32>,
    payload: u32,
    packet_id: Option<PacketId>,
    qos: QoS,
    dup: bool,
    retain: bool,
    version: Version,
}

/// Where in its read a packet lies. All packets of a read share its reference count.
pub(in crate::peers) struct Place {
    read: Bytes,
    start: u32,
    end: u32,
}

impl Place {
    #[inline]
    fn of(frame: &Frame<'_>, read: &Bytes) -> Self {
        let start = offset(frame.bytes(), read);
        Self {
            read: read.clone(),
            start,
            end: start + frame.bytes().len() as u32,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.read[self.start as usize..self.end as usize]
    }
}

/// Where `part` begins in `whole`, of which it is a part.
#[inline]
fn offset(part: &[u8], whole: &[u8]) -> u32 {
    (part.as_ptr().addr() - whole.as_ptr().addr()) as u32
}

impl KeptPublish {
    #[inline]
    fn new(publish: &Publish<'_>, version: Version, frame: &Frame<'_>, read: &Bytes) -> Self {
        let topic = publish.topic.map_or("", TopicName::get);
        let start = offset(topic.as_bytes(), read);
        let place = Place::of(frame, read);
        Self {
            topic: start..start + topic.len() as u32,
            payload: place.end - publish.payload.len() as u32,
            packet_id: publish.packet_id,
            qos: publish.qos,
            dup: publish.dup,
            retain: publish.retain,
            place,
            version,
        }
    }

    fn topic(&self) -> &str {
        let topic = &self.place.read[self.topic.start as usize..self.topic.end as usize];
        str::from_utf8(topic).expect("it was checked when it was read")
    }

    fn payload(&self) -> Bytes {
        self.place
            .read
            .slice(self.payload as usize..self.place.end as usize)
    }
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
        let read = frames.bytes();
        for frame in &frames {
            let frame = frame.expect("the headers are well formed");
            let kept = match &frame.decode(self.version) {
                Ok(Packet::Publish(publish)) => {
                    Kept::Publish(KeptPublish::new(publish, self.version, &frame, read))
                }
                Ok(Packet::Puback(Puback {
                    packet_id,
                    reason,
                    properties,
                })) => Kept::Puback {
                    packet_id: *packet_id,
                    reason: *reason,
                    properties: (!properties.is_empty()).then(|| Place::of(&frame, read)),
                },
                Ok(Packet::Suback(Suback { packet_id, .. })) => Kept::Suback {
                    packet_id: *packet_id,
                    place: Place::of(&frame, read),
                },
                other => unexpected(other),
            };
            visit(&kept);
        }
    }

    fn fields(kept: &Kept) -> crate::Packet {
        match kept {
            Kept::Publish(publish) => {
                assert!(!publish.dup && !publish.retain);
                assert_eq!(publish.packet_id.is_some(), publish.qos == QoS::AtLeastOnce);
                crate::Packet::Publish(crate::Publish {
                    topic: publish.topic().to_owned(),
                    packet_id: publish.packet_id.map(PacketId::get),
                    // Looked up where they lie, by reading that place again.
                    properties: again(&publish.place, publish.version)
                        .publish()
                        .properties
                        .clone(),
                    payload: publish.payload(),
                })
            }
            Kept::Puback {
                packet_id,
                reason,
                properties,
            } => {
                assert_eq!(*reason, PubackReason::Success);
                assert!(properties.is_none());
                crate::Packet::Puback {
                    packet_id: packet_id.get(),
                }
            }
            Kept::Suback { packet_id, place } => {
                let found = again(place, Version::V5);
                let crate::Packet::Suback {
                    packet_id: found_id,
                    ..
                } = &found
                else {
                    unexpected(found)
                };
                assert_eq!(packet_id.get(), *found_id);
                found
            }
        }
    }
}

fn again(place: &Place, version: Version) -> crate::Packet {
    let mut buffer = BytesMut::from(place.bytes());
    let mut found = None;
    Borrowed::new(version).decode(&mut buffer, |packet| found = Some(Borrowed::fields(packet)));
    found.expect("a whole packet was kept")
}

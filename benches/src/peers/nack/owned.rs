//! Packets that outlive the read buffer: one reference count on the read, and where in it what lies.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Frame, Framer, Packet, PacketId, Puback, PubackReason, Publish, QoS, Suback, Version,
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
pub(in crate::peers) struct Kept {
    kind: Kind,
    packet_id: Option<PacketId>,
    /// The bytes that it was read from, where something in them is still to be looked up. All
    /// packets of a read share its reference count.
    read: Option<Bytes>,
    /// Where in them it lies, and where in it what lies.
    place: Range<u32>,
    topic: Range<u32>,
    payload: u32,
}

#[derive(Clone, Copy)]
enum Kind {
    Publish {
        qos: QoS,
        dup: bool,
        retain: bool,
        version: Version,
    },
    Puback {
        reason: PubackReason,
    },
    Suback,
}

impl Kept {
    #[inline]
    fn publish(publish: &Publish<'_>, version: Version, frame: &Frame<'_>, read: &Bytes) -> Self {
        let place = place(frame.bytes(), read);
        Self {
            kind: Kind::Publish {
                qos: publish.qos,
                dup: publish.dup,
                retain: publish.retain,
                version,
            },
            packet_id: publish.packet_id,
            topic: publish
                .topic
                .map_or(0..0, |topic| self::place(topic.get().as_bytes(), read)),
            payload: place.end - publish.payload.len() as u32,
            read: Some(read.clone()),
            place,
        }
    }

    #[inline]
    fn puback(puback: &Puback<'_>, frame: &Frame<'_>, read: &Bytes) -> Self {
        Self {
            kind: Kind::Puback {
                reason: puback.reason,
            },
            packet_id: Some(puback.packet_id),
            read: (!puback.properties.is_empty()).then(|| read.clone()),
            place: place(frame.bytes(), read),
            topic: 0..0,
            payload: 0,
        }
    }

    #[inline]
    fn suback(suback: &Suback<'_>, frame: &Frame<'_>, read: &Bytes) -> Self {
        Self {
            kind: Kind::Suback,
            packet_id: Some(suback.packet_id),
            read: Some(read.clone()),
            place: place(frame.bytes(), read),
            topic: 0..0,
            payload: 0,
        }
    }

    fn bytes(&self, range: Range<u32>) -> Bytes {
        let read = self.read.as_ref().expect("kept where it is looked up");
        read.slice(range.start as usize..range.end as usize)
    }

    /// What its bytes say, read once more: for what is looked up where it lies.
    fn again(&self, version: Version) -> crate::Packet {
        let mut buffer = BytesMut::from(self.bytes(self.place.clone()));
        let mut found = None;
        Borrowed::new(version).decode(&mut buffer, |packet| {
            found = Some(Borrowed::fields(packet));
        });
        found.expect("a whole packet was kept")
    }
}

/// Where `part` lies in `whole`, of which it is a part.
#[inline]
fn place(part: &[u8], whole: &[u8]) -> Range<u32> {
    let start = (part.as_ptr().addr() - whole.as_ptr().addr()) as u32;
    start..start + part.len() as u32
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
                Ok(Packet::Publish(publish)) => Kept::publish(publish, self.version, &frame, read),
                Ok(Packet::Puback(puback)) => Kept::puback(puback, &frame, read),
                Ok(Packet::Suback(suback)) => Kept::suback(suback, &frame, read),
                other => unexpected(other),
            };
            visit(&kept);
        }
    }

    fn fields(kept: &Kept) -> crate::Packet {
        match kept.kind {
            Kind::Publish {
                qos,
                dup,
                retain,
                version,
            } => {
                assert!(!dup && !retain);
                assert_eq!(kept.packet_id.is_some(), qos == QoS::AtLeastOnce);
                let topic = kept.bytes(kept.topic.clone()).to_vec();
                crate::Packet::Publish(crate::Publish {
                    topic: String::from_utf8(topic).expect("it was checked when it was read"),
                    packet_id: kept.packet_id.map(PacketId::get),
                    properties: kept.again(version).publish().properties.clone(),
                    payload: kept.bytes(kept.payload..kept.place.end),
                })
            }
            Kind::Puback { reason } => {
                assert_eq!(reason, PubackReason::Success);
                assert_eq!(kept.read, None);
                let packet_id = kept.packet_id.expect("every PUBACK has one").get();
                crate::Packet::Puback { packet_id }
            }
            Kind::Suback => {
                let found = kept.again(Version::V5);
                let crate::Packet::Suback { packet_id, .. } = &found else {
                    unexpected(found)
                };
                assert_eq!(kept.packet_id.map(PacketId::get), Some(*packet_id));
                found
            }
        }
    }
}

//! What is written reads as it was, in one form; what is not a packet is refused, and nothing more
//! happens.

use bytes::BytesMut;
use nack_codec::{Frame, Framer, MAXIMUM_PACKET_SIZE, Packet, Properties, TopicName, Version};
use proptest::prelude::*;

use crate::model::Model;
use crate::notation::hex;
use crate::strategies::{packets, versions};
use crate::vectors::{self, read, written};

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was((version, model) in packets()) {
        model.with_packet(|packet| {
            let bytes = written(packet, version);
            prop_assert_eq!(&read(&bytes, version), packet);
            Ok(())
        })?;
    }

    #[test]
    fn what_was_read_is_written_as_it_was((version, model) in packets()) {
        let bytes = model.with_packet(|packet| written(packet, version));
        prop_assert_eq!(hex(&written(&read(&bytes, version), version)), hex(&bytes));
    }

    #[test]
    fn a_packet_is_written_behind_what_is_there((version, model) in packets()) {
        let mut buffer = BytesMut::from(&b"before"[..]);
        model.with_packet(|packet| packet.encode(version, &mut buffer)).expect("it can be written");
        let alone = model.with_packet(|packet| written(packet, version));
        prop_assert_eq!(&buffer[..6], b"before");
        prop_assert_eq!(hex(&buffer[6..]), hex(&alone));
    }

    #[test]
    fn head_and_payload_of_a_publish_are_the_whole((version, model) in packets()) {
        model.with_packet(|packet| {
            let Packet::Publish(publish) = packet else { return Ok(()) };
            let mut buffer = BytesMut::new();
            publish.encode_head(version, &mut buffer).expect("it can be written");
            buffer.extend_from_slice(publish.payload);
            prop_assert_eq!(hex(&buffer), hex(&written(packet, version)));
            Ok(())
        })?;
    }

    #[test]
    fn kept_properties_are_a_part_of_the_read((version, model) in packets()) {
        let mut buffer = model.with_packet(|packet| written(packet, version));
        let frames = Framer::default().split(&mut buffer);
        for frame in &frames {
            let packet = frame.and_then(|frame| frame.decode(version)).expect("it was written");
            if let Packet::Publish(publish) = packet {
                let kept: Properties = publish.properties.slice_of(frames.bytes());
                prop_assert_eq!(&kept, &publish.properties);
                prop_assert!(lies_in(kept.block(), frames.bytes()));
            }
        }
    }

    #[test]
    fn nothing_is_copied_out_of_the_read_buffer((version, model) in packets()) {
        let bytes = model.with_packet(|packet| written(packet, version));
        if let Packet::Publish(publish) = read(&bytes, version) {
            prop_assert!(lies_in(publish.topic.map_or("", TopicName::get).as_bytes(), &bytes));
            prop_assert!(lies_in(publish.payload, &bytes));
            prop_assert!(lies_in(publish.properties.block(), &bytes));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), version in versions()) {
        harmless(&bytes, version)?;
    }

    #[test]
    fn arbitrary_bodies_never_panic(first: u8, body in prop::collection::vec(any::<u8>(), 0..64), version in versions()) {
        harmless(&crate::notation::framed(first, &body), version)?;
    }

    #[test]
    fn packets_with_wrong_bytes_never_panic(
        (version, model) in packets(),
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = model.with_packet(|packet| written(packet, version));
        for (index, byte) in wrong {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        harmless(&bytes, version)?;
    }

    #[test]
    fn packets_with_bytes_put_in_or_taken_out_never_panic(
        (version, model) in packets(),
        at: prop::sample::Index,
        inserted in prop::collection::vec(any::<u8>(), 0..4),
        removed in 0..4_usize,
    ) {
        let bytes = model.with_packet(|packet| written(packet, version));
        // The body alone, framed again, so that the change reaches the fields.
        let frame = Frame::first(&bytes, MAXIMUM_PACKET_SIZE, version);
        let mut body = frame.expect("accepted").expect("whole").body().to_vec();
        let start = at.index(body.len() + 1);
        let end = (start + removed).min(body.len());
        body.splice(start..end, inserted);
        prop_assume!(body.len() < 16_384);
        harmless(&crate::notation::framed(bytes[0], &body), version)?;
    }
}

/// Reads bytes that may be anything: either they are a packet, which can be written and is then
/// the same, or they are refused at a byte that they have.
fn harmless(bytes: &[u8], version: Version) -> Result<(), TestCaseError> {
    let frame = match Frame::first(bytes, MAXIMUM_PACKET_SIZE, version) {
        Ok(Some(frame)) => frame,
        Ok(None) => return Ok(()),
        Err(error) => {
            prop_assert!(error.offset() < bytes.len(), "{error}");
            return Ok(());
        }
    };
    match frame.decode(version) {
        Ok(packet) => {
            let version = match &packet {
                Packet::Connect(connect) => connect.version,
                _ => version,
            };
            let again = written(&packet, version);
            prop_assert_eq!(&read(&again, version), &packet);
            prop_assert_eq!(hex(&written(&read(&again, version), version)), hex(&again));
            // Walks all properties and lists.
            let model = Model::from(&packet);
            prop_assert_eq!(&model, &Model::from(&read(&again, version)));
        }
        // A field that is missing altogether is missing at the end.
        Err(error) => prop_assert!(error.offset() <= frame.bytes().len(), "{error}"),
    }
    Ok(())
}

fn lies_in(part: &[u8], whole: &[u8]) -> bool {
    part.is_empty() || whole.as_ptr_range().contains(&part.as_ptr())
}

#[test]
fn every_single_wrong_byte_in_every_vector_is_harmless() {
    for (vector, version) in vectors::all() {
        let bytes = vector.bytes();
        for index in 0..bytes.len() {
            for wrong in [
                0x00,
                0x01,
                0x7F,
                0x80,
                0xFF,
                bytes[index] ^ 0x01,
                bytes[index] ^ 0x80,
            ] {
                let mut bytes = bytes.clone();
                bytes[index] = wrong;
                harmless(&bytes, version)
                    .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
            }
        }
    }
}

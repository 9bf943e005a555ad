//! In which pieces the bytes arrive makes no difference.

use bytes::BytesMut;
use nack_codec::{DecodeError, DecodeErrorKind, Frame, Framer, MAXIMUM_PACKET_SIZE, Version};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::malformed;
use crate::notation::{hex, wire};
use crate::strategies::{conversations, versions};
use crate::vectors::{self, written};

/// What a connection has read: the bytes of each packet, or why it was the last, and what is left.
type Read = (Vec<Result<Vec<u8>, DecodeError>>, Vec<u8>);

/// Reads pieces as they arrive, up to the first error.
fn read<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, version: Version) -> Read {
    let framer = Framer::new(MAXIMUM_PACKET_SIZE, version);
    let mut buffer = BytesMut::new();
    let mut packets = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let frames = framer.split(&mut buffer);
        for frame in &frames {
            let checked = |frame: Frame<'_>| {
                frame.decode(version)?;
                Ok(frame.bytes().to_vec())
            };
            let packet = frame.and_then(checked);
            let refused = packet.is_err();
            packets.push(packet);
            if refused {
                // What is behind it is never looked at.
                return (packets, Vec::new());
            }
        }
    }
    (packets, buffer.to_vec())
}

/// The bytes in pieces of these sizes, the last of which is as long as need be.
fn pieces<'b>(mut bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for size in sizes {
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}

#[test]
fn every_vector_may_arrive_in_two_pieces_split_anywhere() {
    for (vector, version) in vectors::all() {
        let bytes = vector.bytes();
        for split in 1..bytes.len() {
            let (first, second) = bytes.split_at(split);
            let (packets, rest) = read([first], version);
            assert_eq!(packets, [], "{}: a part is no packet", vector.name);
            assert_eq!(rest, first, "a part is kept until the rest has come");
            assert_eq!(
                read([first, second], version),
                (vec![Ok(bytes.clone())], vec![])
            );
        }
    }
}

#[test]
fn every_vector_may_arrive_byte_by_byte() {
    for (vector, version) in vectors::all() {
        let bytes = vector.bytes();
        assert_eq!(
            read(bytes.chunks(1), version),
            (vec![Ok(bytes.clone())], vec![])
        );
    }
}

#[test]
fn all_vectors_of_a_version_may_arrive_in_pieces_of_any_size() {
    for version in Version::ALL {
        let of_version = vectors::all().filter(|(_, its)| *its == version);
        let packets: Vec<_> = of_version.map(|(vector, _)| vector.bytes()).collect();
        let stream = packets.concat();
        let expected: Read = (packets.into_iter().map(Ok).collect(), vec![]);
        for size in 1..100 {
            assert_eq!(
                read(stream.chunks(size), version),
                expected,
                "in pieces of {size}"
            );
        }
        assert_eq!(read([&stream[..]], version), expected);
    }
}

#[test]
fn every_refusal_is_the_same_in_whatever_pieces_its_bytes_arrive() {
    for row in malformed::rows() {
        for (version, _) in row.versions() {
            // Between two pings, of which the first is still read.
            let bytes = [wire("C0 00"), wire(row.notation), wire("C0 00")].concat();
            let whole = read([&bytes[..]], version);
            assert_eq!(whole.0.len(), 2, "{}", row.name);
            assert_eq!(whole.0[0], Ok(wire("C0 00")));
            let alone = malformed::refusal(&wire(row.notation), version);
            assert_eq!(whole.0[1], Err(alone), "{}", row.name);
            for split in 1..bytes.len() {
                let (first, second) = bytes.split_at(split);
                assert_eq!(
                    read([first, second], version),
                    whole,
                    "{} at {split}",
                    row.name
                );
            }
            assert_eq!(read(bytes.chunks(1), version), whole, "{}", row.name);
        }
    }
}

#[test]
fn wrong_flags_are_the_same_in_whatever_pieces_their_bytes_arrive() {
    // In both versions: a CONNECT names its own, and is not always asked for it.
    for (vector, _) in vectors::all() {
        for version in Version::ALL {
            for flags in 0..16 {
                let mut bytes = vector.bytes();
                bytes[0] = bytes[0] & 0xF0 | flags;
                assert_eq!(read(bytes.chunks(1), version), read([&bytes[..]], version));
            }
        }
    }
}

#[test]
fn packets_up_to_the_limit_pass_and_the_first_above_it_is_the_last() {
    let good = wire("30 0A 0001't' 78787878787878");
    let large = wire("30 0B 0001't' 7878787878787878");
    let stream = [&good[..], &good, &large, &good].concat();
    let framer = Framer::new(12, Version::V311);
    let mut buffer = BytesMut::from(&stream[..]);
    let frames = framer.split(&mut buffer);
    let found: Vec<_> = frames
        .iter()
        .map(|frame| frame.map(|frame| frame.bytes()))
        .collect();
    assert_eq!(found[..2], [Ok(&good[..]), Ok(&good[..])]);
    assert_eq!(found.len(), 3);
    let error = found[2].expect_err("one byte above the limit");
    assert_eq!(
        error.kind(),
        DecodeErrorKind::PacketTooLarge {
            size: 13,
            maximum: 12
        }
    );
    assert_eq!(frames.bytes(), &stream[..24]);
    // Its fixed header is enough.
    let mut buffer = BytesMut::from(&large[..2]);
    assert_eq!(framer.split(&mut buffer).iter().next(), Some(Err(error)));
}

proptest! {
    #[test]
    fn any_pieces_of_any_conversation_give_its_packets(
        (version, models) in conversations(),
        sizes in vec(prop_oneof![0..8_usize, 0..400_usize], 0..40),
    ) {
        let packets: Vec<_> = models
            .iter()
            .map(|model| model.with_packet(|packet| written(packet, version).to_vec()))
            .collect();
        let stream = packets.concat();
        let (found, rest) = read(pieces(&stream, &sizes), version);
        let found: Vec<_> = found.into_iter().map(|packet| packet.expect("all are good")).collect();
        prop_assert_eq!(found, packets);
        prop_assert_eq!(hex(&rest), "");
    }

    #[test]
    fn any_pieces_of_any_bytes_give_the_same(
        version in versions(),
        bytes in vec(prop_oneof![any::<u8>(), 0..4_u8, Just(0x30), Just(0xC0)], 0..64),
        sizes in vec(0..8_usize, 0..20),
    ) {
        prop_assert_eq!(read(pieces(&bytes, &sizes), version), read([&bytes[..]], version));
    }
}

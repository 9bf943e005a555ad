//! All codecs read the same fields and write the same bytes, on every workload that they have a
//! part in.

use nack_benches::peers::{Decoder, Encoder, OURS, Output, Visitor, visit};
use nack_benches::{Direction, Reading, Workload, Writing};

#[derive(Default)]
struct Agreement {
    /// The codecs that have a part in each workload.
    parts: Vec<(Workload, &'static str)>,
}

impl Visitor for Agreement {
    fn decoder<D: Decoder>(&mut self) {
        for workload in Workload::all().filter(|found| found.direction() == Direction::Decode) {
            if D::left_out(workload).is_some() {
                continue;
            }
            let mut expected = workload.packets().iter();
            let mut reading = Reading::<D>::new(workload);
            reading.fields(|found| {
                assert_eq!(
                    Some(&found),
                    expected.next(),
                    "{workload} read by {}",
                    D::NAME
                );
            });
            assert_eq!(expected.next(), None, "{workload} read by {}", D::NAME);
            assert_eq!(reading.left_over(), 0, "{workload} read by {}", D::NAME);
            self.parts.push((workload, D::NAME));
        }
    }

    fn encoder<E: Encoder>(&mut self) {
        for workload in Workload::all().filter(|found| found.direction() == Direction::Encode) {
            if E::left_out(workload).is_some() {
                continue;
            }
            let mut output = Writing::<E>::output(workload);
            Writing::<E>::new(workload).encode(&mut output);
            let (mut found, mut expected) = (output.written(), workload.stream().to_vec());
            if workload.has_properties() {
                sort_properties(&mut found);
                sort_properties(&mut expected);
            }
            let differs = found
                .iter()
                .zip(&expected)
                .position(|(one, other)| one != other);
            assert!(
                found == expected,
                "{workload} written by {}: {} bytes of {}, first difference at {differs:?}",
                E::NAME,
                found.len(),
                expected.len()
            );
            self.parts.push((workload, E::NAME));
        }
    }
}

/// Brings the properties of each QoS 1 PUBLISH in `stream` into the order of their bytes: the
/// standard leaves the order to the sender.
fn sort_properties(stream: &mut [u8]) {
    let mut start = 0;
    while start < stream.len() {
        let (length, length_len) = var_int(&stream[start + 1..]);
        let body = start + 1 + length_len;
        let topic_len = usize::from(u16::from_be_bytes([stream[body], stream[body + 1]]));
        let properties = body + 2 + topic_len + 2;
        let (block_len, block_len_len) = var_int(&stream[properties..]);
        let block = &mut stream[properties + block_len_len..][..block_len];
        let mut sorted = split_properties(block);
        // Pairs of one name keep their order: it has a meaning.
        sorted.sort_by_key(|property| property[0]);
        let sorted = sorted.concat();
        block.copy_from_slice(&sorted);
        start = body + length;
    }
}

fn split_properties(block: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = block;
    while let Some(id) = rest.first() {
        let prefixed = |at: usize| 2 + usize::from(u16::from_be_bytes([rest[at], rest[at + 1]]));
        let length = match id {
            0x23 => 2,
            0x03 | 0x08 | 0x09 => prefixed(1),
            0x26 => {
                let name = prefixed(1);
                name + prefixed(1 + name)
            }
            other => panic!("no workload has property {other:#x}"),
        };
        let (property, others) = rest.split_at(1 + length);
        found.push(property.to_vec());
        rest = others;
    }
    found
}

fn var_int(bytes: &[u8]) -> (usize, usize) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    panic!("the integer has no end")
}

#[test]
fn all_codecs_read_the_same_fields_and_write_the_same_bytes() {
    let mut agreement = Agreement::default();
    visit(&mut agreement);
    for workload in Workload::all() {
        let names = agreement
            .parts
            .iter()
            .filter(|(found, _)| *found == workload);
        let (ours, theirs): (Vec<_>, Vec<_>) = names
            .map(|(_, name)| *name)
            .partition(|name| name.starts_with(OURS));
        assert!(!ours.is_empty(), "{workload} is not ours to do");
        let expected = if cfg!(feature = "peers") { 4 } else { 0 };
        assert!(
            theirs.len() >= expected,
            "{workload} has only {theirs:?} to compare with"
        );
    }
}

#[test]
fn properties_are_compared_whatever_their_order() {
    let one = b"\x32\x12\0\x01a\0\x01\x0A\x23\0\x07\x26\0\x01k\0\x01vhi";
    let other = b"\x32\x12\0\x01a\0\x01\x0A\x26\0\x01k\0\x01v\x23\0\x07hi";
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    assert_ne!(one, other);
    sort_properties(&mut one);
    sort_properties(&mut other);
    assert_eq!(one, other);
}

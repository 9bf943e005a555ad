//! The bytes of a packet, written by hand from the standard: no codec vouches for another here.

use nack_codec::Version;

use super::{Packet, Publish, PublishProperties};

/// Writes `packet` at the end of `stream`.
pub(super) fn write(packet: &Packet, version: Version, stream: &mut Vec<u8>) {
    let mut body = Vec::new();
    let first = match packet {
        Packet::Publish(publish) => {
            write_publish(publish, version, &mut body);
            // DUP and RETAIN clear; bit 1 is QoS 1.
            if publish.packet_id.is_some() {
                0x32
            } else {
                0x30
            }
        }
        Packet::Puback { packet_id } => {
            body.extend(packet_id.to_be_bytes());
            0x40
        }
        Packet::Suback { packet_id, reasons } => {
            body.extend(packet_id.to_be_bytes());
            if version == Version::V5 {
                body.push(0);
            }
            body.extend(reasons);
            0x90
        }
    };
    stream.push(first);
    write_length(body.len(), stream);
    stream.append(&mut body);
}

fn write_publish(publish: &Publish, version: Version, body: &mut Vec<u8>) {
    write_prefixed(publish.topic.as_bytes(), body);
    if let Some(packet_id) = publish.packet_id {
        body.extend(packet_id.to_be_bytes());
    }
    if version == Version::V5 {
        let mut block = Vec::new();
        if let Some(properties) = &publish.properties {
            write_properties(properties, &mut block);
        }
        write_length(block.len(), body);
        body.append(&mut block);
    }
    body.extend(&publish.payload);
}

fn write_properties(properties: &PublishProperties, block: &mut Vec<u8>) {
    block.push(0x03);
    write_prefixed(properties.content_type.as_bytes(), block);
    block.push(0x08);
    write_prefixed(properties.response_topic.as_bytes(), block);
    block.push(0x09);
    write_prefixed(&properties.correlation_data, block);
    block.push(0x23);
    block.extend(properties.topic_alias.to_be_bytes());
    for (name, value) in &properties.user_properties {
        block.push(0x26);
        write_prefixed(name.as_bytes(), block);
        write_prefixed(value.as_bytes(), block);
    }
}

fn write_prefixed(bytes: &[u8], body: &mut Vec<u8>) {
    let length = u16::try_from(bytes.len()).expect("the workloads have short strings");
    body.extend(length.to_be_bytes());
    body.extend(bytes);
}

fn write_length(mut length: usize, stream: &mut Vec<u8>) {
    while length >= 0x80 {
        stream.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    stream.push(length as u8);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Workload;

    #[track_caller]
    fn writes(packet: &Packet, version: Version, expected: &[u8]) {
        let mut stream = Vec::new();
        write(packet, version, &mut stream);
        assert_eq!(stream, expected);
    }

    #[test]
    fn small_packets_match_the_standard_byte_for_byte() {
        writes(
            &Packet::Puback { packet_id: 0x0102 },
            Version::V5,
            &[0x40, 2, 1, 2],
        );
        let suback = Packet::Suback {
            packet_id: 7,
            reasons: vec![0, 0x87],
        };
        writes(&suback, Version::V5, &[0x90, 5, 0, 7, 0, 0, 0x87]);
        let mut publish = Publish {
            topic: "a/b".to_owned(),
            packet_id: None,
            properties: None,
            payload: Bytes::from_static(b"hi"),
        };
        writes(
            &Packet::Publish(publish.clone()),
            Version::V311,
            b"\x30\x07\x00\x03a/bhi",
        );
        publish.packet_id = Some(9);
        writes(
            &Packet::Publish(publish),
            Version::V5,
            b"\x32\x0A\x00\x03a/b\x00\x09\x00hi",
        );
    }

    #[test]
    fn lengths_of_two_and_three_bytes_are_little_endian_groups_of_seven_bits() {
        for (length, expected) in [
            (127, &[0x7F][..]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xFF, 0x7F]),
            (16_384, &[0x80, 0x80, 0x01]),
            (1_048_602, &[0x9A, 0x80, 0x40]),
        ] {
            let mut stream = Vec::new();
            write_length(length, &mut stream);
            assert_eq!(stream, expected);
        }
    }

    #[test]
    fn every_workload_has_the_sizes_that_it_claims() {
        let sizes: Vec<_> = Workload::all()
            .map(|workload| {
                let packets = workload.packets();
                assert!(packets.iter().all(|packet| match packet {
                    Packet::Publish(publish) => publish.topic.len() == 24,
                    Packet::Puback { .. } | Packet::Suback { .. } => true,
                }));
                (
                    workload.id(),
                    packets.len(),
                    workload.stream().len() / packets.len(),
                )
            })
            .collect();
        assert_eq!(
            sizes,
            [
                ("D1", 1000, 44),
                ("D2", 1000, 285),
                ("D3", 64, 16_414),
                ("D4", 1, 1_048_606),
                ("D5", 1000, 95),
                ("D6", 1000, 259),
                ("D7", 1000, 4),
                ("D8", 1000, 13),
                ("D9", 1000, 285),
                ("E1", 1000, 44),
                ("E2", 1000, 285),
                ("E3", 64, 16_414),
                ("E4", 1, 1_048_606),
                ("E5", 1000, 95),
                ("E6", 1000, 259),
                ("E7", 1000, 4),
                ("E8", 1000, 13),
            ]
        );
    }
}

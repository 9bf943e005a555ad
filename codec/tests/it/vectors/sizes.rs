//! The borders of the remaining length (3.1.1: table 2.4), of the property length and of topics.

use nack_codec::{Packet, TopicName, Version};

use super::{read, written};
use crate::notation::{framed, wire};

/// The last value of each length, and the first of the next.
const BORDERS: &[(usize, &str)] = &[
    (127, "7F"),
    (128, "80 01"),
    (16_383, "FF 7F"),
    (16_384, "80 80 01"),
    (2_097_151, "FF FF 7F"),
    (2_097_152, "80 80 80 01"),
];

#[test]
fn remaining_length_takes_the_shortest_form_at_every_border() {
    for (length, notation) in BORDERS {
        let head = [wire("30"), wire(notation), wire("0001't'")].concat();
        let bytes = [&head[..], &vec![b'x'; length - 3]].concat();
        let packet = read(&bytes, Version::V311);
        let Packet::Publish(publish) = &packet else {
            panic!("not a PUBLISH")
        };
        assert_eq!(publish.payload.len(), length - 3);
        assert!(written(&packet, Version::V311) == bytes, "{length}");
    }
}

#[test]
fn property_length_takes_the_shortest_form_at_every_border() {
    for (length, notation) in BORDERS.iter().filter(|(length, _)| *length < 0xFFFF) {
        let correlation_data = length - 3;
        let block = [&[0x09][..], &(correlation_data as u16).to_be_bytes()].concat();
        let block = [&block[..], &vec![0xAB; correlation_data]].concat();
        let body = [wire("0001't'"), wire(notation), block].concat();
        let bytes = framed(0x30, &body);
        let packet = read(&bytes, Version::V5);
        let Packet::Publish(publish) = &packet else {
            panic!("not a PUBLISH")
        };
        assert_eq!(
            publish.properties.correlation_data().map(<[u8]>::len),
            Some(length - 3)
        );
        assert!(written(&packet, Version::V5) == bytes, "{length}");
    }
}

#[test]
fn topics_take_up_to_65_535_bytes() {
    // [MQTT-4.7.3-3]
    let topic = "t".repeat(65_535);
    let body = [&[0xFF, 0xFF], topic.as_bytes()].concat();
    let bytes = framed(0x30, &body);
    let packet = read(&bytes, Version::V311);
    let Packet::Publish(publish) = &packet else {
        panic!("not a PUBLISH")
    };
    assert_eq!(publish.topic.map(TopicName::get), Some(&topic[..]));
    assert!(written(&packet, Version::V311) == bytes);
}

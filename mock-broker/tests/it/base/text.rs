//! Text in packets, topic names and topic filters: what is none, and what is the same.

use nack_codec::{QoS, Version};
use nack_mock_broker::MockBroker;

use crate::peer::Peer;

/// A packet of less than 128 bytes, with no properties where the version has them.
fn packet(version: Version, first: u8, before: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut body = before.to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    body.extend_from_slice(behind);
    let mut packet = vec![first, u8::try_from(body.len()).unwrap()];
    packet.append(&mut body);
    packet
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&[0, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn publish(version: Version, topic: &[u8]) -> Vec<u8> {
    packet(version, 0x30, &text(topic), b"m")
}

fn subscribe(version: Version, filter: &[u8]) -> Vec<u8> {
    packet(
        version,
        0x82,
        b"\x00\x01",
        &[&text(filter)[..], b"\x00"].concat(),
    )
}

fn unsubscribe(version: Version, filter: &[u8]) -> Vec<u8> {
    packet(version, 0xA2, b"\x00\x01", &text(filter))
}

fn connect(version: Version, flags: u8, payload: &[u8]) -> Vec<u8> {
    let level = if version == Version::V5 { 5 } else { 4 };
    let before = [b"\x00\x04MQTT", &[level, flags | 2, 0, 0][..]].concat();
    packet(version, 0x10, &before, payload)
}

/// A client sends this, is sent away, and nobody hears of it.
async fn is_refused(version: Version, bytes: &[u8], code: u8) {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, version, "w").await;
    witness.subscribe("#", QoS::AtMostOnce).await;
    let mut peer = Peer::connected(&broker, version, "c").await;
    peer.send_bytes(bytes).await;
    peer.expects_refusal(code).await;
    witness.expects_nothing().await;
}

#[tokio::test]
async fn what_is_no_text_ends_the_connection() {
    for version in Version::ALL {
        for wrong in [
            // No first byte, too long a form, a surrogate, above U+10FFFF, cut off; U+0000.
            &b"\xFF"[..],
            b"\xC0\xAF",
            b"\xED\xA0\x80",
            b"\xF4\x90\x80\x80",
            b"a\xE2\x82",
            b"a\0b",
        ] {
            // [MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT-4.7.3-2], [MQTT-3.3.2-1], [MQTT-3.8.3-1],
            // [MQTT-3.10.3-1]; 3.1.1 [MQTT-1.5.3-1], [MQTT-1.5.3-2], [MQTT-3.8.3-1], [MQTT-3.10.3-1]
            for make in [publish, subscribe, unsubscribe] {
                is_refused(version, &make(version, wrong), 0x81).await;
            }
            let wrong = text(wrong);
            let will = match version {
                Version::V311 => [&b"\x00\x01c"[..], &wrong, b"\x00\x00"].concat(),
                Version::V5 => [&b"\x00\x01c\x00"[..], &wrong, b"\x00\x00"].concat(),
            };
            // [MQTT-3.1.3-4], [MQTT-3.1.3-11], [MQTT-3.1.3-12]; 3.1.1 [MQTT-3.1.3-4],
            // [MQTT-3.1.3-10], [MQTT-3.1.3-11]
            for connect in [
                connect(version, 0, &wrong),
                connect(version, 0x04, &will),
                connect(version, 0x80, &[b"\x00\x01c", &wrong[..]].concat()),
            ] {
                let broker = MockBroker::in_memory();
                let mut peer = Peer::stranger(&broker, version);
                peer.send_bytes(&connect).await;
                if version == Version::V5 {
                    let connack = peer.receive().await;
                    assert_eq!((connack[0], connack[3]), (0x20, 0x81), "{connect:02X?}");
                }
                peer.expects_end().await;
            }
        }
    }
}

#[tokio::test]
async fn a_user_property_is_two_texts() {
    for pair in [
        &b"\x00\x01\xFF\x00\x01v"[..],
        b"\x00\x01n\x00\x01\xFF",
        b"\x00\x01\x00\x00\x01v",
        b"\x00\x01n\x00\x01\x00",
    ] {
        let length = u8::try_from(pair.len() + 1).unwrap();
        let body = [b"\x00\x01t", &[length, 0x26][..], pair].concat();
        let mut packet = vec![0x30, u8::try_from(body.len()).unwrap()];
        packet.extend(body);
        // [MQTT-1.5.7-1]
        is_refused(Version::V5, &packet, 0x81).await;
    }
}

#[tokio::test]
async fn wildcards_are_not_for_topic_names() {
    for version in Version::ALL {
        for topic in [&b"a/+"[..], b"#", b"a/#/b", b"a+", b"a#"] {
            // [MQTT-4.7.0-1], [MQTT-3.3.2-2]; 3.1.1 [MQTT-4.7.1-1]
            is_refused(version, &publish(version, topic), 0x90).await;
        }
    }
}

#[tokio::test]
async fn wildcards_stand_alone_in_their_level_and_a_hash_is_the_last() {
    for version in Version::ALL {
        for filter in [&b"a#"[..], b"a/#/b", b"#/a", b"a+", b"+a/b", b"a/b+/c"] {
            // [MQTT-4.7.1-1], [MQTT-4.7.1-2]; 3.1.1 [MQTT-4.7.1-2], [MQTT-4.7.1-3]
            is_refused(version, &subscribe(version, filter), 0x82).await;
            is_refused(version, &unsubscribe(version, filter), 0x82).await;
        }
    }
}

#[tokio::test]
async fn a_share_has_a_name_and_a_filter() {
    for filter in [
        &b"$share//t"[..],
        b"$share/g",
        b"$share/g/",
        b"$share/g+/t",
        b"$share/#/t",
    ] {
        let version = Version::V5;
        // [MQTT-4.8.2-1], [MQTT-4.8.2-2]
        is_refused(version, &subscribe(version, filter), 0x82).await;
    }
}

#[tokio::test]
async fn topics_have_a_character_and_at_most_65535_bytes() {
    for version in Version::ALL {
        // [MQTT-4.7.3-1]; without a topic alias, there is no topic.
        is_refused(version, &publish(version, b""), 0x82).await;
        is_refused(version, &subscribe(version, b""), 0x82).await;
        is_refused(version, &unsubscribe(version, b""), 0x82).await;
        // [MQTT-4.7.3-3]
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        let longest = "x".repeat(usize::from(u16::MAX));
        peer.subscribe(&longest, QoS::AtMostOnce).await;
        peer.publish(QoS::AtMostOnce, 0, &longest, "m").await;
        let packet = peer.receive().await;
        assert_eq!(packet[4..6], [0xFF, 0xFF]);
        assert_eq!(packet[6..][..longest.len()], *longest.as_bytes());
        assert_eq!(packet.last(), Some(&b'm'));
    }
}

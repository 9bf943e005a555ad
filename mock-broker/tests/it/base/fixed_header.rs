//! Fixed headers: flags, and how lengths are written.

use nack_codec::{Packet, PacketId, Pubcomp, Pubrec, QoS, Version};
use nack_mock_broker::MockBroker;

use crate::peer::{Hello, Peer};

/// Packets of a client whose flags are not its own to choose, without property where they may be.
fn packets(version: Version) -> Vec<&'static [u8]> {
    let mut packets = vec![
        &b"\x40\x02\x00\x01"[..],
        b"\x50\x02\x00\x01",
        b"\x62\x02\x00\x01",
        b"\x70\x02\x00\x01",
        b"\xC0\x00",
        b"\xE0\x00",
    ];
    packets.extend(match version {
        Version::V311 => [
            &b"\x82\x06\x00\x01\x00\x01t\x00"[..],
            b"\xA2\x05\x00\x01\x00\x01t",
        ],
        Version::V5 => [
            &b"\x82\x07\x00\x01\x00\x00\x01t\x00"[..],
            b"\xA2\x06\x00\x01\x00\x00\x01t",
        ],
    });
    packets
}

#[tokio::test]
async fn flags_that_are_not_those_of_the_packet_end_the_connection() {
    for version in Version::ALL {
        for packet in packets(version) {
            for flags in (0..16).filter(|flags| *flags != packet[0] & 0x0F) {
                let broker = MockBroker::in_memory();
                let mut peer = Peer::connected(&broker, version, "c").await;
                let mut wrong = packet.to_vec();
                wrong[0] = wrong[0] & 0xF0 | flags;
                peer.send_bytes(wrong).await;
                // [MQTT-2.1.3-1], [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1], [MQTT-3.14.1-1];
                // 3.1.1 [MQTT-2.2.2-1], [MQTT-2.2.2-2]
                peer.expects_refusal(0x81).await;
            }
        }
        for flags in 1..16 {
            let broker = MockBroker::in_memory();
            let mut peer = Peer::stranger(&broker, version);
            let level = if version == Version::V5 { 5 } else { 4 };
            peer.send_bytes([0x10 | flags, 12, 0, 4, b'M', b'Q', b'T', b'T', level, 2])
                .await;
            peer.expects_end().await;
        }
    }
}

#[tokio::test]
async fn what_the_broker_sends_has_the_flags_of_its_packet() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(Hello::default()).await;
        let mut first_bytes = vec![peer.receive().await[0]];
        peer.send_bytes(match version {
            Version::V311 => &b"\x82\x06\x00\x01\x00\x01t\x02"[..],
            Version::V5 => b"\x82\x07\x00\x01\x00\x00\x01t\x02",
        })
        .await;
        first_bytes.push(peer.receive().await[0]);
        peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
        first_bytes.push(peer.receive().await[0]);
        first_bytes.push(peer.receive().await[0]);
        peer.send_bytes(b"\x62\x02\x00\x01").await;
        first_bytes.push(peer.receive().await[0]);
        let id = PacketId::MIN;
        peer.send(Packet::Pubrec(Pubrec::success(id))).await;
        first_bytes.push(peer.receive().await[0]);
        peer.send(Packet::Pubcomp(Pubcomp::success(id))).await;
        peer.unsubscribe(1, "t").await;
        first_bytes.push(peer.receive().await[0]);
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        first_bytes.push(peer.receive().await[0]);
        peer.send(Packet::Pingreq).await;
        first_bytes.push(peer.receive().await[0]);
        // [MQTT-2.1.3-1]; 3.1.1 [MQTT-2.2.2-1], [MQTT-3.6.1-1]
        let expected = [0x20, 0x90, 0x50, 0x34, 0x70, 0x62, 0xB0, 0x40, 0xD0];
        assert_eq!(first_bytes, expected);
    }
}

#[tokio::test]
async fn a_remaining_length_is_written_in_as_few_bytes_as_it_takes() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        for (length, header) in [
            (127, &b"\x30\x7F"[..]),
            (128, b"\x30\x80\x01"),
            (16_383, b"\x30\xFF\x7F"),
            (16_384, b"\x30\x80\x80\x01"),
            (2_097_151, b"\x30\xFF\xFF\x7F"),
            (2_097_152, b"\x30\x80\x80\x80\x01"),
        ] {
            let mut packet = header.to_vec();
            packet.extend_from_slice(b"\x00\x01t");
            if version == Version::V5 {
                packet.push(0);
            }
            packet.resize(header.len() + length, b'x');
            peer.send_bytes(&packet).await;
            // [MQTT-1.5.5-1]: as it came, header and all.
            let came = peer.receive().await;
            assert!(came == packet, "{length}: {:02X?}", &came[..8]);
        }
    }
}

#[tokio::test]
async fn a_length_that_is_padded_or_too_long_ends_the_connection() {
    for version in Version::ALL {
        for bytes in [
            &b"\xC0\x80\x00"[..],
            b"\x40\x82\x80\x00\x00\x01",
            b"\x30\x80\x80\x80\x80\x01",
        ] {
            let broker = MockBroker::in_memory();
            let mut peer = Peer::connected(&broker, version, "c").await;
            peer.send_bytes(bytes).await;
            // [MQTT-1.5.5-1]; section 2.2.3 of 3.1.1 has four bytes at the most.
            peer.expects_refusal(0x81).await;
        }
    }
}

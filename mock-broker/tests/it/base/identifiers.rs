//! Packet identifiers: which there may be, and who repeats whose.

use nack_codec::{Packet, PacketId, Puback, Pubcomp, Pubrec, QoS, Version};
use nack_mock_broker::MockBroker;

use crate::peer::Peer;

#[tokio::test]
async fn an_identifier_of_zero_ends_the_connection() {
    for version in Version::ALL {
        let packets: &[&[u8]] = match version {
            Version::V311 => &[
                b"\x32\x05\x00\x01t\x00\x00",
                b"\x34\x05\x00\x01t\x00\x00",
                b"\x82\x06\x00\x00\x00\x01t\x00",
                b"\xA2\x05\x00\x00\x00\x01t",
            ],
            Version::V5 => &[
                b"\x32\x06\x00\x01t\x00\x00\x00",
                b"\x34\x06\x00\x01t\x00\x00\x00",
                b"\x82\x07\x00\x00\x00\x00\x01t\x00",
                b"\xA2\x06\x00\x00\x00\x00\x01t",
            ],
        };
        for packet in packets {
            let broker = MockBroker::in_memory();
            let mut witness = Peer::connected(&broker, version, "w").await;
            witness.subscribe("#", QoS::AtMostOnce).await;
            let mut peer = Peer::connected(&broker, version, "c").await;
            peer.send_bytes(packet).await;
            // [MQTT-2.2.1-3]; 3.1.1 [MQTT-2.3.1-1]
            peer.expects_refusal(0x82).await;
            witness.expects_nothing().await;
        }
    }
}

#[tokio::test]
async fn answers_repeat_the_identifier_of_what_they_answer() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        for id in [1_u16, 256, u16::MAX] {
            let [high, low] = id.to_be_bytes();
            // [MQTT-2.2.1-5]; 3.1.1 [MQTT-2.3.1-6]
            peer.publish(QoS::AtLeastOnce, id, "u", "m").await;
            assert_eq!(peer.receive().await, [0x40, 2, high, low][..]);
            peer.publish(QoS::ExactlyOnce, id, "u", "m").await;
            assert_eq!(peer.receive().await, [0x50, 2, high, low][..]);
            peer.send_bytes([0x62, 2, high, low]).await;
            assert_eq!(peer.receive().await, [0x70, 2, high, low][..]);
            // A message that was sent unasked, and its PUBREL.
            peer.send_bytes([0x50, 2, high, low]).await;
            let pubrel = peer.receive().await;
            assert_eq!((pubrel[0], &pubrel[2..4]), (0x62, &[high, low][..]));
            // [MQTT-2.2.1-6], [MQTT-3.8.4-2], [MQTT-3.10.4-4]; 3.1.1 [MQTT-2.3.1-7], [MQTT-3.8.4-1]
            peer.send_bytes(match version {
                Version::V311 => vec![0x82, 6, high, low, 0, 1, b't', 0],
                Version::V5 => vec![0x82, 7, high, low, 0, 0, 1, b't', 0],
            })
            .await;
            let suback = peer.receive().await;
            assert_eq!((suback[0], &suback[2..4]), (0x90, &[high, low][..]));
            peer.unsubscribe(id, "t").await;
            let unsuback = peer.receive().await;
            assert_eq!((unsuback[0], &unsuback[2..4]), (0xB0, &[high, low][..]));
        }
    }
}

#[tokio::test]
async fn a_message_to_a_client_has_an_identifier_that_no_other_has_and_none_at_qos_0() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        let mut used = Vec::new();
        for packet_id in 1..=6 {
            let qos = match packet_id % 2 {
                0 => QoS::ExactlyOnce,
                _ => QoS::AtLeastOnce,
            };
            publisher.publish(qos, packet_id, "t", "m").await;
            let packet = peer.receive().await;
            // [MQTT-2.2.1-4]; 3.1.1 [MQTT-2.3.1-4], [MQTT-2.3.1-1]
            let id = u16::from_be_bytes([packet[5], packet[6]]);
            assert_ne!(id, 0);
            assert!(!used.contains(&id), "{id} of {used:?}");
            used.push(id);
        }
        // Each of them goes its way by itself.
        for (index, id) in used.into_iter().enumerate().rev() {
            let id = PacketId::new(id).unwrap();
            if index % 2 == 0 {
                peer.send(Packet::Puback(Puback::success(id))).await;
                continue;
            }
            peer.send(Packet::Pubrec(Pubrec::success(id))).await;
            let [high, low] = id.get().to_be_bytes();
            peer.expects(&[0x62, 2, high, low]).await;
            peer.send(Packet::Pubcomp(Pubcomp::success(id))).await;
        }
        peer.expects_nothing().await;
        // [MQTT-2.2.1-2]; 3.1.1 [MQTT-2.3.1-5]: what begins like one is the message.
        publisher.publish(QoS::AtMostOnce, 0, "t", "\0\u{1}m").await;
        peer.expects(match version {
            Version::V311 => b"\x30\x06\x00\x01t\x00\x01m",
            Version::V5 => b"\x30\x07\x00\x01t\x00\x00\x01m",
        })
        .await;
    }
}

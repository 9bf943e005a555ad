//! Messages from clients, at every QoS.

use std::time::Duration;

use nack_codec::{Packet, PacketId, Pubrel, QoS, Version};
use nack_mock_broker::{Access, MockBroker, Operation, Permission};

use crate::peer::{Peer, publish};

fn release(packet_id: u16) -> Packet<'static> {
    Packet::Pubrel(Pubrel::success(PacketId::new(packet_id).unwrap()))
}

#[tokio::test]
async fn each_qos_is_acknowledged_as_it_must_be() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        // [MQTT-3.3.4-1], [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-11]; 3.1.1 [MQTT-4.3.2-2],
        // [MQTT-4.3.3-2]
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        peer.expects_nothing().await;
        peer.publish(QoS::AtLeastOnce, 7, "t", "m").await;
        peer.expects(b"\x40\x02\x00\x07").await;
        peer.publish(QoS::ExactlyOnce, 8, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x08").await;
        peer.send(release(8)).await;
        peer.expects(b"\x70\x02\x00\x08").await;
    }
}

#[tokio::test]
async fn a_repeated_qos_2_message_is_passed_on_once() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x01").await;
        assert!(peer.receive().await.ends_with(b"m"));
        // [MQTT-4.3.3-10]; 3.1.1 [MQTT-4.3.3-2]: with DUP and without.
        for dup in [true, false] {
            peer.send(Packet::Publish(nack_codec::Publish {
                dup,
                ..publish(QoS::ExactlyOnce, 1, "t", "m")
            }))
            .await;
            peer.expects(b"\x50\x02\x00\x01").await;
        }
        peer.send(release(1)).await;
        peer.expects(b"\x70\x02\x00\x01").await;
        // [MQTT-4.3.3-12]: released, the identifier stands for a new message, whatever DUP says.
        peer.send(Packet::Publish(nack_codec::Publish {
            dup: true,
            ..publish(QoS::ExactlyOnce, 1, "t", "n")
        }))
        .await;
        peer.expects(b"\x50\x02\x00\x01").await;
        assert!(peer.receive().await.ends_with(b"n"));
        peer.expects_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_qos_2_message_that_expires_goes_its_way_to_the_end() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x34\x0B\x00\x01t\x00\x01\x05\x02\x00\x00\x00\x01")
        .await;
    peer.expects(b"\x50\x02\x00\x01").await;
    tokio::time::advance(Duration::from_secs(3)).await;
    // [MQTT-4.3.3-13]
    peer.send(release(1)).await;
    peer.expects(b"\x70\x02\x00\x01").await;
}

#[tokio::test]
async fn the_identifier_of_a_message_that_was_refused_stands_for_a_new_one() {
    let denied = Access::new(Permission::Deny, Operation::Publish, "no").unwrap();
    let broker = MockBroker::builder().access([denied]).in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    peer.publish(QoS::ExactlyOnce, 5, "no", "m").await;
    peer.expects(b"\x50\x03\x00\x05\x87").await;
    // [MQTT-4.3.3-9]
    peer.publish(QoS::ExactlyOnce, 5, "t", "n").await;
    peer.expects(b"\x50\x02\x00\x05").await;
    peer.expects(b"\x30\x05\x00\x01t\x00n").await;
}

#[tokio::test]
async fn a_release_of_what_is_not_known_is_complete_all_the_same() {
    for (version, pubcomp) in [
        (Version::V311, &b"\x70\x02\x00\x05"[..]),
        (Version::V5, b"\x70\x03\x00\x05\x92"),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.send(release(5)).await;
        peer.expects(pubcomp).await;
    }
}

#[tokio::test]
async fn packets_in_one_write_are_answered_in_their_order() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    // The rules for clients hold for a server that receives: 3.1.1 [MQTT-4.6.0-2], [MQTT-4.6.0-3],
    // [MQTT-4.6.0-4], [MQTT-4.6.0-6].
    peer.send_bytes(b"\x32\x05\x00\x01t\x00\x01\xC0\x00\x32\x05\x00\x01t\x00\x02\xC0")
        .await;
    peer.expects(b"\x40\x02\x00\x01").await;
    // [MQTT-3.12.4-1]
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\x40\x02\x00\x02").await;
    peer.send_bytes(b"\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.send_bytes(b"\x34\x05\x00\x01t\x00\x09\x34\x05\x00\x01t\x00\x03")
        .await;
    peer.expects(b"\x50\x02\x00\x09").await;
    peer.expects(b"\x50\x02\x00\x03").await;
    peer.send_bytes(b"\x62\x02\x00\x03\x62\x02\x00\x09").await;
    peer.expects(b"\x70\x02\x00\x03").await;
    peer.expects(b"\x70\x02\x00\x09").await;
    peer.send_bytes(b"\x50\x02\x00\x05\x50\x02\x00\x02").await;
    peer.expects(b"\x62\x02\x00\x05").await;
    peer.expects(b"\x62\x02\x00\x02").await;
}

#[tokio::test]
async fn an_identifier_that_was_acknowledged_is_a_new_message_whatever_dup_says() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        let mut other = Peer::connected(&broker, version, "o").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        other.subscribe("t", QoS::AtLeastOnce).await;
        for payload in ["a", "b"] {
            peer.send(Packet::Publish(nack_codec::Publish {
                dup: true,
                ..publish(QoS::AtLeastOnce, 1, "t", payload)
            }))
            .await;
            peer.expects(b"\x40\x02\x00\x01").await;
            // [MQTT-4.3.2-5]; 3.1.1 [MQTT-4.3.2-2]. DUP is between two peers and not passed on,
            // [MQTT-3.3.1-3], and never set at QoS 0, [MQTT-3.3.1-2], [MQTT-4.3.1-1].
            for (receiver, first) in [(&mut peer, 0x30), (&mut other, 0x32)] {
                let packet = receiver.receive().await;
                assert_eq!(packet[0], first);
                assert!(packet.ends_with(payload.as_bytes()));
            }
        }
    }
}

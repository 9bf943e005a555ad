//! What outlives a connection: subscriptions, messages that wait, messages in flight.

use std::time::Duration;

use nack_codec::{
    Disconnect, DisconnectReason, Packet, PacketId, Properties, Property, Pubrec, QoS, Version,
};
use nack_mock_broker::{Limits, MockBroker};

use crate::peer::{Hello, Peer};

fn resuming(version: Version) -> Hello<'static> {
    let properties: &[Property<'_>] = match version {
        Version::V311 => &[],
        Version::V5 => &[Property::SessionExpiryInterval(60)],
    };
    Hello {
        client_id: "s",
        clean_start: false,
        properties,
        ..Hello::default()
    }
}

#[tokio::test]
async fn a_session_is_there_again_with_what_came_meanwhile() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let (mut peer, present) = Peer::welcomed(&broker, version, resuming(version)).await;
        // [MQTT-3.1.2-6], [MQTT-3.2.2-3]; 3.1.1 [MQTT-3.2.2-3]
        assert!(!present);
        peer.subscribe("t", QoS::ExactlyOnce).await;
        drop(peer);
        broker.wait_for_close(1).await;
        let mut publisher = Peer::connected(&broker, Version::V311, "p").await;
        publisher.publish(QoS::AtLeastOnce, 1, "t", "kept").await;
        publisher.publish(QoS::AtMostOnce, 0, "t", "lost").await;
        publisher.publish(QoS::ExactlyOnce, 2, "t", "too").await;
        publisher.expects(b"\x40\x02\x00\x01").await;
        publisher.expects(b"\x50\x02\x00\x02").await;
        publisher.expects_nothing().await;
        // [MQTT-3.1.2-5], [MQTT-3.2.2-3]; 3.1.1 [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.1.4-3],
        // [MQTT-3.2.2-2]
        let (mut peer, present) = Peer::welcomed(&broker, version, resuming(version)).await;
        assert!(present);
        // [MQTT-4.5.0-1]
        for (payload, first) in [(&b"kept"[..], 0x32), (b"too", 0x34)] {
            let packet = peer.receive().await;
            assert!(packet.ends_with(payload));
            assert_eq!(packet[0], first, "not sent before, so no DUP");
        }
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again_with_dup_and_what_was_received_is_released() {
    let broker = MockBroker::in_memory();
    let (mut peer, _) = Peer::welcomed(&broker, Version::V311, resuming(Version::V311)).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V311, "p").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
    publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
    publisher.publish(QoS::ExactlyOnce, 3, "t", "c").await;
    peer.expects(b"\x32\x06\x00\x01t\x00\x01a").await;
    peer.expects(b"\x34\x06\x00\x01t\x00\x02b").await;
    peer.expects(b"\x34\x06\x00\x01t\x00\x03c").await;
    let received = PacketId::new(2).unwrap();
    peer.send(Packet::Pubrec(Pubrec::success(received))).await;
    peer.expects(b"\x62\x02\x00\x02").await;
    drop(peer);
    broker.wait_for_close(1).await;
    let (mut peer, present) = Peer::welcomed(&broker, Version::V311, resuming(Version::V311)).await;
    assert!(present);
    // [MQTT-3.3.1-1], [MQTT-4.4.0-1]; 3.1.1 [MQTT-4.4.0-1], [MQTT-3.3.1-1], [MQTT-2.3.1-4]
    peer.expects(b"\x3A\x06\x00\x01t\x00\x01a").await;
    peer.expects(b"\x62\x02\x00\x02").await;
    peer.expects(b"\x3C\x06\x00\x01t\x00\x03c").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_qos_2_message_that_was_received_is_known_after_a_reconnection() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut witness = Peer::connected(&broker, version, "w").await;
        witness.subscribe("t", QoS::AtMostOnce).await;
        let (mut peer, _) = Peer::welcomed(&broker, version, resuming(version)).await;
        peer.publish(QoS::ExactlyOnce, 4, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x04").await;
        assert!(witness.receive().await.ends_with(b"m"));
        for number in 2..=3 {
            drop(peer);
            broker.wait_for_close(number).await;
            (peer, _) = Peer::welcomed(&broker, version, resuming(version)).await;
            // [MQTT-4.3.3-10]; 3.1.1 [MQTT-4.3.3-2], [MQTT-4.1.0-1]
            peer.send_bytes(match version {
                Version::V311 => &b"\x3C\x06\x00\x01t\x00\x04m"[..],
                Version::V5 => b"\x3C\x07\x00\x01t\x00\x04\x00m",
            })
            .await;
            peer.expects(b"\x50\x02\x00\x04").await;
        }
        peer.send_bytes(b"\x62\x02\x00\x04").await;
        peer.expects(b"\x70\x02\x00\x04").await;
        witness.expects_nothing().await;
    }
}

#[tokio::test]
async fn each_step_of_a_message_to_a_client_is_taken_up_again_however_often_it_is_lost() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let (mut peer, _) = Peer::welcomed(&broker, version, resuming(version)).await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
        publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
        let mut closings = vec![1, 3, 4, 5, 6, 7].into_iter();
        let mut come_back = async |peer: Peer| {
            drop(peer);
            broker.wait_for_close(closings.next().unwrap()).await;
            let (peer, present) = Peer::welcomed(&broker, version, resuming(version)).await;
            assert!(present);
            peer
        };
        let published = |first: u8, packet_id: u8, payload| match version {
            Version::V311 => vec![first, 6, 0, 1, b't', 0, packet_id, payload],
            Version::V5 => vec![first, 7, 0, 1, b't', 0, packet_id, 0, payload],
        };
        // [MQTT-4.3.2-1], [MQTT-4.3.2-2], [MQTT-4.3.3-1], [MQTT-4.3.3-2]; 3.1.1 [MQTT-4.3.3-1]
        peer.expects(&published(0x32, 1, b'a')).await;
        peer.expects(&published(0x34, 2, b'b')).await;
        for _ in 0..2 {
            // Acknowledgements of another message, and of another kind.
            peer.send_bytes(b"\x40\x02\x00\x03\x40\x02\x00\x02\x70\x02\x00\x02")
                .await;
            peer.expects_nothing().await;
            peer = come_back(peer).await;
            // [MQTT-4.4.0-1], [MQTT-3.3.1-1], [MQTT-4.3.2-3], [MQTT-4.3.3-3]
            peer.expects(&published(0x3A, 1, b'a')).await;
            peer.expects(&published(0x3C, 2, b'b')).await;
        }
        peer.send_bytes(b"\x40\x02\x00\x01\x50\x02\x00\x02").await;
        // [MQTT-4.3.3-4]
        peer.expects(b"\x62\x02\x00\x02").await;
        for _ in 0..2 {
            peer = come_back(peer).await;
            // [MQTT-4.3.3-5], [MQTT-4.3.3-6]
            peer.expects(b"\x62\x02\x00\x02").await;
            peer.expects_nothing().await;
        }
        peer.send_bytes(b"\x50\x02\x00\x02").await;
        peer.expects(b"\x62\x02\x00\x02").await;
        peer.send_bytes(b"\x70\x02\x00\x02").await;
        peer.expects_nothing().await;
        peer = come_back(peer).await;
        peer.expects_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_again_and_nothing_forgotten_while_the_connection_lasts() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
        publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
        for _ in 0..2 {
            peer.receive().await;
        }
        peer.publish(QoS::ExactlyOnce, 3, "u", "m").await;
        peer.expects(b"\x50\x02\x00\x03").await;
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(1_000_000)).await;
            // [MQTT-4.4.0-1]
            peer.expects_nothing().await;
        }
        // [MQTT-4.1.0-1]; 3.1.1 [MQTT-4.1.0-2]: a session that ends with its connection is there
        // until then.
        peer.send_bytes(b"\x50\x02\x00\x02").await;
        peer.expects(b"\x62\x02\x00\x02").await;
        peer.send_bytes(b"\x62\x02\x00\x03").await;
        peer.expects(b"\x70\x02\x00\x03").await;
        publisher.publish(QoS::AtMostOnce, 0, "t", "c").await;
        assert!(peer.receive().await.ends_with(b"c"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_qos_2_message_that_was_sent_does_not_expire() {
    let broker = MockBroker::in_memory();
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    peer.send_bytes(b"\x34\x0C\x00\x01t\x00\x01\x05\x02\x00\x00\x00\x01m")
        .await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.receive().await;
    drop(peer);
    broker.wait_for_close(1).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    // [MQTT-4.3.3-7]
    let packet = peer.receive().await;
    assert_eq!(packet[0], 0x3C);
    assert!(packet.ends_with(b"m"));
}

#[tokio::test]
async fn a_message_that_the_client_refused_is_not_sent_again() {
    let broker = MockBroker::in_memory();
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
    publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
    for _ in 0..2 {
        peer.receive().await;
    }
    peer.send_bytes(b"\x40\x03\x00\x01\x97\x50\x03\x00\x02\x80")
        .await;
    peer.expects_nothing().await;
    drop(peer);
    broker.wait_for_close(1).await;
    // [MQTT-4.4.0-2]
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn each_identifier_has_a_session_of_its_own() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let hello = |client_id| Hello {
            client_id,
            ..resuming(version)
        };
        for client_id in ["a", "A"] {
            let (mut peer, present) = Peer::welcomed(&broker, version, hello(client_id)).await;
            assert!(!present);
            peer.subscribe(client_id, QoS::AtLeastOnce).await;
        }
        for number in 1..=2 {
            broker.wait_for_close(number).await;
        }
        let mut publisher = Peer::connected(&broker, version, "p").await;
        for topic in ["a", "A"] {
            publisher.publish(QoS::AtLeastOnce, 1, topic, topic).await;
            publisher.expects(b"\x40\x02\x00\x01").await;
        }
        // [MQTT-3.1.3-2]
        for client_id in ["A", "a"] {
            let (mut peer, present) = Peer::welcomed(&broker, version, hello(client_id)).await;
            assert!(present);
            assert!(peer.receive().await.ends_with(client_id.as_bytes()));
            peer.expects_nothing().await;
        }
    }
}

#[tokio::test]
async fn a_clean_start_ends_the_session() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let (mut peer, _) = Peer::welcomed(&broker, version, resuming(version)).await;
        peer.subscribe("#", QoS::AtMostOnce).await;
        drop(peer);
        broker.wait_for_close(1).await;
        // [MQTT-3.1.4-4], [MQTT-3.1.2-4], [MQTT-3.2.2-2]; 3.1.1 [MQTT-3.1.2-6], [MQTT-3.2.2-1],
        // [MQTT-3.1.4-3]
        let mut peer = Peer::connected(&broker, version, "s").await;
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        peer.expects_nothing().await;
        // What a clean session has is gone with its connection, too.
        peer.subscribe("#", QoS::AtLeastOnce).await;
        drop(peer);
        broker.wait_for_close(2).await;
        let (mut peer, present) = Peer::welcomed(&broker, version, resuming(version)).await;
        assert!(!present);
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn a_session_without_expiry_ends_with_its_connection() {
    let broker = MockBroker::in_memory();
    let hello = || Hello {
        properties: &[],
        ..resuming(Version::V5)
    };
    let (peer, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    drop(peer);
    broker.wait_for_close(1).await;
    let (_, present) = Peer::welcomed(&broker, Version::V5, hello()).await;
    assert!(!present);
}

#[tokio::test(start_paused = true)]
async fn a_session_expires_in_its_time_and_not_before() {
    for (seconds, expected) in [(59, true), (61, false)] {
        let broker = MockBroker::in_memory();
        let (peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
        drop(peer);
        broker.wait_for_close(1).await;
        tokio::time::advance(Duration::from_secs(seconds)).await;
        // [MQTT-3.1.2-23], [MQTT-4.1.0-2]
        let (_, present) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
        assert_eq!(present, expected);
    }
}

#[tokio::test]
async fn a_goodbye_may_change_the_expiry_of_the_session() {
    let broker = MockBroker::in_memory();
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    let mut properties = Properties::new();
    properties.push(Property::SessionExpiryInterval(0)).unwrap();
    peer.send(Packet::Disconnect(Disconnect {
        reason: DisconnectReason::NormalDisconnection,
        properties: properties.borrow(),
    }))
    .await;
    drop(peer);
    broker.wait_for_close(1).await;
    let (_, present) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    assert!(!present);
}

#[tokio::test]
async fn a_second_client_of_the_same_identifier_takes_over() {
    let broker = MockBroker::in_memory();
    let (mut first, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    first.subscribe("t", QoS::AtMostOnce).await;
    let (mut second, present) =
        Peer::welcomed(&broker, Version::V311, resuming(Version::V311)).await;
    assert!(present);
    // [MQTT-3.1.4-3], [MQTT-3.14.4-2]
    first.expects(b"\xE0\x01\x8E").await;
    first.expects_end().await;
    second.publish(QoS::AtMostOnce, 0, "t", "m").await;
    second.expects(b"\x30\x04\x00\x01tm").await;
    let (mut third, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    // 3.1.1 [MQTT-3.1.4-2]; it has no words for it.
    second.expects_end().await;
    third.expects_nothing().await;
}

#[tokio::test]
async fn a_session_that_is_forgotten_is_gone_whether_its_client_is_here_or_not() {
    let broker = MockBroker::in_memory();
    assert!(!broker.forget_session("s"));
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    assert!(broker.forget_session("s"));
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects_nothing().await;
    assert!(!broker.expire_session("s"), "its client is here");
    drop(peer);
    broker.wait_for_close(1).await;
    assert!(broker.forget_session("s"));
    let (_, present) = Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
    assert!(!present);
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_no_longer_than_the_broker_has_it() {
    let mut limits = Limits::default();
    limits.session_expiry_maximum = Some(9);
    for raises_it_later in [false, true] {
        let broker = MockBroker::builder().limits(limits.clone()).in_memory();
        let mut number = 0;
        // How long it has been since the last connection, and whether the session is still there.
        for (later, expected) in [(8, false), (10, true), (0, false)] {
            let (mut peer, present) =
                Peer::welcomed(&broker, Version::V5, resuming(Version::V5)).await;
            assert_eq!(present, expected);
            if raises_it_later {
                let mut properties = Properties::new();
                properties
                    .push(Property::SessionExpiryInterval(100))
                    .unwrap();
                peer.send(Packet::Disconnect(Disconnect {
                    reason: DisconnectReason::NormalDisconnection,
                    properties: properties.borrow(),
                }))
                .await;
            }
            drop(peer);
            number += 1;
            broker.wait_for_close(number).await;
            tokio::time::advance(Duration::from_secs(later)).await;
        }
    }
}

#[tokio::test]
async fn a_new_session_knows_nothing_of_the_identifiers_of_the_old_one() {
    let broker = MockBroker::in_memory();
    for version in Version::ALL {
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        // [MQTT-3.1.2-4], 3.1.1 [MQTT-3.1.2-6]
        peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x01").await;
        assert!(peer.receive().await.ends_with(b"m"));
    }
}

#[tokio::test]
async fn a_session_is_that_of_its_client_identifier_alone() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let hello = |client_id| Hello {
            client_id,
            ..resuming(version)
        };
        // They differ, although some readers would not see it.
        let clients = [
            ("a", "t/1"),
            ("A", "t/2"),
            ("a ", "t/3"),
            ("\u{E9}", "t/4"),
            ("e\u{301}", "t/5"),
        ];
        for (client_id, topic) in clients {
            let (mut peer, present) = Peer::welcomed(&broker, version, hello(client_id)).await;
            // [MQTT-3.1.3-2]
            assert!(!present, "{client_id}");
            peer.subscribe(topic, QoS::AtLeastOnce).await;
            peer.send(Packet::Disconnect(Disconnect::NORMAL)).await;
            peer.expects_end().await;
        }
        let mut publisher = Peer::connected(&broker, version, "p").await;
        for (_, topic) in clients {
            publisher.publish(QoS::AtLeastOnce, 1, topic, topic).await;
            publisher.expects(b"\x40\x02\x00\x01").await;
        }
        for (client_id, topic) in clients {
            let (mut peer, present) = Peer::welcomed(&broker, version, hello(client_id)).await;
            assert!(present, "{client_id}");
            assert!(peer.receive().await.ends_with(topic.as_bytes()));
            peer.expects_nothing().await;
        }
    }
}

#[tokio::test]
async fn a_session_outlives_a_connection_that_the_broker_ends() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let (mut peer, _) = Peer::welcomed(&broker, version, resuming(version)).await;
        peer.subscribe("t", QoS::AtLeastOnce).await;
        // No packet of either version.
        peer.send_bytes(b"\x00\x00").await;
        while peer.receive_or_end().await.is_some() {}
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        publisher.expects(b"\x40\x02\x00\x01").await;
        // [MQTT-3.1.2-23]
        let (mut peer, present) = Peer::welcomed(&broker, version, resuming(version)).await;
        assert!(present);
        assert!(peer.receive().await.ends_with(b"m"));
    }
}

//! Retained messages, and when they are sent.

use std::time::Duration;

use nack_codec::{
    Packet, Properties, Property, Publish, QoS, RetainHandling, SubscriptionOptions, Version,
};
use nack_mock_broker::MockBroker;

use crate::peer::{Peer, publish};

async fn retain(broker: &MockBroker, topic: &str, payload: &str) {
    let mut publisher = Peer::connected(broker, Version::V311, "retainer").await;
    publisher
        .send(Packet::Publish(Publish {
            retain: true,
            ..publish(QoS::AtLeastOnce, 1, topic, payload)
        }))
        .await;
    publisher.expects(b"\x40\x02\x00\x01").await;
}

#[tokio::test]
async fn the_last_retained_message_comes_with_a_subscription() {
    let broker = MockBroker::in_memory();
    retain(&broker, "t", "old").await;
    retain(&broker, "t", "new").await;
    retain(&broker, "u", "other").await;
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    // 3.1.1 [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-8]
    peer.subscribe("t", QoS::AtMostOnce).await;
    // [MQTT-3.3.1-5]
    peer.expects(b"\x31\x06\x00\x01tnew").await;
    peer.expects_nothing().await;
    peer.subscribe("+", QoS::AtLeastOnce).await;
    peer.expects(b"\x33\x08\x00\x01t\x00\x01new").await;
    peer.expects(b"\x33\x0A\x00\x01u\x00\x02other").await;
}

#[tokio::test]
async fn an_empty_message_removes_the_retained_one() {
    let broker = MockBroker::in_memory();
    retain(&broker, "t", "m").await;
    retain(&broker, "t", "").await;
    for version in Version::ALL {
        let mut peer = Peer::connected(&broker, version, "c").await;
        // [MQTT-3.3.1-6], [MQTT-3.3.1-7]; 3.1.1 [MQTT-3.3.1-10], [MQTT-3.3.1-11]
        peer.subscribe("t", QoS::AtMostOnce).await;
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn a_retained_message_of_qos_0_takes_the_place_of_one_of_another() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        retain(&broker, "t", "old").await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher
            .send(Packet::Publish(Publish {
                retain: true,
                ..publish(QoS::AtMostOnce, 0, "t", "new")
            }))
            .await;
        publisher.expects_nothing().await;
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        // [MQTT-3.3.1-5]; 3.1.1 [MQTT-3.3.1-7]
        let packet = peer.receive().await;
        assert_eq!(packet[0], 0x31);
        assert!(packet.ends_with(b"new"));
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn a_retained_message_outlives_the_session_of_its_publisher() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher
            .send(Packet::Publish(Publish {
                retain: true,
                ..publish(QoS::AtLeastOnce, 1, "t", "m")
            }))
            .await;
        publisher.expects(b"\x40\x02\x00\x01").await;
        drop(publisher);
        broker.wait_for_close(1).await;
        assert!(!broker.forget_session("p"), "it has no session");
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        // 3.1.1 [MQTT-3.1.2-7]
        assert!(peer.receive().await.ends_with(b"m"));
    }
}

#[tokio::test]
async fn a_message_passed_on_is_not_marked_unless_the_subscription_wants_it_as_published() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for (retain_as_published, first) in [(false, 0x30), (true, 0x31)] {
        let options = SubscriptionOptions {
            retain_as_published,
            retain_handling: RetainHandling::DoNotSend,
            ..SubscriptionOptions::at(QoS::AtMostOnce)
        };
        peer.subscribe_with("t", options, &[]).await;
        retain(&broker, "t", "m").await;
        // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
        assert_eq!(peer.receive().await[0], first);
    }
}

#[tokio::test]
async fn retain_handling_says_when_retained_messages_are_sent() {
    let broker = MockBroker::in_memory();
    retain(&broker, "t", "m").await;
    // [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]
    for (retain_handling, first, second) in [
        (RetainHandling::Send, true, true),
        (RetainHandling::SendIfNew, true, false),
        (RetainHandling::DoNotSend, false, false),
    ] {
        let mut peer = Peer::connected(&broker, Version::V5, "c").await;
        let options = SubscriptionOptions {
            retain_handling,
            ..SubscriptionOptions::at(QoS::AtMostOnce)
        };
        for expected in [first, second] {
            peer.subscribe_with("t", options, &[]).await;
            if expected {
                peer.expects(b"\x31\x05\x00\x01t\x00m").await;
            }
            peer.expects_nothing().await;
        }
    }
}

#[tokio::test]
async fn a_shared_subscription_brings_no_retained_messages() {
    let broker = MockBroker::in_memory();
    retain(&broker, "t", "m").await;
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("$share/g/t", QoS::AtMostOnce).await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_message_that_is_not_to_be_retained_leaves_the_retained_one_alone() {
    for (version, kept) in [
        (Version::V311, &b"\x31\x07\x00\x01tkept"[..]),
        (Version::V5, b"\x31\x08\x00\x01t\x00kept"),
    ] {
        let broker = MockBroker::in_memory();
        retain(&broker, "t", "kept").await;
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.publish(QoS::AtMostOnce, 0, "t", "other").await;
        peer.publish(QoS::AtMostOnce, 0, "t", "").await;
        // [MQTT-3.3.1-8]; [MQTT-3.8.4-4]: each time that it is subscribed. 3.1.1 [MQTT-3.3.1-12],
        // [MQTT-3.8.4-3]
        for _ in 0..2 {
            peer.subscribe("t", QoS::AtMostOnce).await;
            peer.expects(kept).await;
        }
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn an_empty_message_to_be_retained_is_passed_on() {
    let broker = MockBroker::in_memory();
    retain(&broker, "t", "m").await;
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.expects(b"\x31\x04\x00\x01tm").await;
    retain(&broker, "t", "").await;
    // 3.1.1 [MQTT-3.3.1-10], [MQTT-3.3.1-9]
    peer.expects(b"\x30\x03\x00\x01t").await;
}

#[tokio::test]
async fn retained_messages_are_found_by_every_kind_of_filter() {
    let broker = MockBroker::in_memory();
    for topic in ["a", "a!", "a/b", "a/b/c", "ab", "b/b", "$x/b"] {
        retain(&broker, topic, "m").await;
    }
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    for (filter, topics) in [
        ("a", &["a"][..]),
        ("c", &[]),
        ("a/#", &["a", "a/b", "a/b/c"]),
        ("a/+", &["a/b"]),
        ("a/+/c", &["a/b/c"]),
        ("+/b", &["a/b", "b/b"]),
        ("$x/#", &["$x/b"]),
        ("#", &["a", "a!", "a/b", "a/b/c", "ab", "b/b"]),
    ] {
        peer.subscribe(filter, QoS::AtMostOnce).await;
        for topic in topics {
            let packet = peer.receive().await;
            assert_eq!(&packet[4..packet.len() - 1], topic.as_bytes(), "{filter}");
        }
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn retained_messages_are_forgotten_on_request() {
    let broker = MockBroker::in_memory();
    retain(&broker, "a", "m").await;
    retain(&broker, "b", "m").await;
    assert_eq!(broker.clear_retained(), 2);
    assert_eq!(broker.clear_retained(), 0);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    peer.expects_nothing().await;
    retain(&broker, "a", "again").await;
    assert!(peer.receive().await.ends_with(b"again"));
}

#[tokio::test(start_paused = true)]
async fn a_retained_message_loses_its_time_and_then_itself() {
    let broker = MockBroker::in_memory();
    let mut expiry = Properties::new();
    expiry.push(Property::MessageExpiryInterval(10)).unwrap();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send(Packet::Publish(Publish {
        retain: true,
        properties: expiry.borrow(),
        ..publish(QoS::AtMostOnce, 0, "a/b", "m")
    }))
    .await;
    peer.expects_nothing().await;
    for filter in ["a/b", "a/+"] {
        tokio::time::advance(Duration::from_secs(4)).await;
        let left = if filter == "a/b" { 6 } else { 2 };
        peer.subscribe(filter, QoS::AtMostOnce).await;
        // [MQTT-3.3.2-6]
        let message = [
            &b"\x31\x0C\x00\x03a/b\x05\x02\x00\x00\x00"[..],
            &[left],
            b"m",
        ];
        peer.expects(&message.concat()).await;
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    // [MQTT-3.3.2-5]
    for filter in ["a/b", "a/+"] {
        peer.subscribe(filter, QoS::AtMostOnce).await;
        peer.expects_nothing().await;
    }
}

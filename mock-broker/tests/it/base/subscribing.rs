//! Subscriptions: filters, options, identifiers, shares.

use nack_codec::{
    Packet, PacketId, Properties, Property, QoS, Subscribe, Subscription, SubscriptionOptions,
    TopicFilter, Unsubscribe, Version,
};
use nack_mock_broker::{Access, Limits, MockBroker, Operation, Permission};

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn wildcards_and_exact_filters_match_and_unsubscribing_ends_it() {
    for (version, yes, no) in [
        (
            Version::V311,
            &b"\xB0\x02\x00\x07"[..],
            &b"\xB0\x02\x00\x07"[..],
        ),
        (
            Version::V5,
            b"\xB0\x04\x00\x07\x00\x00",
            b"\xB0\x04\x00\x07\x00\x11",
        ),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        for filter in ["a/b", "a/+", "a/#"] {
            peer.subscribe(filter, QoS::AtMostOnce).await;
            peer.publish(QoS::AtMostOnce, 0, "a/b", "m").await;
            // [MQTT-3.3.2-1], [MQTT-3.3.2-3]; 3.1.1 [MQTT-3.3.2-3]
            let packet = peer.receive().await;
            assert_eq!(packet[2..7], b"\x00\x03a/b"[..]);
            assert!(packet.ends_with(b"m"));
            peer.publish(QoS::AtMostOnce, 0, "b", "m").await;
            peer.expects_nothing().await;
            peer.unsubscribe(7, filter).await;
            // [MQTT-3.10.4-4], [MQTT-3.10.4-5]; 3.1.1 [MQTT-3.10.4-4]
            peer.expects(yes).await;
            // [MQTT-3.10.4-2]
            peer.publish(QoS::AtMostOnce, 0, "a/b", "m").await;
            peer.expects_nothing().await;
            // [MQTT-3.10.4-5]
            peer.unsubscribe(7, filter).await;
            peer.expects(no).await;
        }
    }
}

#[tokio::test]
async fn overlapping_subscriptions_bring_one_copy_with_all_identifiers_at_the_highest_qos() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for (filter, qos, identifier) in [("a/b", QoS::AtMostOnce, 1), ("a/+", QoS::AtLeastOnce, 200)] {
        let identifier = Property::SubscriptionIdentifier(identifier);
        let options = SubscriptionOptions::at(qos);
        peer.subscribe_with(filter, options, &[identifier]).await;
    }
    peer.publish(QoS::AtLeastOnce, 5, "a/b", "m").await;
    peer.expects(b"\x40\x02\x00\x05").await;
    // [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]
    let packet = peer.receive().await;
    assert_eq!(packet[0], 0x32);
    assert_eq!(&packet[9..], b"\x05\x0B\x01\x0B\xC8\x01m");
    peer.expects_nothing().await;
}

#[tokio::test]
async fn no_local_leaves_out_the_clients_own_messages() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let options = SubscriptionOptions {
        no_local: true,
        ..SubscriptionOptions::at(QoS::AtMostOnce)
    };
    peer.subscribe_with("t", options, &[]).await;
    // [MQTT-3.8.3-3]
    peer.publish(QoS::AtMostOnce, 0, "t", "mine").await;
    peer.expects_nothing().await;
    let mut other = Peer::connected(&broker, Version::V5, "o").await;
    other.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn a_subscription_of_the_same_filter_replaces_the_old_one() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::AtLeastOnce).await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        peer.publish(QoS::AtLeastOnce, 5, "t", "m").await;
        peer.expects(b"\x40\x02\x00\x05").await;
        // [MQTT-3.8.4-3]
        let packet = peer.receive().await;
        assert_eq!(packet[0], 0x30);
        assert!(packet.ends_with(b"m"));
        peer.expects_nothing().await;
        peer.unsubscribe(7, "t").await;
        peer.receive().await;
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn filters_of_one_packet_are_handled_as_if_each_had_its_own() {
    for (version, subscribe, suback, unsubscribe, unsuback) in [
        (
            Version::V311,
            &b"\x82\x0A\x00\x05\x00\x01t\x02\x00\x01t\x00"[..],
            &b"\x90\x04\x00\x05\x02\x00"[..],
            &b"\xA2\x08\x00\x06\x00\x01t\x00\x01t"[..],
            &b"\xB0\x02\x00\x06"[..],
        ),
        (
            Version::V5,
            b"\x82\x0B\x00\x05\x00\x00\x01t\x02\x00\x01t\x00",
            b"\x90\x05\x00\x05\x00\x02\x00",
            b"\xA2\x09\x00\x06\x00\x00\x01t\x00\x01t",
            b"\xB0\x05\x00\x06\x00\x00\x11",
        ),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.send_bytes(subscribe).await;
        // [MQTT-3.8.4-5]; 3.1.1 [MQTT-3.8.4-4]: the second replaces the first.
        peer.expects(suback).await;
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        peer.expects(b"\x40\x02\x00\x01").await;
        let packet = peer.receive().await;
        assert_eq!(packet[0], 0x30);
        assert!(packet.ends_with(b"m"));
        peer.expects_nothing().await;
        peer.send_bytes(unsubscribe).await;
        // [MQTT-3.10.4-6]: the second finds nothing any more.
        peer.expects(unsuback).await;
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn messages_on_their_way_outlive_the_replacement_of_their_subscription() {
    for (version, properties) in [
        (Version::V311, &[][..]),
        (
            Version::V5,
            &[
                Property::SessionExpiryInterval(60),
                Property::ReceiveMaximum(1),
            ],
        ),
    ] {
        let broker = MockBroker::in_memory();
        let hello = || Hello {
            clean_start: false,
            properties,
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, version, hello()).await;
        peer.subscribe("t", QoS::AtLeastOnce).await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        for (packet_id, payload) in [(1, "a"), (2, "b")] {
            publisher
                .publish(QoS::AtLeastOnce, packet_id, "t", payload)
                .await;
            publisher.expects(&[0x40, 2, 0, packet_id as u8]).await;
        }
        assert!(peer.receive().await.ends_with(b"a"));
        if version == Version::V311 {
            assert!(peer.receive().await.ends_with(b"b"));
        }
        // [MQTT-3.8.4-3]: neither what was sent is lost, nor what waits for quota in MQTT 5.0.
        peer.subscribe("t", QoS::AtMostOnce).await;
        peer.send_bytes(b"\x40\x02\x00\x01").await;
        if version == Version::V5 {
            let packet = peer.receive().await;
            assert_eq!(packet[0], 0x32);
            assert!(packet.ends_with(b"b"));
        }
        peer.expects_nothing().await;
        drop(peer);
        broker.wait_for_close(1).await;
        let (mut peer, _) = Peer::welcomed(&broker, version, hello()).await;
        let packet = peer.receive().await;
        assert_eq!(packet[0], 0x3A);
        assert!(packet.ends_with(b"b"));
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn overlapping_subscriptions_bring_one_copy_at_the_highest_qos() {
    for version in Version::ALL {
        for filters in [["a/b", "a/+", "#"], ["#", "a/b", "a/+"]] {
            let broker = MockBroker::in_memory();
            let mut peer = Peer::connected(&broker, version, "c").await;
            for (filter, qos) in filters.into_iter().zip(QoS::ALL) {
                peer.subscribe(filter, qos).await;
            }
            let mut publisher = Peer::connected(&broker, version, "p").await;
            for (packet_id, published) in QoS::ALL.into_iter().enumerate() {
                publisher
                    .publish(published, packet_id as u16, "a/b", "m")
                    .await;
                // [MQTT-3.3.4-2]; 3.1.1 [MQTT-3.3.5-1]
                assert_eq!(peer.receive().await[0] >> 1 & 3, published as u8);
                peer.expects_nothing().await;
            }
        }
    }
}

#[tokio::test]
async fn a_client_of_3_1_1_is_refused_subscriptions_with_the_one_code_that_it_knows() {
    let mut limits = Limits::default();
    limits.shared_subscription_available = false;
    limits.maximum_qos = QoS::AtLeastOnce;
    let denied = Access::new(Permission::Deny, Operation::Subscribe, "no").unwrap();
    let broker = MockBroker::builder()
        .access([denied])
        .limits(limits)
        .in_memory();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    let subscriptions = ["no", "t", "$share/g/t"].map(|filter| Subscription {
        filter: TopicFilter::new(filter).unwrap(),
        options: SubscriptionOptions::at(QoS::ExactlyOnce),
    });
    peer.send(Packet::Subscribe(Subscribe {
        packet_id: PacketId::new(5).unwrap(),
        properties: Properties::empty(),
        subscriptions: subscriptions[..].into(),
    }))
    .await;
    // 3.1.1 [MQTT-3.9.3-2], [MQTT-3.8.4-4], [MQTT-3.8.4-5]
    peer.expects(b"\x90\x05\x00\x05\x80\x01\x80").await;
}

#[tokio::test]
async fn the_members_of_a_share_take_turns() {
    let broker = MockBroker::in_memory();
    let mut one = Peer::connected(&broker, Version::V5, "one").await;
    let mut two = Peer::connected(&broker, Version::V5, "two").await;
    one.subscribe("$share/g/t", QoS::AtMostOnce).await;
    two.subscribe("$share/g/t", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for payload in ["1", "2", "3"] {
        publisher.publish(QoS::AtMostOnce, 0, "t", payload).await;
    }
    publisher.expects_nothing().await;
    one.expects(b"\x30\x05\x00\x01t\x001").await;
    one.expects(b"\x30\x05\x00\x01t\x003").await;
    two.expects(b"\x30\x05\x00\x01t\x002").await;
    two.expects_nothing().await;
}

#[tokio::test]
async fn many_filters_are_answered_at_once_and_in_their_order() {
    for (version, suback, unsuback) in [
        (
            Version::V311,
            &b"\x90\x05\x00\x05\x02\x80\x00"[..],
            &b"\xB0\x02\x00\x06"[..],
        ),
        (
            Version::V5,
            b"\x90\x06\x00\x05\x00\x02\x87\x00",
            b"\xB0\x06\x00\x06\x00\x11\x00\x11",
        ),
    ] {
        let denied = Access::new(Permission::Deny, Operation::Subscribe, "no").unwrap();
        let broker = MockBroker::builder().access([denied]).in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        let asked = [
            ("a", QoS::ExactlyOnce),
            ("no", QoS::AtMostOnce),
            ("b", QoS::AtMostOnce),
        ];
        let subscriptions = asked.map(|(filter, qos)| Subscription {
            filter: TopicFilter::new(filter).unwrap(),
            options: SubscriptionOptions::at(qos),
        });
        peer.send(Packet::Subscribe(Subscribe {
            packet_id: PacketId::new(5).unwrap(),
            properties: Properties::empty(),
            subscriptions: subscriptions[..].into(),
        }))
        .await;
        // [MQTT-3.8.4-1], [MQTT-3.8.4-2], [MQTT-3.8.4-7], [MQTT-3.9.3-2], [MQTT-3.8.4-5],
        // [MQTT-3.8.4-6], [MQTT-3.9.3-1]; 3.1.1 [MQTT-3.8.4-4]
        peer.expects(suback).await;
        peer.send(Packet::Unsubscribe(Unsubscribe {
            packet_id: PacketId::new(6).unwrap(),
            properties: Properties::empty(),
            filters: ["x", "a", "A"].map(|it| TopicFilter::new(it).unwrap())[..].into(),
        }))
        .await;
        // [MQTT-3.10.4-6], [MQTT-3.11.3-1], [MQTT-3.11.3-2]; character by character, [MQTT-3.10.4-1]
        peer.expects(unsuback).await;
        peer.publish(QoS::AtMostOnce, 0, "a", "m").await;
        peer.expects_nothing().await;
        peer.publish(QoS::AtMostOnce, 0, "b", "m").await;
        assert!(peer.receive().await.ends_with(b"m"));
    }
}

#[tokio::test]
async fn topics_are_compared_as_they_are() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        // The same to a reader, and not the same: [MQTT-4.7.3-4]; [MQTT-4.7.2-1].
        for filter in ["\u{E9}", "A/b", "/a", "+/c"] {
            peer.subscribe(filter, QoS::AtMostOnce).await;
        }
        for topic in ["e\u{301}", "a/b", "A/b/", "a", "a/", "$a/c"] {
            peer.publish(QoS::AtMostOnce, 0, topic, "m").await;
        }
        peer.expects_nothing().await;
        // U+FEFF is a character as any other, wherever it stands: [MQTT-1.5.4-3]; 3.1.1
        // [MQTT-1.5.3-3].
        for topic in ["\u{FEFF}t", "t\u{FEFF}", "t\u{FEFF}t"] {
            peer.subscribe(topic, QoS::AtMostOnce).await;
            peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
            peer.publish(QoS::AtMostOnce, 0, topic, "m").await;
            let packet = peer.receive().await;
            assert_eq!(packet[4..4 + topic.len()], *topic.as_bytes());
        }
        // Nor do $-topics match a hash: [MQTT-4.7.2-1].
        peer.subscribe("#", QoS::AtMostOnce).await;
        peer.subscribe("+/d", QoS::AtMostOnce).await;
        peer.publish(QoS::AtMostOnce, 0, "$a/d", "m").await;
        peer.expects_nothing().await;
        peer.subscribe("$a/+", QoS::AtMostOnce).await;
        peer.publish(QoS::AtMostOnce, 0, "$a/d", "m").await;
        assert_eq!(peer.receive().await[4..8], *b"$a/d");
    }
}

#[tokio::test]
async fn an_identifier_of_two_subscriptions_is_listed_twice() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for (filter, identifier) in [("t", 7), ("#", 9), ("+", 7), ("t/#", 7), ("other", 1)] {
        let identifier = Property::SubscriptionIdentifier(identifier);
        let options = SubscriptionOptions::at(QoS::AtMostOnce);
        peer.subscribe_with(filter, options, &[identifier]).await;
    }
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    // [MQTT-3.3.4-4], section 3.3.4
    peer.expects(b"\x30\x0D\x00\x01t\x08\x0B\x07\x0B\x07\x0B\x07\x0B\x09m")
        .await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_message_that_comes_twice_has_the_identifier_of_each_subscription() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let options = SubscriptionOptions::at(QoS::AtMostOnce);
    for (filter, identifier) in [("t", 1), ("$share/g/t", 2), ("+", 3)] {
        let identifier = Property::SubscriptionIdentifier(identifier);
        peer.subscribe_with(filter, options, &[identifier]).await;
    }
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    // [MQTT-3.3.4-5]: a shared subscription brings a message of its own.
    peer.expects(b"\x30\x09\x00\x01t\x04\x0B\x01\x0B\x03m")
        .await;
    peer.expects(b"\x30\x07\x00\x01t\x02\x0B\x02m").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_subscription_that_is_replaced_loses_no_message() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::ReceiveMaximum(1)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for (packet_id, payload) in [(1, "a"), (2, "b")] {
        publisher
            .publish(QoS::AtLeastOnce, packet_id, "t", payload)
            .await;
        publisher.expects(&[0x40, 2, 0, packet_id as u8]).await;
    }
    peer.expects(b"\x32\x07\x00\x01t\x00\x01\x00a").await;
    // [MQTT-3.8.4-4]: neither the one that is on its way nor the one that waits.
    peer.subscribe("t", QoS::ExactlyOnce).await;
    peer.send_bytes(b"\x40\x02\x00\x01").await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x02\x00b").await;
    peer.send_bytes(b"\x40\x02\x00\x02").await;
    publisher.publish(QoS::ExactlyOnce, 3, "t", "c").await;
    peer.expects(b"\x34\x07\x00\x01t\x00\x03\x00c").await;
}

#[tokio::test]
async fn a_retained_message_comes_with_the_identifier_of_the_subscription_that_asked_for_it() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x31\x05\x00\x01t\x00m").await;
    for identifier in [1, 2] {
        let options = SubscriptionOptions::at(QoS::AtMostOnce);
        let filter = if identifier == 1 { "t" } else { "+" };
        let property = Property::SubscriptionIdentifier(identifier);
        peer.subscribe_with(filter, options, &[property]).await;
        // [MQTT-3.3.4-3]
        peer.expects(&[&b"\x31\x07\x00\x01t\x02\x0B"[..], &[identifier as u8], b"m"].concat())
            .await;
    }
    // Replaced by one without an identifier.
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.expects(b"\x31\x05\x00\x01t\x00m").await;
}

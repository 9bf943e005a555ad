//! What CONNACK says: what is granted, and whether there was a session.

use nack_codec::{Binary, Connect, Packet, Properties, Property, QoS, TopicName, Version, Will};
use nack_mock_broker::{Limits, MockBroker, User};

use crate::peer::{Hello, Peer, decode, text};

/// What a new client is answered with.
async fn connack(limits: Limits, version: Version) -> Vec<u8> {
    let broker = MockBroker::builder().limits(limits).in_memory();
    let mut peer = Peer::stranger(&broker, version);
    peer.hello(Hello::default()).await;
    peer.receive().await.to_vec()
}

#[tokio::test]
async fn what_is_not_granted_is_said_and_nothing_else() {
    type Set = fn(&mut Limits);
    let cases: [(Set, &[u8]); 11] = [
        (|_| {}, b""),
        // [MQTT-3.2.2-9]
        (|limits| limits.maximum_qos = QoS::AtMostOnce, b"\x24\x00"),
        (|limits| limits.maximum_qos = QoS::AtLeastOnce, b"\x24\x01"),
        (|limits| limits.retain_available = false, b"\x25\x00"),
        (|limits| limits.receive_maximum = 10, b"\x21\x00\x0A"),
        (|limits| limits.topic_alias_maximum = 5, b"\x22\x00\x05"),
        (|limits| limits.outgoing_topic_aliases = 5, b""),
        (
            |limits| limits.wildcard_subscription_available = false,
            b"\x28\x00",
        ),
        (
            |limits| limits.subscription_identifiers_available = false,
            b"\x29\x00",
        ),
        (
            |limits| limits.shared_subscription_available = false,
            b"\x2A\x00",
        ),
        (|limits| limits.server_keep_alive = Some(7), b"\x13\x00\x07"),
    ];
    for (set, property) in cases {
        let mut limits = Limits::default();
        set(&mut limits);
        let length = property.len() as u8;
        let mut expected = vec![0x20, length + 3, 0, 0, length];
        expected.extend(property);
        assert_eq!(connack(limits.clone(), Version::V5).await, expected);
        assert_eq!(connack(limits, Version::V311).await, b"\x20\x02\x00\x00");
    }
}

#[tokio::test]
async fn response_information_is_not_given_to_who_did_not_ask() {
    let broker = MockBroker::in_memory();
    for properties in [&[][..], &[Property::RequestResponseInformation(false)]] {
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.hello(Hello {
            properties,
            ..Hello::default()
        })
        .await;
        // [MQTT-3.1.2-28]
        peer.expects(b"\x20\x03\x00\x00\x00").await;
    }
}

#[tokio::test]
async fn the_flags_say_whether_there_was_a_session_and_no_more() {
    let broker = MockBroker::in_memory();
    let asks = |clean_start| Hello {
        clean_start,
        properties: &[Property::SessionExpiryInterval(60)],
        ..Hello::default()
    };
    for (clean_start, flags) in [(false, 0), (false, 1), (true, 0), (false, 1)] {
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.hello(asks(clean_start)).await;
        // [MQTT-3.2.2-1], [MQTT-3.2.2-2], [MQTT-3.2.2-3]
        peer.expects(&[0x20, 3, flags, 0, 0]).await;
    }
}

#[tokio::test]
async fn a_client_that_is_refused_takes_nothing_over() {
    let mut limits = Limits::default();
    limits.maximum_qos = QoS::AtMostOnce;
    let broker = MockBroker::builder()
        .limits(limits)
        .users([User::new("u", "right")])
        .in_memory();
    let mut expiry = Properties::new();
    expiry.push(Property::SessionExpiryInterval(60)).unwrap();
    let asks = |password: &'static str, clean_start, qos| {
        Packet::Connect(Box::new(Connect {
            version: Version::V5,
            clean_start,
            keep_alive: 0,
            client_id: text("c"),
            will: Some(Will {
                qos,
                retain: false,
                topic: TopicName::new("will").unwrap(),
                payload: Binary::new(&b""[..]).unwrap(),
                properties: Properties::empty(),
            }),
            user_name: Some(text("u")),
            password: Some(Binary::new(password.as_bytes()).unwrap()),
            properties: expiry.borrow(),
        }))
    };
    let mut first = Peer::stranger(&broker, Version::V5);
    first.send(asks("right", true, QoS::AtMostOnce)).await;
    assert_eq!(first.receive().await[3], 0);
    for clean_start in [false, true] {
        for (password, qos, code) in [
            ("wrong", QoS::AtMostOnce, 0x86),
            ("right", QoS::AtLeastOnce, 0x9B),
        ] {
            let mut peer = Peer::stranger(&broker, Version::V5);
            peer.send(asks(password, clean_start, qos)).await;
            // [MQTT-3.2.2-6], [MQTT-3.2.2-7], [MQTT-3.2.2-8]
            let connack = peer.receive().await;
            assert_eq!(connack[2..4], [0, code]);
            peer.expects_end().await;
            first.expects_nothing().await;
        }
    }
    drop(first);
    broker.wait_for_close(1).await;
    let mut again = Peer::stranger(&broker, Version::V5);
    again.send(asks("right", false, QoS::AtMostOnce)).await;
    assert_eq!(again.receive().await[2..4], [1, 0]);
}

#[tokio::test]
async fn a_client_that_was_assigned_an_identifier_finds_its_session_by_it() {
    let broker = MockBroker::in_memory();
    let asks = |client_id| Hello {
        client_id,
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(60)],
        ..Hello::default()
    };
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(asks("")).await;
    let packet = peer.receive().await;
    let Packet::Connack(connack) = decode(&packet, Version::V5) else {
        panic!("{packet:?}");
    };
    // [MQTT-3.1.3-7]
    let assigned = connack.properties.assigned_client_identifier().unwrap();
    peer.subscribe("t", QoS::AtMostOnce).await;
    drop(peer);
    broker.wait_for_close(1).await;
    let (mut peer, present) = Peer::welcomed(&broker, Version::V5, asks(assigned)).await;
    assert!(present);
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

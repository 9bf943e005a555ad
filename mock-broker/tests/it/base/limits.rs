//! What is granted: announced in CONNACK, and enforced with the code of the standard.

use std::time::Duration;

use nack_codec::{
    Binary, Packet, PacketId, Properties, Property, Publish, QoS, Subscribe, Subscription,
    SubscriptionOptions, TopicFilter, TopicName, Version, Will,
};
use nack_mock_broker::{Action, Limits, MockBroker, Rule, Target, action, matcher};

use crate::peer::{Hello, Peer, decode, publish};

async fn with(limits: Limits) -> Peer {
    let broker = MockBroker::builder().limits(limits).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    let connack = peer.receive().await;
    assert_eq!(connack[3], 0);
    assert!(connack.len() > 5, "nothing is announced: {connack:02X?}");
    std::mem::forget(broker);
    peer
}

async fn is_sent_away(mut peer: Peer, code: u8) {
    let packet = peer.receive().await;
    assert_eq!((packet[0], packet[2]), (0xE0, code), "{packet:02X?}");
    peer.expects_end().await;
}

async fn publish_with_alias(peer: &mut Peer, topic: Option<&str>, alias: u16) {
    let mut properties = Properties::new();
    properties.push(Property::TopicAlias(alias)).unwrap();
    let message = publish(QoS::AtMostOnce, 0, topic.unwrap_or("t"), "m");
    peer.send(Packet::Publish(Publish {
        topic: topic.and(message.topic),
        properties: properties.borrow(),
        ..message
    }))
    .await;
}

async fn ask(peer: &mut Peer, filter: &str, properties: &[Property<'_>]) {
    let mut block = Properties::new();
    for property in properties {
        block.push(*property).unwrap();
    }
    peer.send(Packet::Subscribe(Subscribe {
        packet_id: PacketId::MAX,
        properties: block.borrow(),
        subscriptions: [Subscription {
            filter: TopicFilter::new(filter).unwrap(),
            options: SubscriptionOptions::at(QoS::ExactlyOnce),
        }][..]
            .into(),
    }))
    .await;
}

#[tokio::test]
async fn one_message_above_the_receive_maximum_ends_the_connection() {
    let mut limits = Limits::default();
    limits.receive_maximum = 2;
    let mut peer = with(limits).await;
    for packet_id in 1..=2 {
        peer.publish(QoS::ExactlyOnce, packet_id, "t", "").await;
        peer.expects(&[0x50, 2, 0, packet_id as u8]).await;
    }
    // A repeat is no other message, and one that is complete makes room for another.
    peer.publish(QoS::ExactlyOnce, 2, "t", "").await;
    peer.expects(b"\x50\x02\x00\x02").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x02\x00\x01").await;
    peer.publish(QoS::ExactlyOnce, 3, "t", "").await;
    peer.expects(b"\x50\x02\x00\x03").await;
    // [MQTT-3.3.4-7]
    peer.publish(QoS::AtLeastOnce, 4, "t", "").await;
    is_sent_away(peer, 0x93).await;
}

#[tokio::test]
async fn messages_that_are_not_to_be_had_end_the_connection() {
    let mut limits = Limits::default();
    limits.maximum_qos = QoS::AtLeastOnce;
    let mut peer = with(limits).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "").await;
    let puback = peer.receive().await;
    assert_eq!(puback[0], 0x40);
    // [MQTT-3.2.2-10]
    ask(&mut peer, "t", &[]).await;
    peer.expects(b"\x90\x04\xFF\xFF\x00\x01").await;
    // [MQTT-3.2.2-11]
    peer.publish(QoS::ExactlyOnce, 1, "t", "").await;
    is_sent_away(peer, 0x9B).await;

    let mut limits = Limits::default();
    limits.retain_available = false;
    let mut peer = with(limits).await;
    let mut message = publish(QoS::AtMostOnce, 0, "t", "");
    message.retain = true;
    // [MQTT-3.2.2-14]
    peer.send(Packet::Publish(message)).await;
    is_sent_away(peer, 0x9A).await;
}

#[tokio::test]
async fn subscriptions_that_are_not_to_be_had_end_the_connection() {
    let mut limits = Limits::default();
    limits.wildcard_subscription_available = false;
    limits.shared_subscription_available = false;
    limits.subscription_identifiers_available = false;
    for (filter, properties, code) in [
        ("a/+", &[][..], 0xA2),
        ("$share/g/a", &[], 0x9E),
        ("a", &[Property::SubscriptionIdentifier(1)], 0xA1),
    ] {
        let mut peer = with(limits.clone()).await;
        ask(&mut peer, "a", &[]).await;
        peer.expects(b"\x90\x04\xFF\xFF\x00\x02").await;
        ask(&mut peer, filter, properties).await;
        is_sent_away(peer, code).await;
    }
    let broker = MockBroker::builder().limits(limits).in_memory();
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    // 3.1.1 [MQTT-3.8.3-2]
    ask(&mut old, "a/+", &[]).await;
    old.expects(b"\x90\x03\xFF\xFF\x80").await;
}

#[tokio::test]
async fn an_alias_stands_for_its_topic_until_it_stands_for_another() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = u16::MAX;
    let mut peer = with(limits.clone()).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    // [MQTT-3.3.2-12]
    for alias in (1..=u16::MAX).step_by(2_047).chain([2, u16::MAX]) {
        let topic = format!("a/{alias}");
        for said in [Some(&*topic), None] {
            publish_with_alias(&mut peer, said, alias).await;
            let packet = peer.receive().await;
            assert_eq!(&packet[4..packet.len() - 2], topic.as_bytes());
        }
    }
    limits.topic_alias_maximum = 2;
    let mut peer = with(limits.clone()).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    for (topic, alias, expected) in [
        (Some("a"), 2, "a"),
        (None, 2, "a"),
        (Some("b"), 2, "b"),
        (None, 2, "b"),
    ] {
        publish_with_alias(&mut peer, topic, alias).await;
        let packet = peer.receive().await;
        assert_eq!(&packet[4..5], expected.as_bytes());
    }
    publish_with_alias(&mut peer, None, 1).await;
    is_sent_away(peer, 0x82).await;
    let mut peer = with(limits).await;
    // [MQTT-3.2.2-17], [MQTT-3.3.2-9]
    publish_with_alias(&mut peer, Some("a"), 3).await;
    is_sent_away(peer, 0x94).await;
}

#[tokio::test]
async fn aliases_are_used_towards_clients_that_allow_them_and_no_more_of_them() {
    let mut limits = Limits::default();
    limits.outgoing_topic_aliases = 9;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let hello = Hello {
        properties: &[Property::TopicAliasMaximum(1)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    for topic in ["a", "a", "b"] {
        peer.publish(QoS::AtMostOnce, 0, topic, "m").await;
    }
    // [MQTT-3.1.2-26], [MQTT-3.3.2-11]
    peer.expects(b"\x30\x08\x00\x01a\x03\x23\x00\x01m").await;
    peer.expects(b"\x30\x07\x00\x00\x03\x23\x00\x01m").await;
    peer.expects(b"\x30\x05\x00\x01b\x00m").await;
}

#[tokio::test]
async fn what_a_rule_announces_is_enforced() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(action::connack(0).topic_alias_maximum(1).receive_maximum(1))
        .mount(&broker)
        .forget();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.receive().await;
    publish_with_alias(&mut peer, Some("a"), 1).await;
    peer.expects_nothing().await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "").await;
    peer.receive().await;
    peer.publish(QoS::ExactlyOnce, 2, "t", "").await;
    is_sent_away(peer, 0x93).await;
}

#[tokio::test]
async fn keep_alive_and_session_expiry_are_the_servers_where_it_says_so() {
    let mut limits = Limits::default();
    limits.server_keep_alive = Some(7);
    limits.session_expiry_maximum = Some(9);
    let broker = MockBroker::builder().limits(limits).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello {
        properties: &[Property::SessionExpiryInterval(10)],
        ..Hello::default()
    })
    .await;
    let connack = peer.receive().await;
    let Packet::Connack(connack) = decode(&connack, Version::V5) else {
        panic!("{connack:?}");
    };
    assert_eq!(connack.properties.server_keep_alive(), Some(7));
    assert_eq!(connack.properties.session_expiry_interval(), Some(9));
}

#[tokio::test]
async fn a_will_that_is_not_to_be_had_is_refused_at_connect() {
    let mut low = Limits::default();
    low.maximum_qos = QoS::AtMostOnce;
    let mut forgetful = Limits::default();
    forgetful.retain_available = false;
    // [MQTT-3.2.2-12], [MQTT-3.2.2-13]
    for (limits, qos, retain, v5, v311) in [
        (&low, QoS::AtLeastOnce, false, 0x9B, 5),
        (&low, QoS::AtMostOnce, true, 0, 0),
        (&forgetful, QoS::AtMostOnce, true, 0x9A, 5),
        (&forgetful, QoS::ExactlyOnce, false, 0, 0),
    ] {
        for (version, code) in [(Version::V5, v5), (Version::V311, v311)] {
            let broker = MockBroker::builder().limits(limits.clone()).in_memory();
            let mut peer = Peer::stranger(&broker, version);
            peer.hello(Hello {
                will: Some(Will {
                    qos,
                    retain,
                    topic: TopicName::new("will").unwrap(),
                    payload: Binary::new(&b""[..]).unwrap(),
                    properties: Properties::empty(),
                }),
                ..Hello::default()
            })
            .await;
            assert_eq!(peer.receive().await[3], code);
            if code > 0 {
                peer.expects_end().await;
            }
        }
    }
}

#[tokio::test]
async fn the_maximum_packet_size_of_a_rule_is_enforced() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(action::connack(0).maximum_packet_size(20))
        .mount(&broker)
        .forget();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.receive().await;
    peer.publish(QoS::AtMostOnce, 0, "t", "01234567890123")
        .await;
    peer.expects_nothing().await;
    peer.publish(QoS::AtMostOnce, 0, "t", "012345678901234")
        .await;
    is_sent_away(peer, 0x95).await;
}

#[tokio::test]
async fn an_alias_ends_with_its_connection() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = 1;
    let broker = MockBroker::builder().limits(limits).in_memory();
    // [MQTT-3.3.2-7]
    for _ in 0..2 {
        let mut peer = Peer::connected(&broker, Version::V5, "c").await;
        publish_with_alias(&mut peer, Some("a"), 1).await;
        peer.expects_nothing().await;
    }
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publish_with_alias(&mut peer, None, 1).await;
    is_sent_away(peer, 0x82).await;
}

#[tokio::test]
async fn levels_of_filters_are_bounded() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let filter = |number: usize| format!("{number:02}{}", "/".repeat(65_533));
    for number in 0..15 {
        peer.subscribe(&filter(number), QoS::AtMostOnce).await;
    }
    ask(&mut peer, &filter(15), &[]).await;
    peer.expects(b"\x90\x04\xFF\xFF\x00\x97").await;
    // What there is may be replaced, and what ends makes room.
    peer.subscribe(&filter(0), QoS::AtLeastOnce).await;
    peer.unsubscribe(1, &filter(0)).await;
    peer.expects(b"\xB0\x04\x00\x01\x00\x00").await;
    peer.subscribe(&filter(15), QoS::AtMostOnce).await;
}

#[tokio::test]
async fn rules_see_the_topic_that_an_alias_stands_for() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = 1;
    limits.outgoing_topic_aliases = 1;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let from = Rule::given(matcher::publish().topic("a"))
        .then(action::no_answer())
        .expect(2)
        .mount(&broker);
    let to = Rule::given(matcher::publish().topic("b").to_client())
        .then(action::no_answer())
        .expect(2)
        .mount(&broker);
    let hello = Hello {
        properties: &[Property::TopicAliasMaximum(1)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    // A rule takes the message that says what the alias stands for, and the alias holds.
    publish_with_alias(&mut peer, Some("a"), 1).await;
    publish_with_alias(&mut peer, None, 1).await;
    publish_with_alias(&mut peer, Some("b"), 1).await;
    publish_with_alias(&mut peer, None, 1).await;
    peer.expects_nothing().await;
    from.wait_until_satisfied().await;
    to.wait_until_satisfied().await;
}

#[tokio::test(start_paused = true)]
async fn a_delayed_message_goes_to_the_topic_that_its_alias_stood_for() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = 1;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let second = Duration::from_secs(1);
    Rule::given(matcher::publish().topic("a"))
        .then(action::delay(second))
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    for topic in [Some("a"), None, Some("b"), None] {
        publish_with_alias(&mut peer, topic, 1).await;
    }
    for topic in [b'b', b'b', b'a', b'a'] {
        assert_eq!(peer.receive().await[4], topic);
    }
    peer.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_rules_keep_waiting_count_towards_the_receive_maximum() {
    let mut limits = Limits::default();
    limits.receive_maximum = 2;
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let broker = MockBroker::builder().limits(limits.clone()).in_memory();
        Rule::given(matcher::publish().topic("withheld"))
            .then(action::no_answer())
            .mount(&broker)
            .forget();
        Rule::given(matcher::publish().topic("late"))
            .then(action::delay(Duration::from_secs(1)))
            .then(action::as_usual())
            .mount(&broker)
            .forget();
        let mut peer = Peer::connected(&broker, Version::V5, "c").await;
        peer.publish(qos, 1, "withheld", "").await;
        peer.publish(qos, 2, "late", "").await;
        // A repeat is no other message.
        peer.publish(qos, 1, "withheld", "").await;
        peer.expects_nothing().await;
        let last = if qos == QoS::AtLeastOnce { 0x40 } else { 0x70 };
        if qos == QoS::ExactlyOnce {
            peer.expects(b"\x50\x02\x00\x02").await;
            peer.send_bytes(b"\x62\x02\x00\x02").await;
        }
        peer.expects(&[last, 2, 0, 2]).await;
        // The late one is complete, and a refusal by command completes the other.
        peer.publish(qos, 3, "late", "").await;
        peer.expects_nothing().await;
        let refusal = match qos {
            QoS::AtLeastOnce => Action::from(action::puback(0x97).packet_id(1)),
            _ => Action::from(action::pubrec(0x97).packet_id(1)),
        };
        let target = Target::Connection(1);
        broker.send(target, refusal).await.unwrap();
        assert_eq!(peer.receive().await[3..], [1, 0x97]);
        // Only that makes room for one more.
        peer.publish(qos, 4, "t", "").await;
        if qos == QoS::AtLeastOnce {
            peer.expects(b"\x40\x02\x00\x04").await;
            peer.publish(qos, 5, "withheld", "").await;
            peer.expects_nothing().await;
        } else {
            peer.expects(b"\x50\x02\x00\x04").await;
        }
        peer.publish(qos, 6, "t", "").await;
        is_sent_away(peer, 0x93).await;
    }
}

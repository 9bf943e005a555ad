//! Messages to clients: QoS, quota, sizes, properties, acknowledgements.

use nack_codec::{
    Binary, Packet, PacketId, Properties, Property, Puback, Pubcomp, Publish, Pubrec, PubrecReason,
    QoS, TopicName, Version,
};
use nack_mock_broker::{Limits, MockBroker};

use crate::peer::{Hello, Peer, publish, text};

fn id(packet_id: u16) -> PacketId {
    PacketId::new(packet_id).unwrap()
}

#[tokio::test]
async fn a_message_comes_at_the_lower_of_two_qos() {
    for published in QoS::ALL {
        for granted in QoS::ALL {
            let broker = MockBroker::in_memory();
            let mut subscriber = Peer::connected(&broker, Version::V311, "s").await;
            subscriber.subscribe("t", granted).await;
            let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
            let packet_id = u16::from(published > QoS::AtMostOnce);
            publisher.publish(published, packet_id, "t", "m").await;
            // [MQTT-3.8.4-8]; 3.1.1 [MQTT-3.8.4-6]
            let packet = subscriber.receive().await;
            assert_eq!(packet[0] >> 1 & 3, published.min(granted) as u8);
        }
    }
}

#[tokio::test]
async fn a_qos_2_message_to_a_client_goes_its_whole_way() {
    for (version, publish, pubrel) in [
        (
            Version::V311,
            &b"\x34\x06\x00\x01t\x00\x01m"[..],
            &b"\x62\x02\x00\x01"[..],
        ),
        (
            Version::V5,
            b"\x34\x07\x00\x01t\x00\x01\x00m",
            b"\x62\x03\x00\x01\x92",
        ),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        peer.publish(QoS::ExactlyOnce, 9, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x09").await;
        // [MQTT-4.3.3-2], [MQTT-4.3.3-4]; 3.1.1 [MQTT-4.3.3-1]; no properties are a length of 0,
        // [MQTT-2.2.2-1].
        peer.expects(publish).await;
        for _ in 0..2 {
            peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
            peer.expects(b"\x62\x02\x00\x01").await;
        }
        peer.send(Packet::Pubcomp(Pubcomp::success(id(1)))).await;
        peer.expects_nothing().await;
        // A PUBREC of what is complete.
        peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
        peer.expects(pubrel).await;
    }
}

#[tokio::test]
async fn receive_maximum_holds_messages_back_until_others_are_acknowledged() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::ReceiveMaximum(2)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V311, "p").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
    publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
    publisher.publish(QoS::AtLeastOnce, 3, "t", "c").await;
    publisher.publish(QoS::AtMostOnce, 0, "t", "d").await;
    publisher.publish(QoS::AtLeastOnce, 4, "t", "e").await;
    // [MQTT-4.9.0-1], [MQTT-4.9.0-2]
    peer.expects(b"\x32\x07\x00\x01t\x00\x01\x00a").await;
    peer.expects(b"\x34\x07\x00\x01t\x00\x02\x00b").await;
    peer.expects(b"\x30\x05\x00\x01t\x00d").await;
    // [MQTT-3.3.4-9]; [MQTT-3.3.4-10], [MQTT-4.9.0-3]: all else goes on.
    peer.expects_nothing().await;
    peer.publish(QoS::ExactlyOnce, 7, "u", "m").await;
    peer.expects(b"\x50\x02\x00\x07").await;
    peer.send_bytes(b"\x62\x02\x00\x07").await;
    peer.expects(b"\x70\x02\x00\x07").await;
    peer.subscribe("u", QoS::ExactlyOnce).await;
    peer.unsubscribe(7, "u").await;
    peer.expects(b"\xB0\x04\x00\x07\x00\x00").await;
    peer.send(Packet::Puback(Puback::success(id(1)))).await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x03\x00c").await;
    peer.expects_nothing().await;
    // A refusal gives the quota back too.
    let reason = PubrecReason::NotAuthorized;
    let properties = Properties::empty();
    let packet_id = id(2);
    peer.send(Packet::Pubrec(Pubrec {
        packet_id,
        reason,
        properties,
    }))
    .await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x04\x00e").await;
}

#[tokio::test]
async fn a_message_larger_than_the_client_accepts_is_dropped_as_if_it_had_been_sent() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::MaximumPacketSize(20)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher
        .publish(QoS::AtLeastOnce, 1, "t", "0123456789abcd")
        .await;
    publisher
        .publish(QoS::AtLeastOnce, 2, "t", "0123456789a")
        .await;
    peer.expects(b"\x32\x11\x00\x01t\x00\x02\x000123456789a")
        .await;
    let dropped = broker.journal().to_string();
    assert!(
        dropped.contains("← #1 dropped PUBLISH id=1 qos=1 topic=\"t\" 14 bytes"),
        "{dropped}"
    );
}

#[tokio::test]
async fn properties_are_passed_on_to_those_who_can_read_them() {
    let broker = MockBroker::in_memory();
    let mut modern = Peer::connected(&broker, Version::V5, "modern").await;
    modern.subscribe("#", QoS::AtMostOnce).await;
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    old.subscribe("#", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    let mut properties = Properties::new();
    for property in [
        Property::UserProperty(text("b"), text("1")),
        Property::ContentType(text("text")),
        Property::UserProperty(text("a"), text("2")),
        Property::PayloadFormatIndicator(true),
    ] {
        properties.push(property).unwrap();
    }
    publisher
        .send(Packet::Publish(Publish {
            properties: properties.borrow(),
            ..publish(QoS::AtMostOnce, 0, "t", "m")
        }))
        .await;
    // [MQTT-3.3.2-4], [MQTT-3.3.2-17], [MQTT-3.3.2-18], [MQTT-3.3.2-20]
    modern
        .expects(b"\x30\x1C\x00\x01t\x17\x26\x00\x01b\x00\x011\x03\x00\x04text\x26\x00\x01a\x00\x012\x01\x01m")
        .await;
    old.expects(b"\x30\x04\x00\x01tm").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_loses_its_time_and_then_itself() {
    let broker = MockBroker::in_memory();
    let away = || Hello {
        client_id: "s",
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(u32::MAX)],
        ..Hello::default()
    };
    let (mut subscriber, _) = Peer::welcomed(&broker, Version::V5, away()).await;
    subscriber.subscribe("t", QoS::AtLeastOnce).await;
    drop(subscriber);
    broker.wait_for_close(1).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for (packet_id, seconds) in [(1, 10), (2, 100)] {
        let mut properties = Properties::new();
        properties
            .push(Property::MessageExpiryInterval(seconds))
            .unwrap();
        publisher
            .send(Packet::Publish(Publish {
                properties: properties.borrow(),
                ..publish(QoS::AtLeastOnce, packet_id, "t", "m")
            }))
            .await;
        publisher.receive().await;
    }
    tokio::time::advance(std::time::Duration::from_secs(30)).await;
    let (mut subscriber, present) = Peer::welcomed(&broker, Version::V5, away()).await;
    assert!(present);
    // [MQTT-3.3.2-6], [MQTT-3.3.2-5]
    subscriber
        .expects(b"\x32\x0C\x00\x01t\x00\x01\x05\x02\x00\x00\x00\x46m")
        .await;
    subscriber.expects_nothing().await;
}

#[tokio::test]
async fn requests_keep_what_their_answer_needs() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    let mut properties = Properties::new();
    for property in [
        Property::ResponseTopic(TopicName::new("r").unwrap()),
        Property::CorrelationData(Binary::new(&b"\x00\xFF"[..]).unwrap()),
    ] {
        properties.push(property).unwrap();
    }
    peer.send(Packet::Publish(Publish {
        properties: properties.borrow(),
        ..publish(QoS::AtMostOnce, 0, "t", "m")
    }))
    .await;
    // [MQTT-3.3.2-15], [MQTT-3.3.2-16]
    peer.expects(b"\x30\x0E\x00\x01t\x09\x08\x00\x01r\x09\x00\x02\x00\xFFm")
        .await;
}

#[tokio::test]
async fn messages_of_a_topic_keep_their_order() {
    for version in Version::ALL {
        for qos in QoS::ALL {
            let broker = MockBroker::in_memory();
            let hello = || Hello {
                clean_start: false,
                properties: match version {
                    Version::V311 => &[],
                    Version::V5 => &[Property::SessionExpiryInterval(60)],
                },
                ..Hello::default()
            };
            let (mut peer, _) = Peer::welcomed(&broker, version, hello()).await;
            peer.subscribe("#", qos).await;
            let mut publisher = Peer::connected(&broker, version, "p").await;
            let payloads = ["a", "b", "c", "d", "e"];
            for (index, payload) in (1..).zip(payloads) {
                let packet_id = if qos == QoS::AtMostOnce { 0 } else { index };
                publisher.publish(qos, packet_id, "t", payload).await;
            }
            // [MQTT-4.6.0-5], [MQTT-4.6.0-6]
            for payload in payloads {
                assert!(peer.receive().await.ends_with(payload.as_bytes()));
            }
            if qos == QoS::AtMostOnce {
                continue;
            }
            // And so again, without the one that was acknowledged.
            let last = if qos == QoS::AtLeastOnce { 0x40 } else { 0x50 };
            peer.send_bytes([last, 2, 0, 2]).await;
            if qos == QoS::ExactlyOnce {
                peer.expects(b"\x62\x02\x00\x02").await;
                peer.send_bytes(b"\x70\x02\x00\x02").await;
            }
            peer.expects_nothing().await;
            drop(peer);
            broker.wait_for_close(1).await;
            publisher.publish(QoS::AtMostOnce, 0, "u", "m").await;
            let (mut peer, _) = Peer::welcomed(&broker, version, hello()).await;
            for payload in [b"a", b"c", b"d", b"e"] {
                assert!(peer.receive().await.ends_with(payload));
            }
        }
    }
}

#[tokio::test]
async fn a_delivery_that_has_begun_outlives_its_subscription() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        let mut publisher = Peer::connected(&broker, Version::V311, "p").await;
        publisher.publish(QoS::ExactlyOnce, 1, "t", "m").await;
        assert!(peer.receive().await.ends_with(b"m"));
        peer.unsubscribe(9, "t").await;
        peer.receive().await;
        // [MQTT-3.10.4-3]
        peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
        peer.expects(b"\x62\x02\x00\x01").await;
        peer.send(Packet::Pubcomp(Pubcomp::success(id(1)))).await;
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn what_is_too_large_for_a_client_that_comes_back_is_not_sent_again() {
    let broker = MockBroker::in_memory();
    let small = [
        Property::SessionExpiryInterval(60),
        Property::MaximumPacketSize(20),
    ];
    let hello = |properties| Hello {
        clean_start: false,
        properties,
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello(&small[..1])).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    for payload in ["0123456789abcd", "m"] {
        peer.publish(QoS::AtLeastOnce, 7, "t", payload).await;
        peer.expects(b"\x40\x02\x00\x07").await;
        peer.receive().await;
    }
    drop(peer);
    broker.wait_for_close(1).await;
    let (mut peer, present) = Peer::welcomed(&broker, Version::V5, hello(&small)).await;
    assert!(present);
    // [MQTT-3.1.2-24], [MQTT-3.1.2-25], [MQTT-3.3.1-1]
    peer.expects(b"\x3A\x07\x00\x01t\x00\x02\x00m").await;
    peer.expects_nothing().await;
    assert!(
        broker
            .journal()
            .to_string()
            .contains("dropped PUBLISH id=1")
    );
}

#[tokio::test]
async fn a_message_of_a_share_stays_with_the_client_that_it_was_sent_to() {
    let broker = MockBroker::in_memory();
    let hello = || Hello {
        client_id: "one",
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(60)],
        ..Hello::default()
    };
    let (mut one, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    one.subscribe("$share/g/t", QoS::ExactlyOnce).await;
    let mut two = Peer::connected(&broker, Version::V5, "two").await;
    two.subscribe("$share/g/t", QoS::AtMostOnce).await;
    for (packet_id, payload) in [(1, "a"), (2, "b")] {
        two.publish(QoS::ExactlyOnce, packet_id, "t", payload).await;
        two.expects(&[0x50, 2, 0, packet_id as u8]).await;
    }
    // [MQTT-4.8.2-3]: each at its own QoS.
    one.expects(b"\x34\x07\x00\x01t\x00\x01\x00a").await;
    two.expects(b"\x30\x05\x00\x01t\x00b").await;
    drop(one);
    broker.wait_for_close(1).await;
    two.expects_nothing().await;
    // [MQTT-4.8.2-4]
    let (mut one, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    one.expects(b"\x3C\x07\x00\x01t\x00\x01\x00a").await;
    // [MQTT-4.8.2-5]
    assert!(broker.forget_session("one"));
    one.expects_nothing().await;
    two.expects_nothing().await;
}

#[tokio::test]
async fn a_message_of_a_share_that_is_refused_goes_to_nobody_else() {
    let broker = MockBroker::in_memory();
    let mut one = Peer::connected(&broker, Version::V5, "one").await;
    one.subscribe("$share/g/t", QoS::AtLeastOnce).await;
    let mut two = Peer::connected(&broker, Version::V5, "two").await;
    two.subscribe("$share/g/t", QoS::AtLeastOnce).await;
    two.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    two.expects(b"\x40\x02\x00\x01").await;
    assert!(one.receive().await.ends_with(b"m"));
    one.send_bytes(b"\x40\x03\x00\x01\x97").await;
    // [MQTT-4.8.2-6], [MQTT-4.4.0-2]
    one.expects_nothing().await;
    two.expects_nothing().await;
}

#[tokio::test]
async fn no_alias_is_used_towards_a_client_that_allows_none() {
    let mut limits = Limits::default();
    limits.outgoing_topic_aliases = 9;
    let broker = MockBroker::builder().limits(limits).in_memory();
    for properties in [&[][..], &[Property::TopicAliasMaximum(0)]] {
        let hello = Hello {
            properties,
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        for _ in 0..2 {
            peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
            // [MQTT-3.1.2-27], [MQTT-3.3.2-11]
            peer.expects(b"\x30\x05\x00\x01t\x00m").await;
        }
    }
}

#[tokio::test]
async fn an_alias_is_introduced_anew_on_each_connection() {
    let mut limits = Limits::default();
    limits.outgoing_topic_aliases = 9;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let hello = |maximum: &'static [Property<'static>]| Hello {
        clean_start: false,
        properties: maximum,
        ..Hello::default()
    };
    let some = &[
        Property::SessionExpiryInterval(60),
        Property::TopicAliasMaximum(1),
    ];
    let none = &some[..1];
    for (number, properties, messages) in [
        (
            1,
            &some[..],
            [
                &b"\x30\x08\x00\x01t\x03\x23\x00\x01m"[..],
                b"\x30\x07\x00\x00\x03\x23\x00\x01m",
            ],
        ),
        (
            2,
            none,
            [b"\x30\x05\x00\x01t\x00m", b"\x30\x05\x00\x01t\x00m"],
        ),
        (
            3,
            some,
            [
                b"\x30\x08\x00\x01t\x03\x23\x00\x01m",
                b"\x30\x07\x00\x00\x03\x23\x00\x01m",
            ],
        ),
    ] {
        let (mut peer, present) = Peer::welcomed(&broker, Version::V5, hello(properties)).await;
        assert_eq!(present, number > 1);
        if !present {
            peer.subscribe("t", QoS::AtMostOnce).await;
        }
        // [MQTT-3.3.2-7], [MQTT-3.1.2-26]
        for message in messages {
            peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
            peer.expects(message).await;
        }
        drop(peer);
        broker.wait_for_close(number).await;
    }
}

#[tokio::test]
async fn a_release_waits_for_no_quota() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::ReceiveMaximum(1)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    for payload in ["a", "b"] {
        peer.publish(QoS::ExactlyOnce, 5, "t", payload).await;
        peer.expects(b"\x50\x02\x00\x05").await;
        if payload == "a" {
            peer.expects(b"\x34\x07\x00\x01t\x00\x01\x00a").await;
        }
        peer.send_bytes(b"\x62\x02\x00\x05").await;
        peer.expects(b"\x70\x02\x00\x05").await;
    }
    peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
    // [MQTT-3.3.4-10]; the message is not complete: [MQTT-3.3.4-9]
    peer.expects(b"\x62\x02\x00\x01").await;
    peer.expects_nothing().await;
    peer.send(Packet::Pubcomp(Pubcomp::success(id(1)))).await;
    peer.expects(b"\x34\x07\x00\x01t\x00\x02\x00b").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_loses_the_whole_seconds_that_it_waited() {
    let mut expiry = Properties::new();
    expiry.push(Property::MessageExpiryInterval(10)).unwrap();
    for (milliseconds, left) in [(1, 10), (999, 10), (1_000, 9), (1_001, 9), (9_999, 1)] {
        let broker = MockBroker::in_memory();
        let hello = Hello {
            properties: &[Property::ReceiveMaximum(1)],
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
        peer.subscribe("t", QoS::AtLeastOnce).await;
        for payload in ["a", "b"] {
            peer.send(Packet::Publish(Publish {
                properties: expiry.borrow(),
                ..publish(QoS::AtLeastOnce, 1, "t", payload)
            }))
            .await;
            peer.expects(b"\x40\x02\x00\x01").await;
            if payload == "a" {
                peer.expects(b"\x32\x0C\x00\x01t\x00\x01\x05\x02\x00\x00\x00\x0Aa")
                    .await;
            }
        }
        tokio::time::advance(std::time::Duration::from_millis(milliseconds)).await;
        peer.send(Packet::Puback(Puback::success(id(1)))).await;
        // [MQTT-3.3.2-6]
        let packet = peer.receive().await;
        let head = b"\x32\x0C\x00\x01t\x00\x02\x05\x02\x00\x00\x00";
        assert_eq!(packet, [&head[..], &[left], b"b"].concat());
    }
}

#[tokio::test]
async fn what_was_sent_by_its_alias_is_sent_again_by_its_topic() {
    let mut limits = Limits::default();
    limits.outgoing_topic_aliases = 1;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let hello = || Hello {
        clean_start: false,
        properties: &[
            Property::SessionExpiryInterval(60),
            Property::TopicAliasMaximum(1),
        ],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for payload in ["a", "b"] {
        publisher.publish(QoS::AtLeastOnce, 1, "t", payload).await;
        publisher.expects(b"\x40\x02\x00\x01").await;
    }
    peer.expects(b"\x32\x0A\x00\x01t\x00\x01\x03\x23\x00\x01a")
        .await;
    peer.expects(b"\x32\x09\x00\x00\x00\x02\x03\x23\x00\x01b")
        .await;
    drop(peer);
    broker.wait_for_close(1).await;
    let (mut peer, present) = Peer::welcomed(&broker, Version::V5, hello()).await;
    assert!(present);
    // [MQTT-3.3.2-7], [MQTT-3.3.1-1]
    peer.expects(b"\x3A\x07\x00\x01t\x00\x01\x00a").await;
    peer.expects(b"\x3A\x07\x00\x01t\x00\x02\x00b").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "c").await;
    peer.expects(b"\x32\x0A\x00\x01t\x00\x03\x03\x23\x00\x01c")
        .await;
}

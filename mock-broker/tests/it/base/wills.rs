//! Wills: published when a client is gone without a goodbye, and not else.

use std::time::Duration;

use nack_codec::{
    Binary, Disconnect, DisconnectReason, Packet, Properties, Property, QoS, TopicName, Version,
    Will,
};
use nack_mock_broker::{Access, MockBroker, Operation, Permission};
use tokio::time::Instant;

use crate::peer::{Hello, Peer, text};

fn dying() -> Hello<'static> {
    Hello {
        client_id: "dying",
        will: Some(Will {
            qos: QoS::AtMostOnce,
            retain: true,
            topic: TopicName::new("will").unwrap(),
            payload: Binary::new(&b"gone"[..]).unwrap(),
            properties: Properties::empty(),
        }),
        ..Hello::default()
    }
}

const WILL: &[u8] = b"\x30\x0A\x00\x04willgone";

async fn witness(broker: &MockBroker) -> Peer {
    let mut witness = Peer::connected(broker, Version::V311, "witness").await;
    witness.subscribe("will", QoS::AtMostOnce).await;
    witness
}

fn goodbye(reason: DisconnectReason) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: Properties::empty(),
    })
}

#[tokio::test]
async fn a_lost_connection_publishes_the_will_and_retains_it() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for version in Version::ALL {
        let (peer, _) = Peer::welcomed(&broker, version, dying()).await;
        drop(peer);
        // [MQTT-3.1.2-7], [MQTT-3.1.2-8]; once: [MQTT-3.1.2-10].
        witness.expects(WILL).await;
        witness.expects_nothing().await;
        // [MQTT-3.1.2-15]; 3.1.1 [MQTT-3.1.2-17]
        witness.subscribe("will", QoS::AtMostOnce).await;
        witness.expects(b"\x31\x0A\x00\x04willgone").await;
        assert_eq!(broker.clear_retained(), 1);
    }
}

#[tokio::test]
async fn a_goodbye_takes_the_will_back_unless_it_asks_for_it() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for (number, version) in [(2, Version::V311), (3, Version::V5)] {
        let (mut peer, _) = Peer::welcomed(&broker, version, dying()).await;
        peer.send(goodbye(DisconnectReason::NormalDisconnection))
            .await;
        drop(peer);
        broker.wait_for_close(number).await;
        // [MQTT-3.14.4-3], [MQTT-3.1.2-10]
        witness.expects_nothing().await;
    }
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, dying()).await;
    peer.send(goodbye(DisconnectReason::DisconnectWithWillMessage))
        .await;
    witness.expects(WILL).await;
    drop(peer);
    broker.wait_for_close(4).await;
    witness.expects_nothing().await;
}

#[tokio::test]
async fn a_takeover_and_a_broken_rule_publish_the_will() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for version in Version::ALL {
        let (first, _) = Peer::welcomed(&broker, version, dying()).await;
        let (mut second, _) = Peer::welcomed(&broker, version, dying()).await;
        // [MQTT-3.1.2-8]
        witness.expects(WILL).await;
        second.send(Packet::Pingresp).await;
        witness.expects(WILL).await;
        // A goodbye with a flag that it has not is none.
        let (mut third, _) = Peer::welcomed(&broker, version, dying()).await;
        third.send_bytes(b"\xE1\x00").await;
        witness.expects(WILL).await;
        witness.expects_nothing().await;
        drop((first, second, third));
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_leaves_its_will() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for version in Version::ALL {
        let hello = Hello {
            keep_alive: 1,
            ..dying()
        };
        let (peer, _) = Peer::welcomed(&broker, version, hello).await;
        // [MQTT-3.1.2-8]
        witness.expects(WILL).await;
        drop(peer);
    }
}

#[tokio::test]
async fn a_will_of_3_1_1_has_its_qos_and_is_retained_if_it_says_so() {
    for qos in QoS::ALL {
        for retain in [false, true] {
            let broker = MockBroker::in_memory();
            let mut witness = Peer::connected(&broker, Version::V311, "witness").await;
            witness.subscribe("will", QoS::ExactlyOnce).await;
            let mut hello = dying();
            if let Some(will) = &mut hello.will {
                will.qos = qos;
                will.retain = retain;
            }
            drop(Peer::welcomed(&broker, Version::V311, hello).await);
            assert_eq!(witness.receive().await[0], 0x30 | (qos as u8) << 1);
            // 3.1.1 [MQTT-3.1.2-16], [MQTT-3.1.2-17]
            assert_eq!(broker.clear_retained(), usize::from(retain));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_will_waits_for_its_delay_and_for_who_comes_back() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    let mut delay = Properties::new();
    delay.push(Property::WillDelayInterval(10)).unwrap();
    let hello = |expiry: &'static [Property<'static>], clean_start| {
        let mut hello = dying();
        hello.properties = expiry;
        hello.clean_start = clean_start;
        hello
    };
    let delayed = |mut hello: Hello<'static>| {
        if let Some(will) = &mut hello.will {
            will.properties = Box::leak(Box::new(delay.clone())).borrow();
        }
        hello
    };
    let minute: &[Property<'_>] = &[Property::SessionExpiryInterval(60)];
    let (peer, _) = Peer::welcomed(&broker, Version::V5, delayed(hello(minute, false))).await;
    drop(peer);
    broker.wait_for_close(2).await;
    tokio::time::advance(Duration::from_secs(9)).await;
    witness.expects_nothing().await;
    // [MQTT-3.1.3-9]
    let (peer, present) = Peer::welcomed(&broker, Version::V5, delayed(hello(minute, false))).await;
    assert!(present);
    tokio::time::advance(Duration::from_secs(9)).await;
    witness.expects_nothing().await;
    drop(peer);
    let lost = Instant::now();
    witness.expects(WILL).await;
    assert_eq!(lost.elapsed().as_secs(), 10);
    // The session ends first, by its time and by a clean start.
    let second: &[Property<'_>] = &[Property::SessionExpiryInterval(1)];
    let (peer, _) = Peer::welcomed(&broker, Version::V5, delayed(hello(second, false))).await;
    drop(peer);
    let lost = Instant::now();
    witness.expects(WILL).await;
    assert_eq!(lost.elapsed().as_secs(), 1);
    let (peer, _) = Peer::welcomed(&broker, Version::V5, delayed(hello(minute, false))).await;
    drop(peer);
    broker.wait_for_close(5).await;
    witness.expects_nothing().await;
    assert!(broker.expire_session("dying"));
    witness.expects(WILL).await;
    assert!(!broker.expire_session("dying"));
}

#[tokio::test]
async fn a_will_is_published_as_the_message_that_it_is() {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, Version::V5, "witness").await;
    witness.subscribe("will", QoS::ExactlyOnce).await;
    let mut properties = Properties::new();
    for property in [
        Property::UserProperty(text("b"), text("1")),
        Property::UserProperty(text("a"), text("2")),
        Property::WillDelayInterval(0),
        Property::UserProperty(text("b"), text("0")),
    ] {
        properties.push(property).unwrap();
    }
    let mut hello = dying();
    if let Some(will) = &mut hello.will {
        will.qos = QoS::AtLeastOnce;
        will.retain = false;
        will.properties = properties.borrow();
    }
    let (peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    drop(peer);
    // [MQTT-3.1.3-10]: in their order.
    let expected = b"\x32\x22\x00\x04will\x00\x01\x15\
        \x26\x00\x01b\x00\x011\x26\x00\x01a\x00\x012\x26\x00\x01b\x00\x010gone";
    witness.expects(expected).await;
    // [MQTT-3.1.2-14]: it is not retained.
    let mut late = Peer::connected(&broker, Version::V5, "late").await;
    late.subscribe("will", QoS::AtMostOnce).await;
    late.expects_nothing().await;
}

#[tokio::test]
async fn a_will_to_a_topic_that_is_denied_is_not_published() {
    let denied = Access::new(Permission::Deny, Operation::Publish, "will").unwrap();
    let broker = MockBroker::builder()
        .access([denied.client_id("dying")])
        .in_memory();
    let mut witness = witness(&broker).await;
    for (number, version) in [(2, Version::V311), (3, Version::V5)] {
        let (peer, _) = Peer::welcomed(&broker, version, dying()).await;
        drop(peer);
        broker.wait_for_close(number).await;
        witness.expects_nothing().await;
    }
    let hello = Hello {
        client_id: "other",
        ..dying()
    };
    drop(Peer::welcomed(&broker, Version::V5, hello).await);
    witness.expects(WILL).await;
}

#[tokio::test]
async fn a_client_without_a_will_leaves_none() {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, Version::V311, "witness").await;
    witness.subscribe("#", QoS::AtMostOnce).await;
    // 3.1.1 [MQTT-3.1.2-12]
    drop(Peer::connected(&broker, Version::V311, "c").await);
    broker.wait_for_close(2).await;
    witness.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_will_that_waits_ends_with_a_takeover_and_not_with_a_clean_start() {
    let mut delay = Properties::new();
    delay.push(Property::WillDelayInterval(10)).unwrap();
    for (clean_start, is_published) in [(false, false), (true, true)] {
        for takes_over in [false, true] {
            let broker = MockBroker::in_memory();
            let mut witness = witness(&broker).await;
            let mut hello = dying();
            hello.clean_start = false;
            hello.properties = &[Property::SessionExpiryInterval(60)];
            if let Some(will) = &mut hello.will {
                will.properties = delay.borrow();
            }
            let (first, _) = Peer::welcomed(&broker, Version::V5, hello).await;
            let first = takes_over.then_some(first);
            if first.is_none() {
                broker.wait_for_close(2).await;
            }
            let hello = Hello {
                client_id: "dying",
                clean_start,
                ..Hello::default()
            };
            let (_second, present) = Peer::welcomed(&broker, Version::V5, hello).await;
            assert_eq!(present, !clean_start);
            // [MQTT-3.1.2-8], [MQTT-3.1.3-9]: a clean start ends the session, and the delay.
            if is_published {
                witness.expects(WILL).await;
            }
            tokio::time::advance(Duration::from_secs(20)).await;
            witness.expects_nothing().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_will_has_the_time_and_the_properties_of_a_message_that_is_published_now() {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, Version::V5, "witness").await;
    witness.subscribe("will", QoS::AtMostOnce).await;
    let mut properties = Properties::new();
    for property in [
        Property::WillDelayInterval(10),
        Property::MessageExpiryInterval(5),
        Property::PayloadFormatIndicator(true),
        Property::ContentType(text("c")),
        Property::ResponseTopic(TopicName::new("r").unwrap()),
        Property::CorrelationData(Binary::new(&b"\x00"[..]).unwrap()),
    ] {
        properties.push(property).unwrap();
    }
    let mut hello = dying();
    hello.properties = &[Property::SessionExpiryInterval(60)];
    if let Some(will) = &mut hello.will {
        will.properties = properties.borrow();
    }
    drop(Peer::welcomed(&broker, Version::V5, hello).await);
    // [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16], [MQTT-3.3.2-20]
    let expected = b"\x30\x1E\x00\x04will\x13\x01\x01\x03\x00\x01c\x08\x00\x01r\x09\x00\x01\x00\
        \x02\x00\x00\x00\x05gone";
    witness.expects(expected).await;
    // It is retained for as long: [MQTT-3.3.2-5], [MQTT-3.3.2-6].
    for (seconds, is_there) in [(4, true), (1, false)] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        witness.subscribe("will", QoS::AtMostOnce).await;
        if is_there {
            let packet = witness.receive().await;
            assert!(packet.ends_with(b"\x02\x00\x00\x00\x01gone"));
        }
        witness.expects_nothing().await;
    }
}

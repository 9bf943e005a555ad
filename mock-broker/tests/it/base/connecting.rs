//! CONNECT and CONNACK, keep alive, DISCONNECT.

use std::time::Duration;

use nack_codec::{Binary, Disconnect, Packet, Properties, Property, QoS, TopicName, Version, Will};
use nack_mock_broker::matcher::{connect, pingreq};
use nack_mock_broker::{
    Access, Closed, Direction, EntryKind, Limits, MockBroker, Operation, Permission, User,
};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::peer::{Hello, Peer, decode};

#[tokio::test]
async fn both_versions_are_let_in_over_tcp() {
    let broker = MockBroker::start().await.unwrap();
    assert!(broker.address().ip().is_loopback());
    for (version, connack) in [
        (Version::V311, &b"\x20\x02\x00\x00"[..]),
        (Version::V5, b"\x20\x03\x00\x00\x00"),
    ] {
        let stream = TcpStream::connect(broker.address()).await.unwrap();
        let mut peer = Peer::over(stream, version);
        peer.hello(Hello::default()).await;
        // [MQTT-3.2.2-1], [MQTT-3.1.4-5], [MQTT-4.2-1]; 3.1.1 [MQTT-3.1.4-4], [MQTT-7.1.1-1]
        peer.expects(connack).await;
        // [MQTT-3.12.4-1]
        peer.expects_nothing().await;
    }
    assert_eq!(broker.wait_for(connect().nth(2)).await.connection(), 2);
}

#[tokio::test]
async fn a_broker_on_tcp_takes_connections_in_memory_too() {
    let broker = MockBroker::start().await.unwrap();
    let mut peer = Peer::connected(&broker, Version::V5, "m").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_client_without_an_identifier_is_assigned_one() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    let nameless = || Hello {
        client_id: "",
        ..Hello::default()
    };
    peer.hello(nameless()).await;
    let connack = peer.receive().await;
    let Packet::Connack(connack) = decode(&connack, Version::V5) else {
        panic!("{connack:?}");
    };
    let assigned = connack.properties.assigned_client_identifier().unwrap();
    let entry = broker.wait_for(connect()).await;
    assert_eq!(entry.client_id(), Some(""));
    peer.expects_nothing().await;
    let entry = broker.wait_for(pingreq().client(assigned)).await;
    assert_eq!(entry.client_id(), Some(assigned));

    // 3.1.1 [MQTT-3.1.3-6]: nobody is taken for another.
    let mut others = Vec::new();
    for _ in 0..3 {
        let mut other = Peer::stranger(&broker, Version::V311);
        other.hello(nameless()).await;
        other.expects(b"\x20\x02\x00\x00").await;
        others.push(other);
    }
    peer.expects_nothing().await;
    for (index, other) in others.iter_mut().enumerate() {
        other.publish(QoS::AtMostOnce, 0, "t", "m").await;
        other.expects_nothing().await;
        if index == 0 {
            other.subscribe("t", QoS::AtMostOnce).await;
        }
    }
    for _ in 1..3 {
        others[0].expects(b"\x30\x04\x00\x01tm").await;
    }
    others[0].expects_nothing().await;
}

#[tokio::test]
async fn a_client_of_3_1_1_without_identifier_must_want_a_clean_session() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::stranger(&broker, Version::V311);
    peer.hello(Hello {
        client_id: "",
        clean_start: false,
        ..Hello::default()
    })
    .await;
    // 3.1.1 [MQTT-3.1.3-8], [MQTT-3.1.3-9]: no other identifier is rejected.
    peer.expects(b"\x20\x02\x00\x02").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn enhanced_authentication_is_refused() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello {
        properties: &[Property::AuthenticationMethod(crate::peer::text("SCRAM"))],
        ..Hello::default()
    })
    .await;
    peer.expects(b"\x20\x03\x00\x8C\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_maximum_packet_size_is_announced_and_enforced() {
    let broker = MockBroker::builder().maximum_packet_size(64).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x08\x00\x00\x05\x27\x00\x00\x00\x40")
        .await;
    peer.publish(QoS::AtMostOnce, 0, "t", &"x".repeat(64)).await;
    // [MQTT-3.2.2-15]
    let refusal = peer.receive().await;
    assert_eq!(refusal[2], 0x95);
    peer.expects_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_disconnected_after_one_and_a_half_keep_alives() {
    let broker = MockBroker::in_memory();
    for (version, farewell) in [(Version::V311, None), (Version::V5, Some(0x8D))] {
        let hello = Hello {
            keep_alive: 10,
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, version, hello).await;
        tokio::time::advance(Duration::from_secs(14)).await;
        peer.expects_nothing().await;
        let heard = Instant::now();
        let code = peer.receive_or_end().await.map(|packet| packet[2]);
        // [MQTT-3.1.2-22], [MQTT-3.2.2-22]; 3.1.1 [MQTT-3.1.2-24]
        assert_eq!(code, farewell);
        assert_eq!(heard.elapsed().as_secs(), 15);
        if code.is_some() {
            peer.expects_end().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_keep_alive_a_client_may_be_silent() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    tokio::time::advance(Duration::from_secs(1_000_000)).await;
    peer.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_goodbye_the_client_closes_or_else_the_broker_does() {
    let broker = MockBroker::in_memory();
    let mut polite = Peer::connected(&broker, Version::V5, "polite").await;
    polite.send(Packet::Disconnect(Disconnect::NORMAL)).await;
    drop(polite);
    let mut rude = Peer::connected(&broker, Version::V311, "rude").await;
    rude.send(Packet::Disconnect(Disconnect::NORMAL)).await;
    rude.send(Packet::Pingreq).await;
    rude.hello(Hello::default()).await;
    // [MQTT-3.14.4-1]: what comes after it is not heard.
    rude.expects_end().await;
    let closings: Vec<_> = broker
        .journal()
        .iter()
        .filter(|entry| matches!(entry.kind(), EntryKind::Closed(Closed::Finished)))
        .map(|entry| (entry.connection(), entry.direction()))
        .collect();
    assert_eq!(
        closings,
        [(1, Direction::FromClient), (2, Direction::ToClient)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_servers_keep_alive_counts_where_it_says_so() {
    let mut limits = Limits::default();
    limits.server_keep_alive = Some(2);
    let broker = MockBroker::builder().limits(limits).in_memory();
    // What is not told to clients of 3.1.1 does not hold for them. [MQTT-3.2.2-22]
    for (version, keep_alive, seconds) in [
        (Version::V5, 60, 3),
        (Version::V5, 0, 3),
        (Version::V311, 60, 90),
    ] {
        let hello = Hello {
            keep_alive,
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, version, hello).await;
        let heard = Instant::now();
        while peer.receive_or_end().await.is_some() {}
        assert_eq!(heard.elapsed().as_secs(), seconds);
    }
}

#[tokio::test]
async fn identifiers_of_letters_and_digits_are_accepted() {
    let broker = MockBroker::in_memory();
    for version in Version::ALL {
        // [MQTT-3.1.3-5]
        for client_id in [
            "0",
            "ABCDEFGHIJKLMNOPQRSTUVW",
            "abcdefghijklmnopqrstuvw",
            "0123456789XYZxyz",
        ] {
            Peer::connected(&broker, version, client_id).await;
        }
    }
}

#[tokio::test]
async fn each_client_without_an_identifier_is_assigned_another() {
    let broker = MockBroker::in_memory();
    let mut assigned = Vec::new();
    for _ in 0..2 {
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.hello(Hello {
            client_id: "",
            ..Hello::default()
        })
        .await;
        // [MQTT-3.1.3-6], [MQTT-3.2.2-16]
        assigned.push(peer.receive().await);
    }
    assert_ne!(assigned[0], assigned[1]);
}

#[tokio::test]
async fn a_client_that_is_refused_is_not_heard_any_more() {
    let broker = MockBroker::builder()
        .users([User::new("u", "p")])
        .in_memory();
    for version in Version::ALL {
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(Hello::default()).await;
        peer.send_bytes(b"\xC0\x00").await;
        // [MQTT-3.1.4-2], [MQTT-3.1.4-6], [MQTT-3.2.2-6], [MQTT-3.2.2-7], [MQTT-4.13.2-1]; 3.1.1
        // [MQTT-3.1.4-5], [MQTT-3.2.2-4], [MQTT-3.2.2-5]
        let connack = peer.receive().await;
        assert_eq!((connack[0], connack[2]), (0x20, 0));
        assert_ne!(connack[3], 0);
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn connack_is_the_first_packet_whatever_else_the_client_has_said_by_then() {
    for version in Version::ALL {
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
        peer.subscribe("t", QoS::AtLeastOnce).await;
        drop(peer);
        broker.wait_for_close(1).await;
        let mut publisher = Peer::connected(&broker, version, "p").await;
        publisher.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        publisher.expects(b"\x40\x02\x00\x01").await;
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(hello()).await;
        peer.send_bytes(b"\xC0\x00").await;
        // [MQTT-3.2.0-1]: a message waits, and a PINGREQ is to be answered.
        assert_eq!(
            peer.receive().await[..2],
            [0x20, 2 + u8::from(version == Version::V5)]
        );
        let mut first_bytes = [peer.receive().await[0], peer.receive().await[0]];
        first_bytes.sort_unstable();
        assert_eq!(first_bytes, [0x32, 0xD0]);
    }
}

#[tokio::test]
async fn a_refusal_says_nothing_of_the_session_that_there_is() {
    let mut limits = Limits::default();
    limits.retain_available = false;
    for version in Version::ALL {
        let broker = MockBroker::builder().limits(limits.clone()).in_memory();
        let hello = |will| Hello {
            clean_start: false,
            will,
            properties: match version {
                Version::V311 => &[],
                Version::V5 => &[Property::SessionExpiryInterval(60)],
            },
            ..Hello::default()
        };
        drop(Peer::welcomed(&broker, version, hello(None)).await);
        broker.wait_for_close(1).await;
        let mut witness = Peer::connected(&broker, version, "w").await;
        witness.subscribe("#", QoS::AtMostOnce).await;
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(hello(Some(Will {
            qos: QoS::AtMostOnce,
            retain: true,
            topic: TopicName::new("will").unwrap(),
            payload: Binary::new(&b""[..]).unwrap(),
            properties: Properties::empty(),
        })))
        .await;
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        // [MQTT-3.2.2-6]; 3.1.1 [MQTT-3.2.2-4]
        let connack = peer.receive().await;
        assert_eq!((connack[0], connack[2]), (0x20, 0));
        assert_ne!(connack[3], 0);
        // [MQTT-3.2.2-7]; 3.1.1 [MQTT-3.2.2-5]
        peer.expects_end().await;
        // [MQTT-3.1.4-6]; 3.1.1 [MQTT-3.1.4-5]: neither will nor message is published.
        witness.expects_nothing().await;
        // It is there still.
        let (_, present) = Peer::welcomed(&broker, version, hello(None)).await;
        assert!(present);
    }
}

#[tokio::test]
async fn acknowledgements_carry_codes_and_nothing_else() {
    let denied = Access::new(Permission::Deny, Operation::Any, "no").unwrap();
    let broker = MockBroker::builder().access([denied]).in_memory();
    for properties in [
        &[][..],
        // [MQTT-3.1.2-29]
        &[Property::RequestProblemInformation(false)],
        // What they are without properties is all that there is room for.
        &[Property::MaximumPacketSize(6)],
    ] {
        let hello = Hello {
            properties,
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
        // [MQTT-3.4.2-2], [MQTT-3.4.2-3]
        peer.publish(QoS::AtLeastOnce, 1, "no", "").await;
        peer.expects(b"\x40\x03\x00\x01\x87").await;
        // [MQTT-3.5.2-2], [MQTT-3.5.2-3]
        peer.publish(QoS::ExactlyOnce, 2, "no", "").await;
        peer.expects(b"\x50\x03\x00\x02\x87").await;
        // [MQTT-3.6.2-2], [MQTT-3.6.2-3]
        peer.send_bytes(b"\x50\x02\x00\x05").await;
        peer.expects(b"\x62\x03\x00\x05\x92").await;
        // [MQTT-3.7.2-2], [MQTT-3.7.2-3]
        peer.send_bytes(b"\x62\x02\x00\x06").await;
        peer.expects(b"\x70\x03\x00\x06\x92").await;
        // [MQTT-3.9.2-1], [MQTT-3.9.2-2]
        peer.send_bytes(b"\x82\x08\x00\x07\x00\x00\x02no\x00").await;
        peer.expects(b"\x90\x04\x00\x07\x00\x87").await;
        // [MQTT-3.11.2-1], [MQTT-3.11.2-2]
        peer.send_bytes(b"\xA2\x07\x00\x08\x00\x00\x02no").await;
        peer.expects(b"\xB0\x04\x00\x08\x00\x11").await;
    }
}

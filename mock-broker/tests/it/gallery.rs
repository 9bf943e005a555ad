//! The ten faults of the README, rule for rule, as a client sees them.

use std::time::Duration;

use nack_codec::{Packet, Property, QoS, Version};
use nack_mock_broker::{
    Closed, Direction, EntryKind, MockBroker, ReasonCode, Rule, action, matcher,
};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::peer::{Hello, Peer};

/// A new client that connects, and what it is answered.
async fn newcomer(broker: &MockBroker) -> (Peer, Vec<u8>) {
    let mut peer = Peer::stranger(broker, Version::V5);
    peer.hello(Hello {
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(u32::MAX)],
        ..Hello::default()
    })
    .await;
    let connack = peer.receive().await;
    (peer, connack.to_vec())
}

#[tokio::test]
async fn the_client_may_not_connect() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(action::connack(ReasonCode::NotAuthorized))
        .mount(&broker)
        .forget();
    let (mut peer, connack) = newcomer(&broker).await;
    assert_eq!(connack, b"\x20\x03\x00\x87\x00");
    peer.expects_end().await;
    let mut peer = Peer::stranger(&broker, Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x05").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn the_broker_is_busy_twice_and_then_has_moved() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(action::connack(ReasonCode::ServerBusy))
        .times(2)
        .mount(&broker)
        .forget();
    Rule::given(matcher::connect())
        .then(action::connack(ReasonCode::ServerMoved).server_reference("other.example:1883"))
        .mount(&broker)
        .forget();
    let busy = b"\x20\x03\x00\x89\x00";
    let moved = b"\x20\x18\x00\x9D\x15\x1C\x00\x12other.example:1883";
    for expected in [&busy[..], busy, moved, moved] {
        let (mut peer, connack) = newcomer(&broker).await;
        assert_eq!(connack, expected);
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn one_of_two_subscriptions_is_refused() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::subscribe().filter("secret/#"))
        .then(action::suback([0x01, 0x87]))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x12\x00\x01\x00\x00\x01a\x01\x00\x08secret/#\x01")
        .await;
    peer.expects(b"\x90\x05\x00\x01\x00\x01\x87").await;
    // The other is in force, at the QoS that was granted.
    peer.publish(QoS::ExactlyOnce, 1, "secret/x", "m").await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.publish(QoS::ExactlyOnce, 2, "a", "m").await;
    peer.expects(b"\x50\x02\x00\x02").await;
    peer.expects(b"\x32\x07\x00\x01a\x00\x01\x00m").await;
    // Nobody else is refused anything.
    peer.subscribe("open/#", QoS::ExactlyOnce).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_is_late() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish().client("c1"))
        .then(action::delay(Duration::from_secs(3600)))
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    for (client_id, seconds) in [("c1", 3600), ("c2", 0)] {
        let mut peer = Peer::connected(&broker, Version::V311, client_id).await;
        let begun = Instant::now();
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        peer.expects(b"\x40\x02\x00\x01").await;
        assert_eq!(begun.elapsed().as_secs(), seconds, "{client_id}");
    }
}

#[tokio::test]
async fn the_answer_never_comes() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::pingreq().nth(3))
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.expects_nothing().await;
    peer.expects_nothing().await;
    peer.send(Packet::Pingreq).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    for _ in 4..=6 {
        peer.expects_nothing().await;
    }
}

#[tokio::test]
async fn the_connection_breaks_between_pubrec_and_pubcomp() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::pubrel().nth(1))
        .then(action::reset())
        .mount(&broker)
        .forget();
    let hello = || Hello {
        clean_start: false,
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V311, hello()).await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    assert!(peer.ends().await);
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.direction(), Direction::ToClient);
    assert_eq!(end.kind(), EntryKind::Closed(Closed::Reset));
    // The second time it does not.
    let (mut peer, present) = Peer::welcomed(&broker, Version::V311, hello()).await;
    assert!(present);
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x02\x00\x01").await;
}

#[tokio::test]
async fn the_session_that_the_client_relies_on_is_lost() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect().connection_of_client(2))
        .then(action::forget_session())
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    for session_present in [0, 0, 1] {
        let (mut peer, connack) = newcomer(&broker).await;
        assert_eq!(connack[2..4], [session_present, 0]);
        // What it had subscribed is what it relies on.
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        if session_present == 1 {
            peer.expects(b"\x30\x05\x00\x01t\x00m").await;
        }
        peer.expects_nothing().await;
        peer.subscribe("t", QoS::AtMostOnce).await;
    }
}

#[tokio::test]
async fn the_answer_breaks_the_standard() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish().qos(QoS::ExactlyOnce))
        .then(action::pubrec(0x7F).reason_string("a").reason_string("b"))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
    peer.expects(b"\x50\x0C\x00\x01\x7F\x08\x1F\x00\x01a\x1F\x00\x01b")
        .await;
    peer.publish(QoS::AtLeastOnce, 2, "t", "m").await;
    peer.expects(b"\x40\x02\x00\x02").await;
}

#[tokio::test]
async fn the_acknowledgements_come_in_the_wrong_order() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish().qos(QoS::AtLeastOnce))
        .then(action::hold())
        .then(action::release().reversed().once_held(3))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    for packet_id in 1..=2 {
        peer.publish(QoS::AtLeastOnce, packet_id, "t", "m").await;
    }
    peer.publish(QoS::ExactlyOnce, 9, "t", "m").await;
    peer.expects(b"\x50\x02\x00\x09").await;
    peer.publish(QoS::AtLeastOnce, 3, "t", "m").await;
    for packet_id in [3, 2, 1] {
        peer.expects(&[0x40, 2, 0, packet_id]).await;
    }
    peer.expects_nothing().await;
}

#[tokio::test]
async fn the_bytes_go_wrong() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::opened().connection(1))
        .then(action::split_everywhere())
        .mount(&broker)
        .forget();
    Rule::given(matcher::pingreq().nth(10))
        .then(action::reset_after(1))
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    for (chunks, connection) in [(&[1; 5][..], 1), (&[5], 2)] {
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.hello(Hello::default()).await;
        let mut stream = peer.into_stream();
        // In a task of its own, which has its turn between any two writes of the broker.
        let reader = tokio::spawn(async move {
            for chunk in chunks {
                let read = stream.read(&mut [0; 64]).await.unwrap();
                assert_eq!(read, *chunk, "on connection {connection}");
            }
        });
        reader.await.unwrap();
    }
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for _ in 0..9 {
        peer.expects_nothing().await;
    }
    peer.send(Packet::Pingreq).await;
    peer.expects_bytes(b"\xD0").await;
    assert!(peer.ends().await);
    let end = broker.wait_for_close(3).await;
    assert_eq!(end.kind(), EntryKind::Closed(Closed::Reset));
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.expects_nothing().await;
}

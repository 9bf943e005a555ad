//! Very many clients at once, and single ones that would like all of the broker for themselves.

use std::time::Duration;

use nack_codec::{QoS, Version};
use nack_mock_broker::matcher::{any_packet, publish};
use nack_mock_broker::{MockBroker, Rule};
use tokio::time::{Instant, timeout};

use crate::peer::{Hello, Peer};

/// More than a socket test could have: each end of each connection is a file there.
const MANY: usize = 10_000;

#[tokio::test]
async fn ten_thousand_clients_get_a_message_each_and_one_for_all() {
    let broker = MockBroker::in_memory();
    let mut peers = Vec::new();
    for number in 0..MANY {
        let client_id = format!("c{number}");
        let mut peer = Peer::connected(&broker, Version::ALL[number % 2], &client_id).await;
        peer.subscribe("all", QoS::AtMostOnce).await;
        peer.subscribe(&format!("one/{number}"), QoS::AtMostOnce)
            .await;
        peers.push(peer);
    }
    let mut publisher = Peer::connected(&broker, Version::V5, "publisher").await;
    publisher.publish(QoS::AtMostOnce, 0, "all", "news").await;
    for peer in &mut peers {
        assert!(peer.receive().await.ends_with(b"news"));
    }
    for (number, peer) in peers.iter_mut().enumerate() {
        let payload = format!("for {number}");
        let topic = format!("one/{number}");
        publisher
            .publish(QoS::AtMostOnce, 0, &topic, &payload)
            .await;
        assert!(peer.receive().await.ends_with(payload.as_bytes()));
    }
}

#[tokio::test]
async fn ten_thousand_connections_that_say_nothing_are_in_nobodys_way() {
    let broker = MockBroker::in_memory();
    let silent: Vec<_> = (0..MANY).map(|_| broker.connect()).collect();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    assert!(peer.receive().await.ends_with(b"m"));
    // The broker sees them go, and serves on.
    drop(silent);
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_thousand_rules_about_others_leave_a_client_what_it_had() {
    let broker = MockBroker::in_memory();
    let about = |number: u32| Rule::given(publish().topic(&format!("others/{number}/#")));
    let rules: Vec<_> = (0..1_000)
        .map(|number| about(number).expect(u32::from(number == 7)).mount(&broker))
        .collect();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for packet_id in 1..=1_000 {
        peer.publish(QoS::AtLeastOnce, packet_id, "mine/7", "m")
            .await;
        peer.receive().await;
    }
    peer.publish(QoS::AtMostOnce, 0, "others/7/x", "m").await;
    rules[7].wait_until_satisfied().await;
    broker.verify().unwrap();
}

#[tokio::test]
async fn a_client_that_says_a_lot_does_not_keep_others_waiting() {
    let broker = MockBroker::in_memory();
    let mut chatter = Peer::connected(&broker, Version::V5, "chatter").await;
    let mut other = Peer::connected(&broker, Version::V5, "other").await;
    let said = Rule::given(any_packet().client("chatter")).mount(&broker);
    // As much as the stream takes at once. PUBACK, as nothing comes back that would be waited for.
    chatter
        .send_bytes(b"\x40\x02\x00\x01".repeat(16 * 1024))
        .await;
    other.expects_nothing().await;
    let before = said.hits();
    assert!(before < 8 * 1024, "{before} packets came first");
    chatter.expects_nothing().await;
    assert_eq!(said.hits(), 16 * 1024 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_a_packet_ends_with_its_keep_alive() {
    let broker = MockBroker::in_memory();
    let mut slow = Peer::stranger(&broker, Version::V311);
    let hello = Hello {
        client_id: "slow",
        keep_alive: 10,
        ..Hello::default()
    };
    slow.hello(hello).await;
    slow.expects(b"\x20\x02\x00\x00").await;
    let mut other = Peer::connected(&broker, Version::V5, "other").await;
    let begin = Instant::now();
    // A PUBLISH of 268,435,455 bytes, of which one comes each second: a part of a packet is no sign
    // of life (section 3.1.2.10 speaks of control packets).
    slow.send_bytes(b"\x30\xFF\xFF\xFF\x7F\x00\x01t").await;
    while timeout(Duration::from_secs(1), slow.expects_end())
        .await
        .is_err()
    {
        assert!(begin.elapsed() < Duration::from_secs(60), "it goes on");
        slow.send_bytes(b"x").await;
        other.expects_nothing().await;
    }
    let seconds = begin.elapsed().as_secs();
    assert!((15..=16).contains(&seconds), "{seconds}");
}

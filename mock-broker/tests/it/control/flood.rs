//! Requests that ask for more than there is room for: it is sent as the client takes it.

use nack_codec::Version;
use nack_mock_broker::control::{Control, Injection, Local};
use nack_mock_broker::{Closed, EntryKind, MockBroker, action, matcher};
use serde_json::{Value, json};

use crate::peer::Peer;

fn what(value: Value) -> Injection {
    serde_json::from_value(value).unwrap()
}

/// So many messages of 1,000 bytes, and a last one.
fn flood(messages: u32) -> Value {
    let message = json!({
        "packet": "PUBLISH", "topic": "flood", "payload": "x".repeat(1000), "repeat": messages,
    });
    json!({ "reply": [message, { "packet": "PUBLISH", "topic": "last" }] })
}

fn sent(broker: &MockBroker) -> usize {
    let sent = matcher::publish().to_client();
    broker.journal().matching(sent).count()
}

#[tokio::test]
async fn what_is_repeated_is_sent_as_the_client_takes_it() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    control.send("c".into(), what(flood(5_000))).await.unwrap();
    assert!((1..400).contains(&sent(&broker)), "{}", sent(&broker));
    // Another client has its answer meanwhile.
    let mut other = Peer::connected(&broker, Version::V5, "other").await;
    other.expects_nothing().await;
    // What is sent next comes behind it.
    let next = what(json!({ "reply": { "packet": "PINGRESP" } }));
    control.send("c".into(), next).await.unwrap();
    for _ in 0..5_000 {
        assert!(peer.receive().await.ends_with(b"xx"));
    }
    assert!(peer.receive().await.ends_with(b"last"));
    peer.expects(b"\xD0\x00").await;
}

#[tokio::test]
async fn the_product_of_copies_and_repetitions_is_bounded_by_what_the_client_takes() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let _peer = Peer::connected(&broker, Version::V5, "c").await;
    let mut flood = flood(100_000);
    flood["copies"] = json!(100);
    control.send("c".into(), what(flood)).await.unwrap();
    assert!((1..1_000).contains(&sent(&broker)), "{}", sent(&broker));
}

#[tokio::test]
async fn a_rule_that_floods_answers_the_next_packet_behind_it() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let mut step = flood(2_000);
    step["on"] = json!({ "packet": "SUBSCRIBE" });
    let step = serde_json::from_value(step).unwrap();
    control.add_rule(step).await.unwrap();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    let subscribe = b"\x82\x06\x00\x01\x00\x01t\x00";
    peer.send_bytes([&subscribe[..], subscribe, b"\xC0\x00"].concat())
        .await;
    for _ in 0..2 {
        for _ in 0..2_000 {
            assert!(peer.receive().await.ends_with(b"xx"));
        }
        assert!(peer.receive().await.ends_with(b"last"));
    }
    peer.expects(b"\xD0\x00").await;
}

#[tokio::test]
async fn a_connection_is_closed_although_a_flood_waits() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    control.send("c".into(), what(flood(5_000))).await.unwrap();
    broker.send("c", action::close()).await.unwrap();
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.kind(), EntryKind::Closed(Closed::Finished));
    while peer.receive_or_end().await.is_some() {}
    let journal = broker.journal().to_string();
    assert!(
        journal.contains("before all that was to be sent"),
        "{journal}"
    );
}

#[tokio::test]
async fn a_flood_that_is_held_back_is_bounded_too() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let held = json!({
        "hold_back": true, "reply": { "packet": "PINGRESP", "repeat": 100_000 },
    });
    control.send("c".into(), what(held)).await.unwrap();
    broker.send("c", action::release()).await.unwrap();
    for _ in 0..20_000 {
        peer.expects(b"\xD0\x00").await;
    }
    peer.expects_nothing().await;
    let journal = broker.journal().to_string();
    assert!(journal.contains("not held back, as too many are: 80000"));
}

//! A client that does not wait for CONNACK, and a CONNACK that is late.

use std::time::Duration;

use nack_codec::Version;
use nack_mock_broker::action::{as_usual, connack, delay};
use nack_mock_broker::{MockBroker, Rule, matcher};
use tokio::time::Instant;

use crate::peer::{Hello, Peer};

const WAIT: Duration = Duration::from_secs(5);

/// SUBSCRIBE to `t` at QoS 0, PUBLISH of QoS 1 to it, PINGREQ, and the first byte of another one.
const EARLY: &[u8] = b"\x82\x07\x00\x09\x00\x00\x01t\x00\x32\x06\x00\x01t\x00\x01\x00\xC0\x00\xC0";

#[tokio::test(start_paused = true)]
async fn what_comes_while_connect_is_delayed_is_answered_behind_connack() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(delay(WAIT))
        .then(as_usual())
        .mount(&broker)
        .forget();
    answered_in_order(&broker).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_overtakes_a_connack_that_is_delayed() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connack())
        .then(delay(WAIT))
        .then(as_usual())
        .mount(&broker)
        .forget();
    answered_in_order(&broker).await;
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_refusal_is_for_nobody() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(delay(WAIT))
        .then(connack(0x87))
        .mount(&broker)
        .forget();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.send_bytes(EARLY).await;
    peer.expects(b"\x20\x03\x00\x87\x00").await;
    peer.expects_end().await;
    assert_eq!(broker.journal().received().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_before_a_late_connack_is_noticed_at_once() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(delay(Duration::from_secs(3600)))
        .then(as_usual())
        .mount(&broker)
        .forget();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.send_bytes(EARLY).await;
    broker.wait_for(matcher::connect()).await;
    let began = Instant::now();
    drop(peer);
    broker.wait_for_close(1).await;
    assert!(began.elapsed() < WAIT);
}

/// [MQTT-3.2.0-1]
async fn answered_in_order(broker: &MockBroker) {
    let mut peer = Peer::stranger(broker, Version::V5);
    let began = Instant::now();
    peer.hello(Hello::default()).await;
    peer.send_bytes(EARLY).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    assert!(began.elapsed() >= WAIT);
    peer.expects(b"\x90\x04\x00\x09\x00\x00").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    peer.expects(b"\x30\x04\x00\x01t\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.send_bytes(b"\x00").await;
    peer.expects(b"\xD0\x00").await;
}

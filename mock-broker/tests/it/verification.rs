//! What is said when an expectation was not met. The texts are snapshots: they are what people see.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nack_codec::{QoS, Version};
use nack_mock_broker::action::puback;
use nack_mock_broker::matcher::{any_packet, connect, disconnect, pingreq, publish, subscribe};
use nack_mock_broker::{MockBroker, Received, Rule};

use crate::peer::Peer;

/// A broker that was sent two messages.
async fn broker() -> MockBroker {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.publish(QoS::AtLeastOnce, 1, "sensors/1", "abc").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    peer.publish(QoS::AtMostOnce, 0, "sensor/1", "abc").await;
    drop(peer);
    broker.wait_for_close(1).await;
    broker
}

fn text(broker: &MockBroker) -> String {
    broker.verify().unwrap_err().to_string()
}

/// What dropping the broker panics with, if it does.
fn panic_on_drop(broker: MockBroker) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(broker))).err()?;
    Some(*panic.downcast::<String>().unwrap())
}

#[tokio::test]
async fn met_expectations_are_silent() {
    let broker = broker().await;
    let _guard = Rule::given(publish()).expect(0).mount(&broker);
    assert!(broker.verify().is_ok());
    assert_eq!(panic_on_drop(broker), None);
}

#[tokio::test]
async fn the_nearest_miss_is_the_packet_with_the_fewest_wrongs() {
    let broker = MockBroker::in_memory();
    let given = publish()
        .topic("sensors/#")
        .qos(QoS::ExactlyOnce)
        .client("c1");
    Rule::given(given)
        .then(puback(0x97))
        .expect(1..=2)
        .named("quota")
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.publish(QoS::AtMostOnce, 0, "sensor/1", "abc").await;
    peer.publish(QoS::AtLeastOnce, 1, "sensors/1", "abc").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    peer.publish(QoS::AtMostOnce, 0, "other", "abc").await;
    peer.expects_nothing().await;
    insta::assert_snapshot!(text(&broker), @r#"
    rule quota: expected 1 to 2 times, came not at all
      given    PUBLISH with topic "sensors/#", QoS 2, client "c1"
      nearest  → #1 PUBLISH id=1 qos=1 topic="sensors/1" 3 bytes
               the QoS is 1 and must be 2
    all that happened:
      → #1 opened
      → #1 CONNECT v5 client="c1" clean_start
      ← #1 CONNACK success
      → #1 PUBLISH qos=0 topic="sensor/1" 3 bytes
      → #1 PUBLISH id=1 qos=1 topic="sensors/1" 3 bytes
      ← #1 PUBACK id=1
      → #1 PUBLISH qos=0 topic="other" 3 bytes
      → #1 PINGREQ
      ← #1 PINGRESP
    "#);
}

#[tokio::test]
async fn where_nothing_of_the_kind_came_it_says_what_did() {
    let broker = MockBroker::in_memory();
    let _none = Rule::given(subscribe().filter("a/#"))
        .expect(1..)
        .named("subscribes")
        .mount(&broker);
    insta::assert_snapshot!(text(&broker), @r#"
    rule subscribes: expected at least once, came not at all
      given    SUBSCRIBE with topic filter "a/#"
      nearest  nothing of the kind: no packet came
    all that happened: nothing
    "#);
    let mut peer = Peer::connected(&broker, Version::V311, "c1").await;
    peer.send_bytes(b"\xC0\x00\x00\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects_end().await;
    insta::assert_snapshot!(text(&broker), @r#"
    rule subscribes: expected at least once, came not at all
      given    SUBSCRIBE with topic filter "a/#"
      nearest  nothing of the kind: 1 CONNECT, 1 PINGREQ, 1 malformed came
    all that happened:
      → #1 opened
      → #1 CONNECT v3.1.1 client="c1" clean_session
      ← #1 CONNACK 0x00 success
      → #1 PINGREQ
      ← #1 PINGRESP
      → #1 malformed 00 00 (packet type 0 does not exist, at byte 0 of a packet)
      ← #1 closed
    "#);
}

#[tokio::test]
async fn what_came_too_often_is_shown() {
    let broker = MockBroker::in_memory();
    let _never = Rule::given(pingreq())
        .expect(0)
        .named("quiet")
        .mount(&broker);
    let _second = Rule::given(pingreq().nth(9))
        .expect(1)
        .named("ninth")
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    for _ in 0..7 {
        peer.expects_nothing().await;
    }
    let text = text(&broker);
    let (failures, _) = text.split_once("all that happened").unwrap();
    insta::assert_snapshot!(failures, @"
    rule quiet: expected never, came 7 times
      given    PINGREQ
      came     → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               …
    rule ninth: expected once, came not at all
      given    PINGREQ, number 9 of them
      came     → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               → #1 PINGREQ
               …
    ");
}

#[tokio::test]
async fn a_closure_is_named_as_one_and_a_rule_without_name_by_its_place() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(|received: &Received<'_>| received.raw().len() > 1000)
        .expect(1)
        .mount(&broker);
    let line = line!() - 1;
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.expects_nothing().await;
    let text = text(&broker).replace(&format!("verification.rs:{line}:"), "verification.rs:LINE:");
    let (failures, _) = text.split_once("all that happened").unwrap();
    insta::assert_snapshot!(failures, @"
    rule at mock-broker/tests/it/verification.rs:LINE:10: expected once, came not at all
      given    a packet that a closure picks
      nearest  → #1 PINGREQ
               the closure does not pick it
    ");
}

#[tokio::test]
async fn a_rule_that_ended_is_verified_too() {
    let broker = broker().await;
    let guard = Rule::given(connect())
        .expect(1)
        .named("gone")
        .mount(&broker);
    drop(guard);
    let unmet = broker.verify().unwrap_err();
    assert_eq!(unmet.rules().collect::<Vec<_>>(), ["gone"]);
    assert_eq!(unmet.journal().received().count(), 3);
}

#[tokio::test]
async fn dropping_the_broker_panics_with_the_same_text() {
    let broker = MockBroker::in_memory();
    Rule::given(connect())
        .expect(1)
        .named("a client")
        .mount(&broker)
        .forget();
    insta::assert_snapshot!(panic_on_drop(broker).unwrap(), @"
    rule a client: expected once, came not at all
      given    CONNECT
      nearest  nothing of the kind: no packet came
    all that happened: nothing
    ");
}

#[tokio::test]
async fn what_verify_has_told_is_not_told_again() {
    let broker = MockBroker::in_memory();
    let _told = Rule::given(connect()).expect(1).mount(&broker);
    assert!(broker.verify().is_err());
    // Asked again, it is said again.
    assert!(broker.verify().is_err());
    let _new = Rule::given(disconnect())
        .expect(1)
        .named("new")
        .mount(&broker);
    let text = panic_on_drop(broker).unwrap();
    assert!(text.starts_with("rule new:"), "{text}");
}

#[tokio::test]
async fn a_test_that_panics_already_is_not_disturbed() {
    let broker = MockBroker::in_memory();
    let _unmet = Rule::given(connect()).expect(1).mount(&broker);
    // A second panic would end the process.
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _broker = broker;
        panic!("the test itself");
    }));
    assert_eq!(
        panic.unwrap_err().downcast_ref::<&str>(),
        Some(&"the test itself")
    );
}

#[tokio::test]
async fn a_closure_that_panics_is_reported_and_the_broker_goes_on() {
    let broker = MockBroker::in_memory();
    let _match = Rule::given(|_: &Received<'_>| -> bool { panic!("in the matcher") })
        .named("matcher")
        .mount(&broker);
    let _answer = Rule::given(pingreq())
        .then_with(|received| -> nack_mock_broker::Action {
            panic!("on connection {}", received.connection())
        })
        .named("answer")
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.expects_nothing().await;
    let text = text(&broker);
    let (failures, _) = text.split_once("all that happened").unwrap();
    insta::assert_snapshot!(failures, @"
    rule matcher: a closure panicked: in the matcher
    rule matcher: a closure panicked: in the matcher
    rule answer: a closure panicked: on connection 1
    ");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no PUBLISH with client \"c2\" came in 60s")]
async fn a_wait_for_what_does_not_come_ends_with_the_nearest_miss() {
    let broker = broker().await;
    broker.wait_for(publish().client("c2")).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "rule seen: expected at least 3 times, came once in 60s")]
async fn a_rule_that_is_not_satisfied_says_what_is_missing() {
    let broker = MockBroker::in_memory();
    let guard = Rule::given(any_packet())
        .expect(3..)
        .named("seen")
        .mount(&broker);
    let _peer = Peer::connected(&broker, Version::V5, "c1").await;
    guard.wait_until_satisfied().await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "what was waited for did not happen in 5s")]
async fn patience_can_be_shorter() {
    let broker = MockBroker::builder()
        .patience(std::time::Duration::from_secs(5))
        .in_memory();
    broker.wait_for_close(1).await;
}

//! Rules: which of them wins, how often, what they do, and what the base behaviour makes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nack_codec::{Packet, Property, PropertyId, Publish, QoS, Version};
use nack_mock_broker::action::{
    as_usual, close, connack, delay, disconnect, no_answer, puback, pubcomp, publish, pubrec, raw,
    reset, suback, unsuback_each,
};
use nack_mock_broker::matcher::{self, any_packet, connect, pingreq, subscribe};
use nack_mock_broker::{MockBroker, Mutation, Received, Rule, RuleGuard, Target, Verdict};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::peer::{Hello, Peer, publish as message, text};

const ACCEPTED: &[u8] = b"\x40\x02\x00\x01";

async fn publishes(peer: &mut Peer, topic: &str, answer: &[u8]) {
    peer.publish(QoS::AtLeastOnce, 1, topic, "m").await;
    peer.expects(answer).await;
}

#[tokio::test]
async fn the_first_rule_that_does_not_pass_wins() {
    let broker = MockBroker::in_memory();
    let _passes = Rule::given(matcher::publish())
        .then_with(|_| Verdict::Pass)
        .expect(0)
        .mount(&broker);
    let wins = Rule::given(matcher::publish())
        .then(puback(0x97))
        .expect(1)
        .mount(&broker);
    let loses = Rule::given(matcher::publish())
        .then(puback(0x87))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x97").await;
    assert_eq!(loses.hits(), 0);
    drop(wins);
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x87").await;
    assert_eq!(loses.hits(), 1);
}

#[tokio::test]
async fn a_rule_ends_with_its_guard_unless_that_is_forgotten() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let guard = Rule::given(matcher::publish())
        .then(puback(0x97))
        .mount(&broker);
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x97").await;
    drop(guard);
    publishes(&mut peer, "t", ACCEPTED).await;
    Rule::given(matcher::publish())
        .then(puback(0x80))
        .mount(&broker)
        .forget();
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x80").await;
}

#[tokio::test]
async fn times_uses_a_rule_up() {
    let broker = MockBroker::in_memory();
    let _twice = Rule::given(matcher::publish())
        .then(puback(0x97))
        .times(2)
        .expect(2)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x97").await;
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x97").await;
    publishes(&mut peer, "t", ACCEPTED).await;
}

#[tokio::test]
async fn nth_counts_what_matches_even_where_another_rule_answers() {
    let broker = MockBroker::in_memory();
    let of_topic = || matcher::publish().topic("sensors/#");
    let _first = Rule::given(of_topic().nth(1))
        .then(puback(0x80))
        .expect(1)
        .mount(&broker);
    let _second = Rule::given(of_topic().nth(2))
        .then(puback(0x97))
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, "other", ACCEPTED).await;
    publishes(&mut peer, "sensors/1", b"\x40\x03\x00\x01\x80").await;
    publishes(&mut peer, "sensors", b"\x40\x03\x00\x01\x97").await;
    publishes(&mut peer, "sensors/1", ACCEPTED).await;
}

#[tokio::test]
async fn a_rule_without_action_watches_whoever_answers() {
    let broker = MockBroker::in_memory();
    let _answers = Rule::given(matcher::publish().nth(1))
        .then(puback(0x97))
        .mount(&broker);
    let watch = Rule::given(matcher::publish()).expect(2).mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, "t", b"\x40\x03\x00\x01\x97").await;
    publishes(&mut peer, "t", ACCEPTED).await;
    assert_eq!(watch.hits(), 2);
}

#[tokio::test]
async fn every_criterion_is_asked() {
    let broker = MockBroker::in_memory();
    let matchers = [
        matcher::publish().topic("a/+"),
        matcher::publish().client("c"),
        matcher::publish().connection(1),
        matcher::publish().qos(QoS::AtLeastOnce),
        matcher::publish().packet_id(1),
        matcher::publish().payload("m"),
        matcher::publish().retain(true),
        matcher::publish().dup(true),
        matcher::publish().has_property(PropertyId::ContentType),
        matcher::publish().property(Property::ContentType(text("x"))),
        matcher::publish().user_property("k", "v"),
        matcher::publish().when(|received| received.raw().len() > 20),
    ];
    let guards = matchers.map(|matcher| Rule::given(matcher).mount(&broker));
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let mut properties = nack_codec::Properties::new();
    for property in [
        Property::UserProperty(text("a"), text("b")),
        Property::UserProperty(text("k"), text("v")),
        Property::ContentType(text("x")),
    ] {
        properties.push(property).unwrap();
    }
    let fulfils_all = Publish {
        dup: true,
        retain: true,
        properties: properties.borrow(),
        ..message(QoS::AtLeastOnce, 1, "a/b", "m")
    };
    peer.send(Packet::Publish(fulfils_all)).await;
    peer.expects(ACCEPTED).await;
    let hits = |guards: &[RuleGuard]| -> Vec<u32> { guards.iter().map(RuleGuard::hits).collect() };
    assert_eq!(hits(&guards), [1; 12]);
    // And a message that fulfils none, from somebody else.
    let mut other = Peer::connected(&broker, Version::V5, "d").await;
    other.send_bytes(b"\x34\x06\x00\x01b\x00\x02\x00").await;
    other.expects(b"\x50\x02\x00\x02").await;
    assert_eq!(hits(&guards), [1; 12]);
}

#[tokio::test]
async fn reasons_of_the_client_are_matched() {
    let broker = MockBroker::in_memory();
    let refused = Rule::given(matcher::puback().reason(0x87))
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x40\x02\x00\x01\x40\x03\x00\x02\x87")
        .await;
    refused.wait_until_satisfied().await;
}

#[tokio::test]
async fn subscriptions_are_matched_by_filter_and_qos() {
    let broker = MockBroker::in_memory();
    let matcher = subscribe().filter("a/#").qos(QoS::AtLeastOnce);
    let _refuses = Rule::given(matcher)
        .then(suback([0x87]))
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("a/b", QoS::AtLeastOnce).await;
    peer.subscribe("a/#", QoS::ExactlyOnce).await;
    peer.send_bytes(b"\x82\x09\x00\x01\x00\x00\x03a/#\x01")
        .await;
    peer.expects(b"\x90\x04\x00\x01\x00\x87").await;
}

#[tokio::test]
async fn closures_match_and_answer_with_what_they_see() {
    let broker = MockBroker::in_memory();
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    let _rule = Rule::given(|received: &Received<'_>| received.topic() == Some("t"))
        .then(move |received: &Received<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
            let packet_id = received.packet_id()?;
            Some(puback(0).packet_id(packet_id + 1))
        })
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    // Without an identifier the closure passes.
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects_nothing().await;
    publishes(&mut peer, "t", b"\x40\x02\x00\x02").await;
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn actions_are_done_in_their_order() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(pingreq())
        .then(raw([0xD0, 0x00]))
        .then(publish("a", "1"))
        .then(as_usual())
        .then(publish("b", "2").qos(QoS::AtLeastOnce))
        .then(disconnect(0x8B))
        .then(publish("c", "never"))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\x30\x05\x00\x01a\x001").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\x32\x07\x00\x01b\x00\x01\x002").await;
    peer.expects(b"\xE0\x01\x8B").await;
    peer.expects_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_holds_back_this_answer_and_no_other_and_takes_no_real_time() {
    let broker = MockBroker::in_memory();
    let _slow = Rule::given(matcher::publish().nth(1))
        .then(delay(Duration::from_secs(3600)))
        .then(puback(0))
        .then(delay(Duration::from_secs(3600)))
        .then(publish("late", ""))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let (begun, really_begun) = (Instant::now(), std::time::Instant::now());
    peer.publish(QoS::AtLeastOnce, 1, "t", "slow").await;
    peer.publish(QoS::AtLeastOnce, 2, "t", "fast").await;
    peer.expects(b"\x40\x02\x00\x02").await;
    assert_eq!(begun.elapsed().as_secs(), 0);
    peer.expects(ACCEPTED).await;
    assert_eq!(begun.elapsed().as_secs(), 3600);
    peer.expects(b"\x30\x07\x00\x04late\x00").await;
    assert_eq!(begun.elapsed().as_secs(), 7200);
    assert!(really_begun.elapsed() < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn the_usual_answer_can_be_late() {
    let broker = MockBroker::in_memory();
    let _late = Rule::given(connect())
        .then(delay(Duration::from_secs(5)))
        .then(as_usual())
        .mount(&broker);
    let begun = Instant::now();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    publishes(&mut peer, "t", ACCEPTED).await;
}

#[tokio::test]
async fn no_answer_is_none_and_the_base_never_hears_of_it() {
    let broker = MockBroker::in_memory();
    let _lost = Rule::given(matcher::publish())
        .then(no_answer())
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn the_base_believes_what_a_rule_answers() {
    let broker = MockBroker::in_memory();
    let _refused = Rule::given(matcher::publish().topic("refused"))
        .then(puback(0x87))
        .mount(&broker);
    let _taken = Rule::given(matcher::publish().topic("taken"))
        .then(puback(0x10).reason_string("yes"))
        .mount(&broker);
    let _wrong = Rule::given(matcher::publish().topic("wrong"))
        .then(puback(0).packet_id(99))
        .mount(&broker);
    let mut witness = Peer::connected(&broker, Version::V311, "w").await;
    witness.subscribe("#", QoS::AtMostOnce).await;
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, "refused", b"\x40\x03\x00\x01\x87").await;
    publishes(&mut peer, "wrong", b"\x40\x02\x00\x63").await;
    publishes(
        &mut peer,
        "taken",
        b"\x40\x0A\x00\x01\x10\x06\x1F\x00\x03yes",
    )
    .await;
    witness.expects(b"\x30\x08\x00\x05takenm").await;
    witness.expects_nothing().await;
}

#[tokio::test]
async fn a_qos_2_message_that_a_rule_receives_is_completed_by_the_base() {
    let broker = MockBroker::in_memory();
    let _odd = Rule::given(matcher::publish().packet_id(1))
        .then(pubrec(0x10))
        .mount(&broker);
    let _refused = Rule::given(matcher::publish().packet_id(2))
        .then(pubrec(0x97))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
    peer.expects(b"\x50\x03\x00\x01\x10").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x02\x00\x01").await;
    peer.publish(QoS::ExactlyOnce, 2, "t", "m").await;
    peer.expects(b"\x50\x03\x00\x02\x97").await;
    peer.send_bytes(b"\x62\x02\x00\x02").await;
    peer.expects(b"\x70\x03\x00\x02\x92").await;
}

#[tokio::test]
async fn a_pubcomp_of_a_rule_releases_the_identifier() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(matcher::pubrel().nth(1))
        .then(pubcomp(0x80))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x03\x00\x01\x80").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x03\x00\x01\x92").await;
}

#[tokio::test]
async fn what_a_rule_grants_is_subscribed_and_what_it_refuses_is_not() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(subscribe())
        .then(suback([0x87, 0x00]))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x0B\x00\x01\x00\x00\x01a\x02\x00\x01b\x02")
        .await;
    peer.expects(b"\x90\x05\x00\x01\x00\x87\x00").await;
    for topic in ["a", "b"] {
        peer.publish(QoS::AtLeastOnce, 1, topic, "m").await;
        peer.expects(ACCEPTED).await;
    }
    peer.expects(b"\x30\x05\x00\x01b\x00m").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn an_unsubscription_that_a_rule_refuses_changes_nothing() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(matcher::unsubscribe())
        .then(unsuback_each(0x87))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.unsubscribe(3, "t").await;
    peer.expects(b"\xB0\x04\x00\x03\x00\x87").await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn a_client_that_a_rule_lets_in_is_in() {
    for (version, bytes) in [
        (Version::V311, &b"\x20\x02\x00\x00"[..]),
        (Version::V5, b"\x20\x06\x00\x00\x03\x21\x00\x01"),
    ] {
        let broker = MockBroker::in_memory();
        let answer = match version {
            Version::V311 => connack(0),
            Version::V5 => connack(0).receive_maximum(1),
        };
        let _told = Rule::given(connect().nth(1)).then(answer).mount(&broker);
        let _raw = Rule::given(connect().nth(2))
            .then(raw(bytes))
            .mount(&broker);
        for _ in 0..2 {
            let mut peer = Peer::stranger(&broker, version);
            peer.hello(Hello::default()).await;
            peer.expects(bytes).await;
            publishes(&mut peer, "t", ACCEPTED).await;
        }
    }
}

#[tokio::test]
async fn a_client_that_a_rule_refuses_is_not_in_and_is_sent_away() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(connect()).then(connack(0x87)).mount(&broker);
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x03\x00\x87\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn session_present_is_the_truth_unless_a_rule_lies() {
    let broker = MockBroker::in_memory();
    let _truth = Rule::given(connect().connection(2))
        .then(connack(0))
        .mount(&broker);
    let _lie = Rule::given(connect().connection(3))
        .then(connack(0).session_present(false))
        .mount(&broker);
    for expected in [false, true, false] {
        let hello = Hello {
            clean_start: false,
            ..Hello::default()
        };
        let (_, present) = Peer::welcomed(&broker, Version::V311, hello).await;
        assert_eq!(present, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_that_a_rule_demands_is_enforced() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(connect())
        .then(connack(0).server_keep_alive(2))
        .mount(&broker);
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, Hello::default()).await;
    let begun = Instant::now();
    assert_eq!(peer.receive().await[2], 0x8D);
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn a_client_goes_by_the_identifier_that_a_rule_assigns() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(connect())
        .then(connack(0).assigned_client_identifier("told"))
        .mount(&broker);
    let hello = Hello {
        client_id: "",
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    broker.send("told", publish("t", "m")).await.unwrap();
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn a_connection_whose_connect_a_rule_took_is_left_alone() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(connect()).then(no_answer()).mount(&broker);
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    broker.wait_for(matcher::publish()).await;
    broker.send(1, connack(0x88)).await.unwrap();
    peer.expects(b"\x20\x03\x00\x88\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn something_unasked_is_sent_to_a_connection_or_a_client() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    broker.send(1, publish("t", "1")).await.unwrap();
    peer.expects(b"\x30\x05\x00\x01t\x001").await;
    broker.send("c", puback(0).packet_id(7)).await.unwrap();
    peer.expects(b"\x40\x02\x00\x07").await;
    broker.send("c", raw([1, 2, 3])).await.unwrap();
    peer.expects_bytes(&[1, 2, 3]).await;
    let error = broker.send("nobody", close()).await.unwrap_err();
    assert_eq!(error.to_string(), "client \"nobody\" is not connected");
    assert_eq!(*error.target(), Target::Client("nobody".to_owned()));
    broker.send("c", disconnect(0x98)).await.unwrap();
    peer.expects(b"\xE0\x01\x98").await;
    peer.expects_end().await;
    let error = broker.send(1, close()).await.unwrap_err();
    assert_eq!(error.to_string(), "connection 1 is not connected");
}

#[tokio::test]
async fn an_unasked_qos_2_message_goes_its_whole_way() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let unasked = publish("t", "m").qos(QoS::ExactlyOnce);
    broker.send(1, unasked.clone()).await.unwrap();
    peer.expects(b"\x34\x07\x00\x01t\x00\x01\x00m").await;
    peer.send_bytes(b"\x50\x02\x00\x01").await;
    peer.expects(b"\x62\x02\x00\x01").await;
    peer.send_bytes(b"\x70\x02\x00\x01").await;
    peer.send_bytes(b"\x50\x02\x00\x01").await;
    peer.expects(b"\x62\x03\x00\x01\x92").await;
    // The identifiers of the broker's own messages stay clear of one that is open.
    broker.send(1, unasked.packet_id(3)).await.unwrap();
    peer.expects(b"\x34\x07\x00\x01t\x00\x03\x00m").await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    for packet_id in [2, 4] {
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        peer.expects(ACCEPTED).await;
        peer.expects(&[0x32, 7, 0, 1, b't', 0, packet_id, 0, b'm'])
            .await;
    }
}

#[tokio::test]
async fn a_reset_is_a_reset_on_tcp_and_what_was_said_before_arrives() {
    let broker = MockBroker::start().await.unwrap();
    let _reset = Rule::given(pingreq())
        .then(as_usual())
        .then(reset())
        .mount(&broker);
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    let mut peer = Peer::over(stream, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    let error = peer.into_stream().read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_close_is_a_close_on_tcp_even_if_the_client_has_more_to_say() {
    let broker = MockBroker::start().await.unwrap();
    let _close = Rule::given(pingreq()).then(close()).mount(&broker);
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    let mut peer = Peer::over(stream, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    peer.send_bytes([0xC0, 0x00].repeat(10_000)).await;
    peer.expects_end().await;
    // Nor is it reset for what it says now.
    peer.send_bytes([0xC0, 0x00].repeat(10_000)).await;
    let error = broker.send(1, close()).await.unwrap_err();
    assert_eq!(*error.target(), Target::Connection(1));
}

#[tokio::test]
async fn a_wait_is_over_when_the_packet_has_come_or_comes() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    // It came before.
    assert_eq!(broker.wait_for(connect()).await.client_id(), Some("c"));
    let (entry, ()) = tokio::join!(broker.wait_for(pingreq().nth(2)), async {
        peer.expects_nothing().await;
        peer.expects_nothing().await;
    });
    assert_eq!(entry.raw()[..], [0xC0, 0x00]);
    assert_eq!(broker.journal().matching(pingreq()).count(), 2);
}

#[tokio::test]
async fn a_rule_is_satisfied_once_it_was_hit_often_enough() {
    let broker = MockBroker::in_memory();
    let twice = Rule::given(pingreq()).expect(2..).mount(&broker);
    let once = Rule::given(any_packet()).mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    once.wait_until_satisfied().await;
    let wait = twice.wait_until_satisfied();
    tokio::join!(wait, async {
        peer.expects_nothing().await;
        peer.expects_nothing().await;
    });
    assert_eq!(twice.hits(), 2);
}

#[tokio::test]
async fn a_closure_may_look_at_the_broker() {
    let broker = Arc::new(MockBroker::in_memory());
    let looked_at = Arc::downgrade(&broker);
    let _rule = Rule::given(pingreq())
        .then_with(move |_| {
            let broker = looked_at.upgrade()?;
            // The PINGREQ is not in it yet: the rules are asked first.
            let count = broker.journal().received().count();
            Some(publish("seen", count.to_string()))
        })
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\x30\x07\x00\x04seen1").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_identifier_is_not_acknowledged_with_one_that_is_made_up() {
    for answer in [puback(0x97), pubrec(0x97)] {
        let broker = MockBroker::in_memory();
        let rule = Rule::given(matcher::publish()).then(answer).mount(&broker);
        let mut peer = Peer::connected(&broker, Version::V5, "c").await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
        // It goes its usual way, once.
        peer.expects(b"\x30\x05\x00\x01t\x00m").await;
        peer.expects_nothing().await;
        assert_eq!(rule.hits(), 1);
        let journal = broker.journal().to_string();
        assert!(
            journal.contains("as the packet has no identifier"),
            "{journal}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_about_answers_hears_of_those_of_other_rules_and_sends_them_as_they_say() {
    let broker = MockBroker::in_memory();
    Rule::given(connect())
        .then(connack(0).mutate(Mutation::append(b"\xD0\x00")))
        .mount(&broker)
        .forget();
    let deaf = Rule::given(matcher::connack().to_client())
        .then(no_answer())
        .expect(0)
        .mount(&broker);
    let mut about = Vec::new();
    for _ in 0..2 {
        let rule = Rule::given(any_packet().to_client())
            .then(as_usual())
            .then(connack(0))
            .times(1)
            .expect(..)
            .also_about_answers();
        about.push(rule.mount(&broker));
    }
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    peer.expects(b"\xD0\x00").await;
    // What it sends itself is not asked of the next one.
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    assert_eq!((about[0].hits(), about[1].hits()), (1, 0));
    assert_eq!(deaf.hits(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_journal_says_that_an_answer_of_3_1_1_goes_without_its_properties() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish())
        .then(puback(0).reason_string("stored"))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    let journal = broker.journal().to_string();
    let note = "PUBACK has no properties in 3.1.1: sent without [rule PUBLISH]";
    assert!(journal.contains(note), "{journal}");
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_beside_an_acknowledgement_that_cannot_be_is_sent() {
    let broker = MockBroker::in_memory();
    Rule::given(pingreq())
        .then(suback([0]))
        .then(as_usual())
        .then(puback(0).packet_id(7))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\x40\x02\x00\x07").await;
    peer.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_on_its_way_is_passed_on_where_its_acknowledgement_cannot_be() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish().to_client())
        .then(puback(0))
        .then(pubrec(0))
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x04\x00\x01tm").await;
    peer.expects_nothing().await;
}

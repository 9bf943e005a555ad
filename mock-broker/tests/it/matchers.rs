//! Matchers: what can be asked of a packet, and which of those that match are meant.

use nack_codec::{Packet, Property, PropertyId, QoS, Version, Will};
use nack_mock_broker::action::{connack, puback};
use nack_mock_broker::matcher::{self, any_packet, connect, pingreq};
use nack_mock_broker::{MockBroker, PacketMatcher, Rule, RuleGuard};

use crate::peer::{Hello, Peer};

const ACCEPTED: &[u8] = b"\x40\x02\x00\x01";
const REFUSED: &[u8] = b"\x40\x03\x00\x01\x97";

fn watch<const N: usize>(broker: &MockBroker, matchers: [PacketMatcher; N]) -> [RuleGuard; N] {
    matchers.map(|matcher| Rule::given(matcher).mount(broker))
}

fn hits(guards: &[RuleGuard]) -> Vec<u32> {
    guards.iter().map(RuleGuard::hits).collect()
}

async fn publishes(peer: &mut Peer, answer: &[u8]) {
    peer.publish(QoS::AtLeastOnce, 1, "t", "payload").await;
    peer.expects(answer).await;
}

#[tokio::test]
async fn what_a_connect_says_is_asked() {
    let broker = MockBroker::in_memory();
    let fulfilled = watch(
        &broker,
        [
            connect().clean_start(false),
            connect().keep_alive(60),
            connect().will(true),
            connect().version(Version::V5),
            connect().no_user_name(),
            connect().client_like("sensor-*"),
            connect().has_property(PropertyId::ReceiveMaximum),
            connect().no_property(PropertyId::MaximumPacketSize),
        ],
    );
    let not_fulfilled = watch(
        &broker,
        [
            connect().clean_start(true),
            connect().keep_alive(61),
            connect().will(false),
            connect().version(Version::V311),
            connect().user_name("u"),
            connect().client_like("sensor-"),
            connect().no_property(PropertyId::ReceiveMaximum),
            connect().topic("#"),
        ],
    );
    let hello = Hello {
        client_id: "sensor-7",
        clean_start: false,
        keep_alive: 60,
        properties: &[Property::ReceiveMaximum(5)],
        will: Some(Will {
            qos: QoS::AtMostOnce,
            retain: false,
            topic: nack_codec::TopicName::new("w").unwrap(),
            payload: nack_codec::Binary::new(&b""[..]).unwrap(),
            properties: nack_codec::Properties::empty(),
        }),
    };
    let _ = Peer::welcomed(&broker, Version::V5, hello).await;
    assert_eq!(hits(&fulfilled), [1; 8]);
    assert_eq!(hits(&not_fulfilled), [0; 8]);
}

#[tokio::test]
async fn a_user_name_is_asked() {
    let broker = MockBroker::in_memory();
    let [named, unnamed] = watch(
        &broker,
        [connect().user_name("u"), connect().no_user_name()],
    );
    let mut peer = Peer::stranger(&broker, Version::V311);
    peer.send_bytes(b"\x10\x10\x00\x04MQTT\x04\x82\x00\x00\x00\x01c\x00\x01u")
        .await;
    peer.expects(b"\x20\x02\x00\x00").await;
    assert_eq!((named.hits(), unnamed.hits()), (1, 0));
}

#[tokio::test]
async fn a_payload_is_asked_for_a_part_of_it() {
    let broker = MockBroker::in_memory();
    let watched = watch(
        &broker,
        [
            matcher::publish().payload_contains("load"),
            matcher::publish().payload_contains(""),
            matcher::publish().payload_contains("loud"),
            matcher::publish().payload_contains("payload and more"),
        ],
    );
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    publishes(&mut peer, ACCEPTED).await;
    assert_eq!(hits(&watched), [1, 1, 0, 0]);
}

#[tokio::test]
async fn connections_are_counted_by_client() {
    let broker = MockBroker::in_memory();
    let _again = Rule::given(connect().client("c").connection_of_client(2))
        .then(connack(0x88))
        .mount(&broker);
    let [first] = watch(&broker, [pingreq().connection_of_client(1)]);
    let mut other = Peer::connected(&broker, Version::V5, "d").await;
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    other.expects_nothing().await;
    peer.expects_nothing().await;
    assert_eq!(first.hits(), 2);
    let mut again = Peer::stranger(&broker, Version::V5);
    again.hello(Hello::default()).await;
    again.expects(b"\x20\x03\x00\x88\x00").await;
    let (_, _) = Peer::welcomed(&broker, Version::V5, Hello::default()).await;
}

#[tokio::test]
async fn the_nth_of_each_connection_is_counted_there() {
    let broker = MockBroker::in_memory();
    let _second = Rule::given(matcher::publish().nth(2).per_connection())
        .then(puback(0x97))
        .expect(2)
        .mount(&broker);
    let mut one = Peer::connected(&broker, Version::V5, "c").await;
    let mut two = Peer::connected(&broker, Version::V5, "d").await;
    publishes(&mut one, ACCEPTED).await;
    publishes(&mut two, ACCEPTED).await;
    publishes(&mut two, REFUSED).await;
    publishes(&mut one, REFUSED).await;
    publishes(&mut one, ACCEPTED).await;
}

#[tokio::test]
async fn the_third_qos_2_message_of_the_second_connection_is_one() {
    let broker = MockBroker::in_memory();
    let third = matcher::publish()
        .qos(QoS::ExactlyOnce)
        .connection_of_client(2)
        .nth(3)
        .per_connection();
    let _rule = Rule::given(third)
        .then(nack_mock_broker::action::pubrec(0x97))
        .mount(&broker);
    for connection in 1..=2 {
        let mut peer = Peer::connected(&broker, Version::V5, "c").await;
        publishes(&mut peer, ACCEPTED).await;
        for packet_id in 1..=3 {
            peer.publish(QoS::ExactlyOnce, packet_id, "t", "m").await;
            if (connection, packet_id) == (2, 3) {
                peer.expects(b"\x50\x03\x00\x03\x97").await;
            } else {
                peer.expects(&[0x50, 2, 0, packet_id as u8]).await;
            }
        }
    }
}

#[tokio::test]
async fn each_nth_is_meant_and_some_are_by_chance() {
    let broker = MockBroker::in_memory();
    let third = Rule::given(pingreq().every(3)).mount(&broker);
    let some = Rule::given(pingreq().probability(0.5, 1)).mount(&broker);
    let again = Rule::given(pingreq().probability(0.5, 1)).mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for _ in 0..100 {
        peer.expects_nothing().await;
    }
    assert_eq!(third.hits(), 33);
    assert!((30..=70).contains(&some.hits()), "{}", some.hits());
    assert_eq!(some.hits(), again.hits());
}

#[tokio::test]
async fn packets_of_the_broker_are_waited_for_too() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    publishes(&mut peer, ACCEPTED).await;
    peer.send(Packet::Pingreq).await;
    let entry = broker
        .wait_for(matcher::connack().session_present(false))
        .await;
    assert_eq!(entry.raw()[..], *b"\x20\x02\x00\x00");
    broker.wait_for(matcher::pingresp()).await;
    broker
        .wait_for(matcher::puback().to_client().packet_id(1).reason(0))
        .await;
    let journal = broker.journal();
    assert_eq!(journal.matching(any_packet()).count(), 3);
    assert_eq!(journal.matching(any_packet().to_client()).count(), 3);
    assert_eq!(journal.matching(any_packet().either_way()).count(), 6);
    assert_eq!(journal.matching(matcher::puback()).count(), 0);
}

#[test]
fn matchers_say_what_they_mean() {
    let said = [
        any_packet().to_client(),
        any_packet().either_way(),
        matcher::connack().session_present(true),
        matcher::connack().from_client(),
        matcher::opened().connection(2),
        matcher::publish().to_client().nth(2).per_connection(),
        matcher::publish().every(3).probability(0.5, 7),
        connect()
            .client_like("a*")
            .connection_of_client(2)
            .clean_start(true)
            .will(false)
            .keep_alive(60)
            .user_name("u")
            .version(Version::V311),
        matcher::suback()
            .reason(0x87)
            .no_property(PropertyId::ReasonString),
    ]
    .map(|matcher| matcher.to_string())
    .join("\n");
    insta::assert_snapshot!(said, @r#"
    any packet to the client
    any packet either way
    CONNACK with session present
    CONNACK from the client
    a new connection with connection 2
    PUBLISH to the client, number 2 of each connection
    PUBLISH, one in 3 of them, with probability 0.5 (seed 7)
    CONNECT with a client like "a*", connection 2 of its client, clean start, no will, keep alive 60, user name "u", MQTT 3.1.1
    SUBACK with reason code 0x87, no reason string
    "#);
}

#[tokio::test]
async fn a_rule_that_was_to_fire_and_never_did_is_told() {
    let broker = MockBroker::in_memory();
    let rule = |name| Rule::given(pingreq()).named(name);
    let guards = [
        rule("once at least").then(puback(0)),
        rule("at most twice").then(puback(0)).times(2),
        rule("never").then(puback(0)).expect(0),
        rule("perhaps").then(puback(0)).expect(..),
        rule("watches"),
    ]
    .map(|rule| rule.mount(&broker));
    let unmet = broker.verify().unwrap_err();
    assert_eq!(
        unmet.rules().collect::<Vec<_>>(),
        ["once at least", "at most twice"]
    );
    drop(guards);
}

#[tokio::test]
async fn misses_of_every_criterion_are_told_in_words() {
    let broker = MockBroker::in_memory();
    let _watch = Rule::given(
        connect()
            .client_like("d*")
            .connection_of_client(2)
            .version(Version::V311)
            .clean_start(false)
            .will(true)
            .keep_alive(60)
            .user_name("u"),
    )
    .then(puback(0))
    .named("wrong")
    .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.expects_nothing().await;
    insta::assert_snapshot!(broker.verify().unwrap_err(), @r#"
    rule wrong: expected at least once, came not at all
      given    CONNECT with a client like "d*", connection 2 of its client, MQTT 3.1.1, no clean start, a will, keep alive 60, user name "u"
      nearest  → #1 CONNECT v5 client="c" clean_start
               the client is "c" and must be like "d*"
               it is connection 1 of its client and must be number 2
               the connection speaks MQTT 5.0 and must speak MQTT 3.1.1
               the clean start flag is true and must be false
               it has no will
               the keep alive is 0 and must be 60
               it has no user name, which must be "u"
    all that happened:
      → #1 opened
      → #1 CONNECT v5 client="c" clean_start
      ← #1 CONNACK success
      → #1 PINGREQ
      ← #1 PINGRESP
    "#);
}

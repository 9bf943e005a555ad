//! What the journal holds, and how it reads.

use std::time::Duration;

use nack_codec::{Packet, Property, QoS, SubscriptionOptions, Version};
use nack_mock_broker::action::{
    auth, connack, delay, disconnect, puback, publish, raw, reset, suback,
};
use nack_mock_broker::matcher::{self, connect, pingreq, subscribe};
use nack_mock_broker::{Direction, EntryKind, MockBroker, Rule};

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn a_conversation_reads_as_a_transcript() {
    let broker = MockBroker::in_memory();
    let _quota = Rule::given(matcher::publish().nth(1))
        .then(
            puback(0x97)
                .reason_string("over quota")
                .user_property("k", "v"),
        )
        .named("quota")
        .mount(&broker);
    let _odd = Rule::given(pingreq().nth(1))
        .then(puback(0x8A).packet_id(1))
        .then(raw([0xD0]))
        .then(
            auth(0x18)
                .authentication_method("m")
                .authentication_data(b"\x00a"),
        )
        .then(
            publish("t", "m")
                .qos(QoS::ExactlyOnce)
                .retain(true)
                .dup(true),
        )
        .mount(&broker);
    let hello = Hello {
        client_id: "c1",
        keep_alive: 60,
        properties: &[
            Property::SessionExpiryInterval(10),
            Property::ReceiveMaximum(5),
        ],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    let options = SubscriptionOptions {
        no_local: true,
        retain_as_published: true,
        ..SubscriptionOptions::at(QoS::AtLeastOnce)
    };
    peer.subscribe_with("a/#", options, &[Property::SubscriptionIdentifier(7)])
        .await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "abc").await;
    peer.receive().await;
    peer.send(Packet::Pingreq).await;
    peer.expects_bytes(b"\x40\x03\x00\x01\x8A\xD0").await;
    for _ in 0..2 {
        peer.receive().await;
    }
    peer.unsubscribe(2, "b").await;
    peer.receive().await;
    broker.send("c1", disconnect(0x98)).await.unwrap();
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened
    → #1 CONNECT v5 client="c1" clean_start keep_alive=60 session_expiry_interval=10 receive_maximum=5
    ← #1 CONNACK success
    → #1 SUBSCRIBE id=65535 subscription_identifier=7 "a/#" qos=1 no_local retain_as_published
    ← #1 SUBACK id=65535 granted QoS 1
    → #1 PUBLISH id=1 qos=1 topic="t" 3 bytes [rule quota]
    ← #1 PUBACK id=1 0x97 quota exceeded "over quota" "k"="v" [rule quota]
    → #1 PINGREQ [rule PINGREQ, number 1 of them]
    ← #1 malformed 40 03 00 01 8A (0x8A is not a code that this packet may carry, at byte 4 of PUBACK) [rule PINGREQ, number 1 of them]
    ← #1 bytes D0 [rule PINGREQ, number 1 of them]
    ← #1 AUTH 0x18 continue authentication authentication_method="m" authentication_data="\x00a" [rule PINGREQ, number 1 of them]
    ← #1 PUBLISH id=1 qos=2 dup retain topic="t" 1 byte [rule PINGREQ, number 1 of them]
    → #1 UNSUBSCRIBE id=2 "b"
    ← #1 UNSUBACK id=2 0x11 no subscription existed
    ← #1 DISCONNECT 0x98 administrative action
    ← #1 closed
    "#);
}

#[tokio::test]
async fn a_conversation_of_3_1_1_reads_as_one_too() {
    let broker = MockBroker::in_memory();
    let _refuses = Rule::given(subscribe()).then(suback([0x80])).mount(&broker);
    let _ends = Rule::given(pingreq()).then(reset()).mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V311, "c1").await;
    peer.send_bytes(b"\x82\x06\x00\x01\x00\x01a\x01").await;
    peer.receive().await;
    peer.unsubscribe(2, "a").await;
    peer.receive().await;
    peer.send(Packet::Pingreq).await;
    peer.expects_end().await;
    let mut other = Peer::stranger(&broker, Version::V311);
    let _busy = Rule::given(connect()).then(connack(3)).mount(&broker);
    other.hello(Hello::default()).await;
    other.receive().await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened
    → #1 CONNECT v3.1.1 client="c1" clean_session
    ← #1 CONNACK 0x00 success
    → #1 SUBSCRIBE id=1 "a" qos=1 [rule SUBSCRIBE]
    ← #1 SUBACK id=1 0x80 failure [rule SUBSCRIBE]
    → #1 UNSUBSCRIBE id=2 "a"
    ← #1 UNSUBACK id=2
    → #1 PINGREQ [rule PINGREQ]
    ← #1 reset
    → #2 opened
    → #2 CONNECT v3.1.1 client="c" clean_session [rule CONNECT]
    ← #2 CONNACK 0x03 server unavailable [rule CONNECT]
    ← #2 closed
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_alternate_form_has_times_and_bytes() {
    let broker = MockBroker::in_memory();
    let _late = Rule::given(pingreq())
        .then(delay(Duration::from_millis(1500)))
        .then(raw([0xD0, 0x00]))
        .named("late")
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.expects_nothing().await;
    insta::assert_snapshot!(format!("{:#}", broker.journal()), @r#"
        0.000 → #1 opened
        0.000 → #1 CONNECT v5 client="c1" clean_start | 10 0F 00 04 4D 51 54 54 05 02 00 00 00 00 02 63 31
        0.000 ← #1 CONNACK success | 20 03 00 00 00
        0.000 → #1 PINGREQ [rule late] | C0 00
        1.500 ← #1 PINGRESP [rule late] | D0 00
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_entry_says_who_what_and_when() {
    let broker = MockBroker::in_memory();
    tokio::time::advance(Duration::from_secs(3)).await;
    let mut peer = Peer::connected(&broker, Version::V311, "c1").await;
    peer.publish(QoS::AtLeastOnce, 7, "t", "m").await;
    peer.expects(b"\x40\x02\x00\x07").await;
    let journal = broker.journal();
    assert_eq!(journal.len(), 5);
    assert_eq!(journal.received().count(), 2);
    assert_eq!(journal.sent().count(), 2);
    assert_eq!(journal.on_connection(1).len(), 5);
    assert!(journal.on_connection(2).is_empty());
    let entry = journal.matching(matcher::publish()).next().unwrap();
    assert_eq!(entry.number(), 3);
    assert_eq!(entry.connection(), 1);
    assert_eq!(entry.client_id(), Some("c1"));
    assert_eq!(entry.version(), Version::V311);
    assert_eq!(entry.direction(), Direction::FromClient);
    assert_eq!(entry.kind(), EntryKind::Packet);
    assert_eq!(entry.at(), Duration::from_secs(3));
    assert_eq!(entry.rule(), None);
    assert_eq!(entry.raw()[..], *b"\x32\x06\x00\x01t\x00\x07m");
    assert_eq!(entry.decode_error(), None);
    let Some(Packet::Publish(publish)) = entry.packet() else {
        panic!("{entry}");
    };
    assert_eq!(publish.payload, b"m");
    // A snapshot does not change any more.
    peer.expects_nothing().await;
    assert_eq!(journal.into_iter().count(), 5);
}

#[tokio::test]
async fn the_journal_is_bounded_and_says_what_it_forgot() {
    let broker = MockBroker::builder().journal_entries(3).in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.expects_nothing().await;
    insta::assert_snapshot!(broker.journal(), @"
    … 2 earlier entries are forgotten
    ← #1 CONNACK success
    → #1 PINGREQ
    ← #1 PINGRESP
    ");

    let broker = MockBroker::builder().journal_bytes(100).in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c1").await;
    peer.publish(QoS::AtMostOnce, 0, "t", &"x".repeat(200))
        .await;
    peer.expects_nothing().await;
    // The newest is kept however large it is, and goes as soon as there is another.
    insta::assert_snapshot!(broker.journal(), @"
    … 4 earlier entries are forgotten
    → #1 PINGREQ
    ← #1 PINGRESP
    ");
}

#[test]
fn a_will_and_credentials_are_shown_and_the_password_is_not() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, Version::V311);
        let mut connect = b"\x10\x1D\x00\x04MQTT\x04\xEE\x00\x05".to_vec();
        connect.extend_from_slice(b"\x00\x01c\x00\x01w\x00\x02by\x00\x02me\x00\x03abc");
        peer.send_bytes(connect).await;
        peer.receive().await;
        let line = broker.journal().received().next().unwrap().to_string();
        insta::assert_snapshot!(line, @r#"→ #1 CONNECT v3.1.1 client="c" clean_session keep_alive=5 user="me" password will(qos=1 retain topic="w" 2 bytes)"#);
    });
}

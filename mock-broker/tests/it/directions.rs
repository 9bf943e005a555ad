//! Rules about what goes to the client, and about connections before anything came.

use std::time::Duration;

use nack_codec::{Packet, QoS, Version};
use nack_mock_broker::action::{
    as_usual, close, connack, delay, disconnect, duplicate, fall_silent, forget_session, hold,
    no_answer, puback, publish, pubrel, raw, release, reset, suback_each,
};
use nack_mock_broker::matcher::{self, any_packet, connect, opened, pingreq, pingresp};
use nack_mock_broker::{MockBroker, Mutation, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::peer::{Hello, Peer};

const ACCEPTED: &[u8] = b"\x40\x02\x00\x01";

#[tokio::test]
async fn what_the_base_sends_is_judged_and_what_a_rule_sends_is_not() {
    let broker = MockBroker::in_memory();
    let _refuses = Rule::given(matcher::puback().to_client())
        .then(puback(0x97))
        .named("on the way")
        .expect(1)
        .mount(&broker);
    let _own = Rule::given(matcher::publish().topic("own"))
        .then(puback(0x10))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 7, "t", "m").await;
    peer.expects(b"\x40\x03\x00\x07\x97").await;
    peer.publish(QoS::AtLeastOnce, 8, "own", "m").await;
    peer.expects(b"\x40\x03\x00\x08\x10").await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened
    → #1 CONNECT v5 client="c" clean_start
    ← #1 CONNACK success
    → #1 PUBLISH id=7 qos=1 topic="t" 1 byte
    ← #1 withheld PUBACK id=7 [rule on the way]
    ← #1 PUBACK id=7 0x97 quota exceeded [rule on the way]
    → #1 PUBLISH id=8 qos=1 topic="own" 1 byte [rule PUBLISH with topic "own"]
    ← #1 PUBACK id=8 0x10 no matching subscribers [rule PUBLISH with topic "own"]
    "#);
}

#[tokio::test]
async fn a_lost_message_is_sent_again_when_the_session_is_resumed() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let _lost = Rule::given(matcher::publish().to_client().nth(1))
            .then(no_answer())
            .expect(1)
            .mount(&broker);
        let hello = || Hello {
            clean_start: false,
            properties: match version {
                Version::V311 => &[],
                Version::V5 => &[nack_codec::Property::SessionExpiryInterval(u32::MAX)],
            },
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, version, hello()).await;
        peer.subscribe("t", QoS::AtLeastOnce).await;
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        peer.expects(ACCEPTED).await;
        peer.expects_nothing().await;
        drop(peer);
        broker.wait_for_close(1).await;
        let (mut peer, present) = Peer::welcomed(&broker, version, hello()).await;
        assert!(present);
        let again = peer.receive().await;
        assert_eq!(again[0], 0x3A, "with DUP");
        assert!(again.ends_with(b"m"));
    }
}

#[tokio::test]
async fn an_answer_in_place_of_another_takes_from_it_what_it_does_not_say() {
    let broker = MockBroker::in_memory();
    let _suback = Rule::given(matcher::suback())
        .then(suback_each(0x87))
        .mount(&broker);
    let _publish = Rule::given(matcher::publish().to_client())
        .then(publish("other", "n").qos(QoS::AtLeastOnce))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x0B\x00\x09\x00\x00\x01a\x01\x00\x01b\x01")
        .await;
    peer.expects(b"\x90\x05\x00\x09\x00\x87\x87").await;
    peer.publish(QoS::AtLeastOnce, 1, "a", "m").await;
    peer.expects(ACCEPTED).await;
    peer.expects(b"\x32\x0B\x00\x05other\x00\x01\x00n").await;
    peer.send_bytes(b"\x40\x02\x00\x01").await;
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_mutation_that_changes_nothing_is_noted() {
    for (version, refused) in [
        (Version::V5, &b"\x40\x03\x00\x01\x97"[..]),
        (Version::V311, ACCEPTED),
    ] {
        let broker = MockBroker::in_memory();
        let _refuse = Rule::given(matcher::puback().to_client())
            .then(as_usual().mutate(Mutation::reason_code(0x97)))
            .mount(&broker);
        let mut peer = Peer::connected(&broker, version, "c").await;
        peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
        peer.expects(refused).await;
        let journal = broker.journal().to_string();
        let is_noted = journal.contains("the mutation changes nothing");
        assert_eq!(is_noted, version == Version::V311, "{journal}");
    }
}

#[tokio::test(start_paused = true)]
async fn packets_to_the_client_are_late_doubled_damaged_and_followed_by_an_end() {
    let broker = MockBroker::in_memory();
    let _late = Rule::given(pingresp().nth(1))
        .then(delay(Duration::from_secs(5)))
        .then(as_usual())
        .mount(&broker);
    let _twice = Rule::given(pingresp().nth(2))
        .then(duplicate())
        .mount(&broker);
    let _wrong = Rule::given(pingresp().nth(3))
        .then(as_usual().mutate(Mutation::flags(1)))
        .mount(&broker);
    let _last = Rule::given(pingresp().nth(4))
        .then(as_usual())
        .then(close())
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    let begun = Instant::now();
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.send(Packet::Pingreq).await;
    peer.expects_bytes(b"\xD1\x00").await;
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_closure_about_a_sent_packet_may_look_at_the_broker() {
    let broker = std::sync::Arc::new(MockBroker::in_memory());
    let looked_at = std::sync::Arc::downgrade(&broker);
    let _rule = Rule::given(any_packet().to_client().when(|_| true))
        .then_with(move |_| {
            let broker = looked_at.upgrade()?;
            (broker.journal().received().count() == 2).then(|| raw(b"seen"))
        })
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send(Packet::Pingreq).await;
    peer.expects_bytes(b"seen").await;
}

#[tokio::test]
async fn answers_come_in_another_order() {
    let broker = MockBroker::in_memory();
    let _reversed = Rule::given(matcher::publish().qos(QoS::AtLeastOnce))
        .then(hold())
        .then(release().reversed().once_held(3))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for packet_id in 1..=3 {
        peer.expects_nothing().await;
        peer.publish(QoS::AtLeastOnce, packet_id, "t", "m").await;
    }
    for packet_id in [3, 2, 1] {
        peer.expects(&[0x40, 2, 0, packet_id]).await;
    }
    // And when somebody else says so.
    peer.publish(QoS::AtLeastOnce, 4, "t", "m").await;
    peer.expects_nothing().await;
    broker.send("c", release()).await.unwrap();
    peer.expects(&[0x40, 2, 0, 4]).await;
}

#[tokio::test]
async fn an_answer_is_held_sent_twice_and_damaged() {
    let broker = MockBroker::in_memory();
    let _odd = Rule::given(matcher::publish())
        .then(puback(0x97).repeat(2).mutate(Mutation::packet_id(0)))
        .then(puback(0).hold())
        .then(pubrel(0))
        .mount(&broker);
    let _then = Rule::given(pingreq()).then(release()).mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects(b"\x40\x03\x00\x00\x97").await;
    peer.expects(b"\x40\x03\x00\x00\x97").await;
    peer.expects(b"\x62\x02\x00\x01").await;
    let journal = broker.journal().to_string();
    let held = "← #1 PUBACK is held back [rule PUBLISH]";
    assert!(journal.contains(held), "{journal}");
    peer.send(Packet::Pingreq).await;
    peer.expects(ACCEPTED).await;
}

#[tokio::test]
async fn a_session_is_lost_and_the_broker_says_so() {
    let broker = MockBroker::in_memory();
    let _lost = Rule::given(connect().connection_of_client(2))
        .then(forget_session())
        .then(as_usual())
        .mount(&broker);
    let hello = || Hello {
        clean_start: false,
        ..Hello::default()
    };
    for expected in [false, false, true] {
        let (mut peer, present) = Peer::welcomed(&broker, Version::V311, hello()).await;
        assert_eq!(present, expected);
        peer.subscribe("t", QoS::AtLeastOnce).await;
    }
}

#[tokio::test]
async fn a_session_in_use_goes_on_empty() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    broker.send("c", forget_session()).await.unwrap();
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects(ACCEPTED).await;
    peer.expects_nothing().await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn a_connection_is_refused_before_anything_came() {
    let broker = MockBroker::start().await.unwrap();
    let _reset = Rule::given(opened().connection(1))
        .then(reset())
        .named("refuses")
        .mount(&broker);
    let _close = Rule::given(opened().connection(2))
        .then(close())
        .mount(&broker);
    let _speaks = Rule::given(opened().connection(3))
        .then(connack(0x88))
        .mount(&broker);
    let mut first = TcpStream::connect(broker.address()).await.unwrap();
    let error = first.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let mut second = TcpStream::connect(broker.address()).await.unwrap();
    let error = second.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    let mut third = TcpStream::connect(broker.address()).await.unwrap();
    let mut said = Vec::new();
    third.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"\x20\x03\x00\x88\x00");
    insta::assert_snapshot!(broker.journal(), @"
    → #1 opened [rule refuses]
    ← #1 reset
    → #2 opened [rule a new connection with connection 2]
    ← #2 closed
    → #3 opened [rule a new connection with connection 3]
    ← #3 CONNACK 0x88 server unavailable [rule a new connection with connection 3]
    ← #3 closed
    ");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_accepted_and_nothing_is_said() {
    let broker = MockBroker::in_memory();
    let heard = Rule::given(connect()).expect(0).mount(&broker);
    let _silent = Rule::given(opened().connection(1))
        .then(fall_silent())
        .mount(&broker);
    let mut stream = broker.connect();
    stream
        .write_all(b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c")
        .await
        .unwrap();
    broker.wait_for(connect()).await;
    let said = tokio::time::timeout(Duration::from_secs(3600), stream.read_u8()).await;
    assert!(said.is_err());
    assert_eq!(heard.hits(), 0);
    drop(heard);
    let mut other = Peer::connected(&broker, Version::V5, "c").await;
    other.expects_nothing().await;
}

#[tokio::test]
async fn a_disconnect_of_the_base_is_lost_and_the_connection_ends_all_the_same() {
    let broker = MockBroker::in_memory();
    let _lost = Rule::given(matcher::disconnect().to_client())
        .then(no_answer())
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    // A second CONNECT.
    peer.hello(Hello::default()).await;
    peer.expects_end().await;
}

#[tokio::test]
async fn what_rules_send_and_commands_send_is_not_judged() {
    let broker = MockBroker::in_memory();
    let _nobody = Rule::given(matcher::disconnect().to_client())
        .then(no_answer())
        .expect(0)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    broker.send("c", disconnect(0x98)).await.unwrap();
    peer.expects(b"\xE0\x01\x98").await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_fell_silent_does_not_mind_the_keep_alive() {
    for version in Version::ALL {
        let broker = MockBroker::in_memory();
        let hello = Hello {
            keep_alive: 10,
            ..Hello::default()
        };
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(hello).await;
        peer.receive().await;
        broker.send(1, fall_silent()).await.unwrap();
        let hour = Duration::from_secs(3600);
        let said = tokio::time::timeout(hour, peer.receive_or_end()).await;
        assert!(said.is_err(), "{said:?}\n{}", broker.journal());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connack_that_is_late_is_the_first_packet_all_the_same() {
    let broker = MockBroker::in_memory();
    let hello = || Hello {
        clean_start: false,
        properties: &[nack_codec::Property::SessionExpiryInterval(60)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    drop(peer);
    broker.wait_for_close(1).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    publisher.expects(ACCEPTED).await;
    Rule::given(matcher::connack().to_client())
        .then(delay(Duration::from_secs(1)))
        .then(as_usual())
        .mount(&broker)
        .forget();
    let asks = async || {
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.hello(hello()).await;
        peer
    };
    // Whom it lets in is told nothing before: [MQTT-3.2.0-1], [MQTT-3.14.0-1].
    let mut hasty = asks().await;
    hasty.send_bytes(b"\x00\x00").await;
    hasty.expects(b"\x20\x03\x01\x00\x00").await;
    assert!(hasty.receive().await.ends_with(b"m"));
    assert_eq!(hasty.receive().await[0], 0xE0);
    let mut first = asks().await;
    broker.wait_for(connect().nth(4)).await;
    let mut second = asks().await;
    first.expects_end().await;
    second.expects(b"\x20\x03\x01\x00\x00").await;
    assert!(second.receive().await.ends_with(b"m"));
    second.send_bytes(b"\x00\x00").await;
    assert_eq!(second.receive().await[0], 0xE0);
}

//! The broker in front of another: packets pass unchanged, and rules hold in both directions.

use nack_codec::{Packet, Property, QoS, Version};
use nack_mock_broker::action::{
    as_usual, coalesce, connack, no_answer, puback, publish, pubrec, raw,
};
use nack_mock_broker::matcher::{self, any_packet, connect};
use nack_mock_broker::{Base, EntryKind, Journal, Limits, MockBroker, Mutation, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::peer::{Hello, Peer};

const ACCEPTED: &[u8] = b"\x40\x02\x00\x01";

/// A broker, and one in front of it.
async fn brokers() -> (MockBroker, MockBroker) {
    let behind = MockBroker::start().await.unwrap();
    let front = MockBroker::builder()
        .base(Base::Upstream(behind.address()))
        .in_memory();
    (behind, front)
}

/// All packets with their directions, as they were on the wire.
fn packets(journal: &Journal) -> Vec<String> {
    let packets = journal.matching(any_packet().either_way());
    packets
        .map(|entry| format!("{:?} {:02X?}", entry.direction(), &entry.raw()[..]))
        .collect()
}

#[tokio::test]
async fn packets_pass_both_ways_byte_for_byte() {
    for version in Version::ALL {
        let (behind, front) = brokers().await;
        let mut peer = Peer::connected(&front, version, "c").await;
        peer.subscribe("t", QoS::ExactlyOnce).await;
        peer.publish(QoS::ExactlyOnce, 1, "t", "m").await;
        peer.expects(b"\x50\x02\x00\x01").await;
        assert!(peer.receive().await.ends_with(b"m"));
        peer.send_bytes(b"\x50\x02\x00\x01").await;
        peer.expects(b"\x62\x02\x00\x01").await;
        peer.send_bytes(b"\x70\x02\x00\x01").await;
        peer.send_bytes(b"\x62\x02\x00\x01").await;
        peer.expects(b"\x70\x02\x00\x01").await;
        peer.unsubscribe(2, "t").await;
        peer.receive().await;
        peer.expects_nothing().await;
        peer.send_bytes(b"\xE0\x00").await;
        drop(peer);
        behind.wait_for_close(1).await;
        front.wait_for_close(1).await;
        let passed = packets(&front.journal());
        assert_eq!(passed.len(), 17, "{}", front.journal());
        assert_eq!(packets(&behind.journal()), passed);
    }
}

#[tokio::test]
async fn what_is_no_packet_passes_too() {
    let (behind, front) = brokers().await;
    let _silent = Rule::given(matcher::malformed())
        .then(no_answer())
        .mount(&behind);
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.send_bytes(b"\x00\xFF\xFF\xFF\xFF\x01\x02\x03").await;
    let entry = behind.wait_for(matcher::malformed()).await;
    assert_eq!(entry.raw()[..2], *b"\x00\xFF");
}

#[tokio::test]
async fn what_a_rule_answers_does_not_reach_the_broker_behind() {
    let (behind, front) = brokers().await;
    let _refused = Rule::given(matcher::publish().topic("refused"))
        .then(puback(0x97))
        .mount(&front);
    let _received = Rule::given(matcher::publish().topic("received"))
        .then(pubrec(0x10))
        .mount(&front);
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "refused", "m").await;
    peer.expects(b"\x40\x03\x00\x01\x97").await;
    peer.publish(QoS::ExactlyOnce, 2, "received", "m").await;
    peer.expects(b"\x50\x03\x00\x02\x10").await;
    peer.send_bytes(b"\x62\x02\x00\x02").await;
    peer.expects(b"\x70\x02\x00\x02").await;
    // It is done: one more of this identifier is for the broker behind.
    peer.send_bytes(b"\x62\x02\x00\x02").await;
    peer.expects(b"\x70\x03\x00\x02\x92").await;
    let journal = behind.journal();
    assert_eq!(journal.matching(matcher::publish()).count(), 0);
    assert_eq!(journal.matching(matcher::pubrel()).count(), 1);
}

#[tokio::test]
async fn acknowledgements_of_invented_messages_are_kept_from_the_broker_behind() {
    let (behind, front) = brokers().await;
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    for (qos, first) in [(QoS::AtLeastOnce, 0x32), (QoS::ExactlyOnce, 0x34)] {
        front.send("c", publish("t", "m").qos(qos)).await.unwrap();
        peer.expects(&[first, 7, 0, 1, b't', 0xFF, 0xFF, 0, b'm'])
            .await;
        match qos {
            QoS::AtLeastOnce => {
                peer.send_bytes(b"\x40\x02\xFF\xFF").await;
                front.wait_for(matcher::puback()).await;
            }
            _ => {
                peer.send_bytes(b"\x50\x02\xFF\xFF").await;
                peer.expects(b"\x62\x02\xFF\xFF").await;
                peer.send_bytes(b"\x70\x02\xFF\xFF").await;
            }
        }
    }
    peer.expects_nothing().await;
    let journal = behind.journal();
    let heard: Vec<String> = journal.received().map(ToString::to_string).collect();
    assert_eq!(
        heard,
        ["→ #1 CONNECT v5 client=\"c\" clean_start", "→ #1 PINGREQ",]
    );
}

#[tokio::test]
async fn rules_change_what_passes_either_way() {
    let (behind, front) = brokers().await;
    let _there = Rule::given(matcher::publish())
        .then(as_usual().mutate(Mutation::packet_id(9)))
        .mount(&front);
    let _back = Rule::given(matcher::puback().to_client())
        .then(as_usual().mutate(Mutation::packet_id(1)))
        .mount(&front);
    let _lost = Rule::given(matcher::pingresp())
        .then(no_answer())
        .mount(&front);
    let mut peer = Peer::connected(&front, Version::V311, "c").await;
    peer.send(Packet::Pingreq).await;
    let withheld = front.wait_for_entry(|entry| entry.kind() == EntryKind::Withheld);
    withheld.await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    peer.expects(ACCEPTED).await;
    behind.wait_for(matcher::publish().packet_id(9)).await;
    insta::assert_snapshot!(front.journal(), @r#"
    → #1 opened
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 PINGREQ
    ← #1 withheld PINGRESP [rule PINGRESP]
    → #1 PUBLISH id=1 qos=1 topic="t" 1 byte [rule PUBLISH]
    ← #1 withheld PUBACK id=9 [rule PUBACK to the client]
    ← #1 PUBACK id=1 [rule PUBACK to the client]
    "#);
}

#[tokio::test]
async fn a_client_that_a_rule_lets_in_is_not_there_for_the_broker_behind() {
    let (behind, front) = brokers().await;
    let _lets_in = Rule::given(connect()).then(connack(0)).mount(&front);
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    front.wait_for(matcher::publish()).await;
    front.send("c", puback(0)).await.unwrap();
    peer.expects(ACCEPTED).await;
    // What is behind something that was no packet is none of its business either.
    peer.send_bytes(b"\x00\xFF\xFF\xFF\xFF").await;
    front.wait_for(matcher::malformed()).await;
    peer.send_bytes(b"\xC0\x00").await;
    drop(peer);
    behind.wait_for_close(1).await;
    let heard = behind.journal();
    assert_eq!(heard.received().count(), 0, "{heard}");
}

#[tokio::test]
async fn the_connection_is_closed_when_the_broker_behind_is_lost() {
    let (behind, front) = brokers().await;
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    drop(behind);
    peer.expects_end().await;
    let journal = front.journal().to_string();
    assert!(journal.contains("upstream broker"), "{journal}");
}

#[tokio::test]
async fn the_connection_is_closed_when_nobody_is_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let front = MockBroker::builder()
        .base(Base::Upstream(nobody))
        .start()
        .await
        .unwrap();
    let mut stream = TcpStream::connect(front.address()).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    let journal = front.journal().to_string();
    assert!(
        journal.contains("the upstream broker at 127.0.0.1"),
        "{journal}"
    );
}

#[tokio::test]
async fn a_client_that_vanishes_vanishes_behind_too_and_its_last_words_arrive() {
    let (behind, front) = brokers().await;
    let mut peer = Peer::stranger(&front, Version::V5);
    peer.hello(Hello::default()).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "last").await;
    drop(peer);
    let said = behind.wait_for(matcher::publish().payload("last"));
    said.await;
    behind.wait_for_close(1).await;
}

/// A broker in front of a listener that a test plays the broker behind on.
async fn in_front_of_a_listener() -> (TcpListener, MockBroker) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Base::Upstream(listener.local_addr().unwrap());
    (listener, MockBroker::builder().base(base).in_memory())
}

#[tokio::test]
async fn what_is_cut_off_in_the_midst_of_a_packet_passes_as_far_as_it_came() {
    let (listener, front) = in_front_of_a_listener().await;
    let mut client = front.connect();
    let (mut behind, _) = listener.accept().await.unwrap();
    behind.write_all(b"\x20\x03\x00").await.unwrap();
    behind.shutdown().await.unwrap();
    let mut came = Vec::new();
    client.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, b"\x20\x03\x00");

    let mut client = front.connect();
    let (mut behind, _) = listener.accept().await.unwrap();
    client.write_all(b"\x10\x0D\x00").await.unwrap();
    drop(client);
    let mut came = Vec::new();
    behind.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, b"\x10\x0D\x00");
}

#[tokio::test]
async fn a_broker_behind_that_reads_late_gets_all_that_was_sent() {
    let (listener, front) = in_front_of_a_listener().await;
    let mut client = front.connect();
    let (mut behind, _) = listener.accept().await.unwrap();
    let messages = b"\x30\x04\x00\x01t\x00".repeat(80_000);
    client.write_all(&messages).await.unwrap();
    drop(client);
    front.wait_for_close(1).await;
    // Nobody hears this any more, and it must not cost what is still on its way.
    behind.write_all(b"\xD0\x00").await.unwrap();
    let mut came = 0;
    let mut buffer = vec![0; 1024];
    loop {
        match behind.read(&mut buffer).await.unwrap() {
            0 => break,
            bytes => came += bytes,
        }
    }
    assert_eq!(came, messages.len());
}

#[tokio::test]
async fn rules_see_the_topic_that_an_alias_stands_for_in_both_directions() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = 1;
    limits.outgoing_topic_aliases = 1;
    let behind = MockBroker::builder().limits(limits).start().await.unwrap();
    let front = MockBroker::builder()
        .base(Base::Upstream(behind.address()))
        .in_memory();
    let hello = Hello {
        properties: &[Property::TopicAliasMaximum(1)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&front, Version::V5, hello).await;
    peer.subscribe("#", QoS::AtMostOnce).await;
    let named = b"\x30\x08\x00\x01a\x03\x23\x00\x01m";
    let nameless = b"\x30\x07\x00\x00\x03\x23\x00\x01m";
    // Nobody asks yet, and what the aliases stand for is learnt all the same.
    peer.send_bytes(named).await;
    peer.expects(named).await;
    let from = Rule::given(matcher::publish().topic("a"))
        .then(as_usual())
        .expect(1)
        .mount(&front);
    let to = Rule::given(matcher::publish().topic("a").to_client())
        .then(as_usual())
        .expect(1)
        .mount(&front);
    let other = Rule::given(matcher::publish().topic("b").either_way())
        .then(no_answer())
        .expect(0)
        .mount(&front);
    peer.send_bytes(nameless).await;
    peer.expects(nameless).await;
    from.wait_until_satisfied().await;
    to.wait_until_satisfied().await;
    other.wait_until_satisfied().await;
}

#[tokio::test]
async fn an_alias_that_a_rule_has_kept_from_the_broker_behind_is_introduced_by_the_next_message() {
    let mut limits = Limits::default();
    limits.topic_alias_maximum = 1;
    let behind = MockBroker::builder().limits(limits).start().await.unwrap();
    let front = MockBroker::builder()
        .base(Base::Upstream(behind.address()))
        .in_memory();
    Rule::given(matcher::publish().topic("a").nth(1))
        .then(puback(0x97))
        .mount(&front)
        .forget();
    Rule::given(matcher::publish().topic("b").nth(1))
        .then(puback(0x97))
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    let nameless = b"\x32\x09\x00\x00\x00\x01\x03\x23\x00\x01m";
    for topic in [b'a', b'b'] {
        let mut named = b"\x32\x0A\x00\x01t\x00\x01\x03\x23\x00\x01m".to_vec();
        named[4] = topic;
        peer.send_bytes(&named).await;
        peer.expects(b"\x40\x03\x00\x01\x97").await;
        for _ in 0..2 {
            peer.send_bytes(nameless).await;
            peer.expects(ACCEPTED).await;
        }
        // The first says what the alias stands for, and the second passes as it is.
        let journal = behind.journal();
        let heard = journal.matching(matcher::publish());
        let heard: Vec<Vec<u8>> = heard.map(|entry| entry.raw().to_vec()).collect();
        assert_eq!(heard[heard.len() - 2..], [named, nameless.to_vec()]);
    }
}

#[tokio::test]
async fn a_client_that_speaks_before_the_broker_behind_was_found_missing_is_parted_from_in_order() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let front = MockBroker::builder()
        .base(Base::Upstream(address))
        .in_memory();
    // Written when the connection is closed, and not before.
    Rule::given(matcher::opened())
        .then(coalesce(2))
        .then(raw(b"\xD0\x00"))
        .mount(&front)
        .forget();
    let mut peer = Peer::stranger(&front, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\xD0\x00").await;
    peer.expects_end().await;
    let journal = front.journal().to_string();
    let note = format!("the upstream broker at {address}");
    assert!(journal.contains(&note), "{journal}");
    assert_eq!(front.journal().matching(connect()).count(), 1, "{journal}");
}

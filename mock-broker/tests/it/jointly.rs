//! In front of another broker, a rule speaks of some topic filters, and that broker of the others.

use nack_codec::{QoS, Version};
use nack_mock_broker::action::{connack, suback_for, unsuback_for};
use nack_mock_broker::matcher::{connect, subscribe, unsubscribe};
use nack_mock_broker::{Access, Base, MockBroker, Operation, Permission, ReasonCode, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::peer::{Hello, Peer};

/// A broker that lets nobody subscribe to `no/#`, and one in front of it.
async fn brokers() -> (MockBroker, MockBroker) {
    let access = Access::new(Permission::Deny, Operation::Subscribe, "no/#").unwrap();
    let behind = MockBroker::builder()
        .access([access])
        .start()
        .await
        .unwrap();
    let base = Base::Upstream(behind.address());
    (behind, MockBroker::builder().base(base).in_memory())
}

#[tokio::test]
async fn the_named_filters_have_their_codes_and_the_broker_behind_says_the_others() {
    let (behind, front) = brokers().await;
    Rule::given(subscribe().filter("b"))
        .then(suback_for([("b", 0x87), ("c", 0x00)]).reason_string("r"))
        .named("some")
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    // Of `no/1`, `b`, `a` with QoS 1 and `c` with QoS 1.
    peer.send_bytes(b"\x82\x16\x00\x01\x00\x00\x04no/1\x00\x00\x01b\x00\x00\x01a\x01\x00\x01c\x01")
        .await;
    peer.expects(b"\x90\x0B\x00\x01\x04\x1F\x00\x01r\x87\x87\x01\x00")
        .await;
    // What is refused is not subscribed behind, and the rest is.
    let asked = behind.wait_for(subscribe()).await;
    let expected = b"\x82\x12\x00\x01\x00\x00\x04no/1\x00\x00\x01a\x01\x00\x01c\x01";
    assert_eq!(asked.raw()[..], expected[..]);
    peer.publish(QoS::AtMostOnce, 0, "b", "m").await;
    peer.publish(QoS::AtMostOnce, 0, "a", "m").await;
    peer.expects(b"\x30\x05\x00\x01a\x00m").await;
    peer.expects_nothing().await;
    insta::assert_snapshot!(front.journal(), @r#"
    → #1 opened
    → #1 CONNECT v5 client="c" clean_start
    ← #1 CONNACK success
    → #1 SUBSCRIBE id=1 "no/1" qos=0 "b" qos=0 "a" qos=1 "c" qos=1 [rule some]
    ← #1 withheld SUBACK id=1 0x87 not authorized granted QoS 1 granted QoS 1 [rule some]
    ← #1 SUBACK id=1 "r" 0x87 not authorized 0x87 not authorized granted QoS 1 granted QoS 0 [rule some]
    → #1 PUBLISH qos=0 topic="b" 1 byte
    → #1 PUBLISH qos=0 topic="a" 1 byte
    ← #1 PUBLISH qos=0 topic="a" 1 byte
    → #1 PINGREQ
    ← #1 PINGRESP
    "#);
}

#[tokio::test]
async fn a_refused_unsubscribe_leaves_the_subscription_behind() {
    let (_behind, front) = brokers().await;
    Rule::given(unsubscribe().filter("b"))
        .then(unsuback_for([("b", 0x87)]))
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.subscribe("a", QoS::AtMostOnce).await;
    peer.subscribe("b", QoS::AtMostOnce).await;
    peer.send_bytes(b"\xA2\x0C\x00\x01\x00\x00\x01b\x00\x01a\x00\x01x")
        .await;
    peer.expects(b"\xB0\x06\x00\x01\x00\x87\x00\x11").await;
    peer.publish(QoS::AtMostOnce, 0, "a", "m").await;
    peer.publish(QoS::AtMostOnce, 0, "b", "m").await;
    peer.expects(b"\x30\x05\x00\x01b\x00m").await;
}

#[tokio::test]
async fn a_request_of_which_all_is_refused_does_not_reach_the_broker_behind() {
    let (behind, front) = brokers().await;
    Rule::given(subscribe())
        .then(suback_for([("b", 0x87)]))
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x07\x00\x01\x00\x00\x01b\x00").await;
    peer.expects(b"\x90\x04\x00\x01\x00\x87").await;
    // One of which nothing is refused reaches it as it is.
    peer.send_bytes(b"\x82\x07\x00\x01\x00\x00\x01a\x00").await;
    peer.expects(b"\x90\x04\x00\x01\x00\x00").await;
    assert_eq!(behind.journal().matching(subscribe()).count(), 1);
}

#[tokio::test]
async fn in_3_1_1_named_codes_are_said_in_its_words() {
    let (_behind, front) = brokers().await;
    Rule::given(subscribe())
        .then(suback_for([("b", ReasonCode::QuotaExceeded)]))
        .mount(&front)
        .forget();
    Rule::given(unsubscribe())
        .then(unsuback_for([("b", ReasonCode::NoSubscriptionExisted)]))
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V311, "c").await;
    peer.send_bytes(b"\x82\x0A\x00\x01\x00\x01a\x01\x00\x01b\x00")
        .await;
    peer.expects(b"\x90\x04\x00\x01\x01\x80").await;
    peer.send_bytes(b"\xA2\x08\x00\x02\x00\x01a\x00\x01b").await;
    peer.expects(b"\xB0\x02\x00\x02").await;
}

#[tokio::test]
async fn an_answer_in_parts_is_doubled_held_and_changed_as_others() {
    let (_behind, front) = brokers().await;
    let answer = suback_for([("b", 0x87)]);
    Rule::given(subscribe())
        .then(answer.clone().packet_id(7).repeat(2))
        .then(answer)
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x0B\x00\x01\x00\x00\x01a\x00\x00\x01b\x00")
        .await;
    peer.expects(b"\x90\x05\x00\x07\x00\x00\x87").await;
    peer.expects(b"\x90\x05\x00\x07\x00\x00\x87").await;
    peer.expects(b"\x90\x05\x00\x01\x00\x00\x87").await;
    peer.expects_nothing().await;
}

/// For a client that a rule let in nobody behind can be asked: nothing is granted that nobody grants.
#[tokio::test]
async fn where_nobody_behind_knows_the_client_all_filters_have_the_first_code() {
    let (_behind, front) = brokers().await;
    Rule::given(connect())
        .then(connack(0))
        .mount(&front)
        .forget();
    Rule::given(subscribe())
        .then(suback_for([("b", 0x87), ("c", 0x97)]))
        .mount(&front)
        .forget();
    let mut peer = Peer::connected(&front, Version::V5, "c").await;
    peer.send_bytes(b"\x82\x0F\x00\x01\x00\x00\x01a\x00\x00\x01b\x00\x00\x01c\x00")
        .await;
    peer.expects(b"\x90\x06\x00\x01\x00\x87\x87\x97").await;
}

#[tokio::test]
async fn codes_of_a_broker_behind_that_counts_wrong_are_not_hidden() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Base::Upstream(listener.local_addr().unwrap());
    let front = MockBroker::builder().base(base).in_memory();
    Rule::given(subscribe())
        .then(suback_for([("b", 0x87)]))
        .mount(&front)
        .forget();
    let mut peer = Peer::stranger(&front, Version::V5);
    peer.hello(Hello::default()).await;
    let (mut behind, _) = listener.accept().await.unwrap();
    let mut request = [0; 7 + 15];
    behind.read_exact(&mut request[..15]).await.unwrap();
    for (said, passed) in [
        (
            &b"\x90\x03\x00\x01\x00"[..],
            &b"\x90\x04\x00\x01\x00\x87"[..],
        ),
        (
            b"\x90\x06\x00\x01\x00\x01\x77\x02",
            b"\x90\x07\x00\x01\x00\x01\x87\x77\x02",
        ),
    ] {
        peer.send_bytes(b"\x82\x0B\x00\x01\x00\x00\x01a\x00\x00\x01b\x00")
            .await;
        behind.read_exact(&mut request[..9]).await.unwrap();
        behind.write_all(said).await.unwrap();
        peer.expects(passed).await;
    }
    // Of another request, and so of no rule.
    behind.write_all(b"\x90\x04\x00\x01\x00\x02").await.unwrap();
    peer.expects(b"\x90\x04\x00\x01\x00\x02").await;
}

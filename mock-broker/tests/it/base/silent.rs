//! The silent base: takes everything, says nothing.

use nack_codec::{QoS, Version};
use nack_mock_broker::matcher::{malformed, pingreq, publish};
use nack_mock_broker::{Base, MockBroker, Rule, action};

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn nothing_is_said_but_what_rules_say() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V311);
    peer.hello(Hello::default()).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    broker.wait_for(publish().client("c").packet_id(1)).await;
    Rule::given(pingreq())
        .then(action::pingresp())
        .mount(&broker)
        .forget();
    peer.expects_nothing().await;
    assert_eq!(broker.journal().sent().count(), 1);
}

#[tokio::test]
async fn garbage_is_written_down_and_the_connection_stays() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    // No packet, and yet it says where the next begins.
    peer.send_bytes(b"\x00\x01\x02\xC0\x00").await;
    let entry = broker.wait_for(malformed()).await;
    assert_eq!(&entry.raw()[..], b"\x00\x01\x02");
    assert!(entry.packet().is_none());
    let error = entry.decode_error().unwrap();
    assert_eq!(
        error.to_string(),
        "packet type 0 does not exist, at byte 0 of a packet"
    );
    broker.wait_for(pingreq()).await;
}

#[tokio::test]
async fn once_nobody_knows_where_packets_begin_nothing_is_read_as_one() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(b"\xC0\xFF\xFF\xFF\xFF\xC0\x00").await;
    let entry = broker.wait_for(malformed()).await;
    assert_eq!(entry.raw().len(), 7);
    peer.send_bytes(b"\xC0\x00").await;
    drop(peer);
    broker.wait_for_close(1).await;
    assert_eq!(broker.journal().received().count(), 1);
}

//! The journal as JSON lines.

use nack_codec::{Packet, Property, QoS, SubscriptionOptions, Version};
use nack_mock_broker::action::{auth, connack, disconnect, puback, suback};
use nack_mock_broker::json::JournalEntry;
use nack_mock_broker::{MockBroker, Rule, matcher};

use crate::peer::{Hello, Peer};

#[tokio::test(start_paused = true)]
async fn every_line_says_what_came_in_the_words_of_the_standard() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect().client("c1"))
        .then(
            connack(0)
                .receive_maximum(5)
                .maximum_qos(1)
                .user_property("k", "v"),
        )
        .mount(&broker)
        .forget();
    let refusal = puback(0x97).reason_string("over quota");
    Rule::given(matcher::publish())
        .then(refusal)
        .named("quota")
        .mount(&broker)
        .forget();
    Rule::given(matcher::subscribe())
        .then(suback([0x01, 0x87]))
        .mount(&broker)
        .forget();
    let again = auth(0x18)
        .authentication_method("m")
        .authentication_data(b"\x00\xFF");
    Rule::given(matcher::pingreq())
        .then(again)
        .mount(&broker)
        .forget();

    let hello = Hello {
        client_id: "c1",
        keep_alive: 60,
        properties: &[
            Property::SessionExpiryInterval(30),
            Property::TopicAliasMaximum(3),
        ],
        ..Hello::default()
    };
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(hello).await;
    peer.receive().await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "text").await;
    peer.receive().await;
    // A payload that is no text.
    peer.send_bytes(b"\x32\x07\x00\x01t\x00\x02\x00\xFF").await;
    peer.receive().await;
    let options = SubscriptionOptions::at(QoS::AtLeastOnce);
    peer.subscribe_with("a/#", options, &[Property::SubscriptionIdentifier(7)])
        .await;
    peer.send(Packet::Pingreq).await;
    peer.receive().await;
    // A packet type that is none.
    peer.send_bytes(b"\x0F\x00").await;
    while peer.receive_or_end().await.is_some() {}
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    broker.send("old", disconnect(0x98)).await.unwrap();
    old.receive().await;
    old.expects_end().await;

    let mut lines = Vec::new();
    broker.journal().write_json_lines(&mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    insta::assert_snapshot!(lines);
    for (line, entry) in lines.lines().zip(&broker.journal()) {
        let read: JournalEntry = serde_json::from_str(line).unwrap();
        assert_eq!(read, JournalEntry::from(entry));
    }
}

#[tokio::test]
async fn of_a_large_packet_only_a_part_is_shown_when_that_is_asked_for() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    // Two bytes a character, so that the cut goes through one.
    let payload = "ü".repeat(1_000);
    peer.publish(QoS::AtLeastOnce, 1, "t", &payload).await;
    peer.receive().await;
    let journal = broker.journal();
    let publish = journal.matching(matcher::publish()).next().unwrap();
    let entry = JournalEntry::cut_to(publish, 101);
    assert!(entry.cut);
    assert_eq!((entry.length, entry.raw.len()), (2_009, 202));
    let packet = serde_json::to_value(entry.packet.unwrap()).unwrap();
    assert_eq!(packet["payload"], "ü".repeat(50));
    assert_eq!(packet["payload_length"], 2_000);
}

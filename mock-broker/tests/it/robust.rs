//! Clients that mean harm, or do not care: they harm nobody else, and not the broker.

use std::time::Duration;

use nack_codec::{QoS, Version};
use nack_mock_broker::action::{
    Action, as_usual, close, delay, hold, no_answer, pingresp, puback, publish, release,
};
use nack_mock_broker::{EntryKind, MockBroker, Rule, matcher};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn a_client_that_never_reads_does_not_hold_up_the_others() {
    let broker = MockBroker::in_memory();
    let mut deaf = Peer::connected(&broker, Version::V5, "deaf").await;
    deaf.subscribe("#", QoS::AtMostOnce).await;
    let mut reader = Peer::connected(&broker, Version::V5, "reader").await;
    reader.subscribe("#", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    let payload = "x".repeat(1000);
    for packet_id in 1..=11_000 {
        publisher
            .publish(QoS::AtLeastOnce, packet_id, "t", &payload)
            .await;
        publisher.receive().await;
        assert!(reader.receive().await.ends_with(payload.as_bytes()));
    }
    // What waits for the one who does not read is bounded: the rest was dropped, and written down.
    let journal = broker.journal();
    let dropped = journal
        .iter()
        .filter(|entry| entry.kind() == EntryKind::Dropped);
    let of_deaf = dropped.filter(|entry| entry.connection() == 1).count();
    assert!((500..800).contains(&of_deaf), "{of_deaf}");
    deaf.expects(&broker_publish(&payload)).await;
}

fn broker_publish(payload: &str) -> Vec<u8> {
    let mut bytes = b"\x30\xEC\x07\x00\x01t\x00".to_vec();
    bytes.extend_from_slice(payload.as_bytes());
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_and_never_reads_is_not_read_either() {
    let broker = MockBroker::in_memory();
    let mut stream = broker.connect();
    let mut connect = b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c".to_vec();
    connect.extend(b"\xC0\x00".repeat(300_000));
    let written = timeout(Duration::from_secs(60), stream.write_all(&connect)).await;
    assert!(written.is_err(), "the broker took everything");
    let mut other = Peer::connected(&broker, Version::V5, "other").await;
    other.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_delayed_do_not_pile_up_without_end() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::publish())
        .then(delay(Duration::from_secs(3600)))
        .then(puback(0))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    let flood = b"\x32\x05\x00\x01t\x00\x01".repeat(100_000);
    let sent = timeout(Duration::from_secs(60), peer.send_bytes(flood)).await;
    assert!(sent.is_err(), "the broker took everything");
    assert!(rule.hits() < 40_000, "{}", rule.hits());
}

#[tokio::test]
async fn garbage_of_every_kind_ends_its_connection_and_no_other() {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, Version::V5, "w").await;
    // A linear congruential generator: the same garbage each time.
    let mut state = 1_u32;
    let mut garbage = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for round in 0..500 {
        let bytes: Vec<u8> = (0..round).map(|_| garbage()).collect();
        let mut stream = broker.connect();
        // The broker may have closed before all is written.
        let _ = stream.write_all(&bytes).await;
        let mut stream = broker.connect();
        let connect = b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00";
        let _ = stream.write_all(&[&connect[..], &bytes].concat()).await;
        witness.expects_nothing().await;
    }
}

#[tokio::test]
async fn a_broker_that_is_gone_ends_its_connections() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    drop(broker);
    peer.expects_end().await;
}

#[tokio::test]
async fn many_clients_are_served_at_once() {
    let broker = MockBroker::start().await.unwrap();
    let mut peers = Vec::new();
    for number in 0..200 {
        let client_id = format!("c{number}");
        let mut peer = Peer::connected(&broker, Version::ALL[number % 2], &client_id).await;
        peer.subscribe("all", QoS::AtMostOnce).await;
        peers.push(peer);
    }
    let publisher = &mut peers[0];
    publisher.publish(QoS::AtMostOnce, 0, "all", "m").await;
    for peer in &mut peers {
        assert!(peer.receive().await.ends_with(b"m"));
    }
}

#[tokio::test]
async fn ten_thousand_clients_are_connected_at_once() {
    let broker = MockBroker::in_memory();
    let mut peers = Vec::new();
    for number in 0..10_000 {
        let client_id = format!("c{number}");
        peers.push(Peer::connected(&broker, Version::ALL[number % 2], &client_id).await);
    }
    for peer in peers.iter_mut().step_by(1_000) {
        peer.expects_nothing().await;
    }
    assert_eq!(
        broker.journal().matching(matcher::connack()).count(),
        10_000
    );
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_is_never_finished_costs_no_more_than_its_bound() {
    let broker = MockBroker::builder().maximum_packet_size(1_000).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.hello(Hello::default()).await;
    peer.receive().await;
    // One that says that it is larger is not waited for.
    peer.send_bytes(b"\x30\xFF\xFF\xFF\x7F").await;
    let end = peer.receive().await;
    assert_eq!(end[..3], [0xE0, end[1], 0x95]);
    peer.expects_end().await;
}

#[tokio::test]
async fn a_thousand_rules_keep_their_order() {
    let broker = MockBroker::in_memory();
    let _rules: Vec<_> = (0..1_000)
        .map(|number| {
            let matcher = match number % 3 {
                0 => matcher::subscribe(),
                1 => matcher::any_packet().client(format!("c{number}")),
                _ => matcher::publish().topic(&format!("t/{number}")),
            };
            let rule = Rule::given(matcher).then(puback(0x97));
            rule.expect(u32::from(number == 998)).mount(&broker)
        })
        .collect();
    let _last = Rule::given(matcher::publish())
        .then(puback(0x87))
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "t/998", "m").await;
    peer.expects(b"\x40\x03\x00\x01\x97").await;
    peer.publish(QoS::AtLeastOnce, 1, "other", "m").await;
    peer.expects(b"\x40\x03\x00\x01\x87").await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_takes_thousands_of_messages_that_wait() {
    let broker = MockBroker::in_memory();
    let lost = Rule::given(matcher::publish().to_client())
        .then(no_answer())
        .expect(5_000)
        .mount(&broker);
    let mut subscriber = Peer::connected(&broker, Version::V5, "s").await;
    subscriber.subscribe("#", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher
        .send_bytes(b"\x30\x04\x00\x01t\x00".repeat(5_000))
        .await;
    lost.wait_until_satisfied().await;
    subscriber.expects_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_a_rule_delays_or_holds_do_not_pile_up_without_end() {
    for action in [delay(Duration::from_secs(3600)), hold()] {
        let broker = MockBroker::in_memory();
        let rule = Rule::given(matcher::publish().to_client())
            .then(action)
            .then(as_usual())
            .mount(&broker);
        let mut subscriber = Peer::connected(&broker, Version::V5, "s").await;
        subscriber.subscribe("#", QoS::AtMostOnce).await;
        let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
        for _ in 0..30 {
            publisher
                .send_bytes(b"\x30\x04\x00\x01t\x00".repeat(1_000))
                .await;
            publisher.expects_nothing().await;
        }
        assert_eq!(rule.hits(), 10_000);
        let journal = broker.journal();
        let dropped = journal.iter().filter(|it| it.kind() == EntryKind::Dropped);
        assert_eq!(dropped.count(), 10_000);
    }
}

#[tokio::test]
async fn a_packet_is_not_repeated_without_end() {
    let broker = MockBroker::in_memory();
    let _peer = Peer::connected(&broker, Version::V5, "c").await;
    broker.send("c", pingresp().repeat(u32::MAX)).await.unwrap();
    let journal = broker.journal();
    assert_eq!(journal.matching(matcher::pingresp()).count(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn who_sends_on_a_connection_that_ends_is_told_at_once() {
    let broker = MockBroker::in_memory();
    let _peer = Peer::connected(&broker, Version::V5, "c").await;
    let begun = Instant::now();
    let (closed, late) = tokio::join!(broker.send("c", close()), broker.send("c", pingresp()));
    assert!(closed.is_ok() && late.is_err());
    assert!(begun.elapsed().is_zero(), "{:?}", begun.elapsed());
}

const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn packets_that_wait_for_their_time_are_bounded_by_their_bytes() {
    let broker = MockBroker::in_memory();
    let second = Duration::from_secs(1);
    Rule::given(matcher::publish())
        .then(delay(second))
        .then(as_usual())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let payload = "x".repeat(MEBIBYTE);
    let begin = Instant::now();
    for _ in 0..63 {
        peer.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    }
    peer.expects_nothing().await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    peer.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    broker.wait_for(matcher::publish().nth(64)).await;
    // Nothing more is read from the client until they are gone.
    peer.expects_nothing().await;
    assert_eq!(begin.elapsed(), second);
}

#[tokio::test(start_paused = true)]
async fn packets_that_are_held_back_are_bounded_by_their_bytes() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish().to_client())
        .then(hold())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    let payload = "x".repeat(MEBIBYTE);
    for _ in 0..63 {
        publisher.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    }
    publisher.expects_nothing().await;
    peer.expects_nothing().await;
    publisher.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    publisher.expects_nothing().await;
    peer.send_bytes(b"\xC0\x00").await;
    let answer = timeout(Duration::from_secs(60), peer.receive()).await;
    assert!(answer.is_err(), "{answer:?}");
    broker.send(1, release()).await.unwrap();
    for _ in 0..64 {
        assert!(peer.receive().await.ends_with(b"xx"));
    }
    // What is released makes room.
    peer.expects(b"\xD0\x00").await;
}

#[tokio::test]
async fn copies_are_bounded_by_their_bytes() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let large = vec![b'x'; MEBIBYTE];
    let copies = Action::from(publish("t", &large)).repeat(10_000);
    broker.send(1, copies).await.unwrap();
    for _ in 0..63 {
        assert!(peer.receive().await.ends_with(b"xx"));
    }
    peer.expects_nothing().await;
    let journal = broker.journal().to_string();
    let note = "copies that are left out, as all are too many bytes: 9937";
    assert!(journal.contains(note), "{journal}");
    // One is always sent, and small ones as often as is said.
    let copies = Action::from(publish("t", vec![b'y'; 65 * MEBIBYTE])).repeat(2);
    broker.send(1, copies).await.unwrap();
    assert!(peer.receive().await.ends_with(b"yy"));
    broker.send(1, pingresp().repeat(10_000)).await.unwrap();
    for _ in 0..10_000 {
        peer.expects(b"\xD0\x00").await;
    }
    peer.expects_nothing().await;
}

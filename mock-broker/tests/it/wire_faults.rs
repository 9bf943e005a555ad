//! Faults below packets, as a client sees them.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::BytesMut;
use nack_codec::{Packet, QoS, Version};
use nack_mock_broker::action::{
    as_usual, chunks, chunks_of, close, close_after, coalesce, coalesce_once, corrupt, delay,
    half_close, heal, pace, publish, reset_after, resume_reading, resume_writing, split_everywhere,
    stall, stop_reading, stop_writing,
};
use nack_mock_broker::matcher::{self, opened, pingreq};
use nack_mock_broker::{Action, EntryKind, MockBroker, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::peer::{Hello, Peer};

async fn connected(broker: &MockBroker) -> DuplexStream {
    let mut peer = Peer::stranger(broker, Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    peer.into_stream()
}

async fn over_tcp(broker: &MockBroker) -> Peer<TcpStream> {
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    let mut peer = Peer::over(stream, Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    peer
}

/// The sizes of what each read brings, of a message of ten bytes.
async fn reads(broker: &MockBroker, fault: Action) -> Vec<usize> {
    let mut stream = connected(broker).await;
    // A task of its own, so that it has its turn between two writes.
    let reader = tokio::spawn(async move {
        let mut sizes = Vec::new();
        let mut buffer = BytesMut::new();
        while buffer.len() < 10 {
            sizes.push(stream.read_buf(&mut buffer).await.unwrap());
        }
        assert_eq!(&buffer[..], b"\x30\x08\x00\x05topicm");
        sizes
    });
    broker.send("c", fault).await.unwrap();
    broker.send("c", publish("topic", "m")).await.unwrap();
    reader.await.unwrap()
}

#[tokio::test]
async fn bytes_come_in_pieces() {
    let broker = MockBroker::in_memory();
    assert_eq!(reads(&broker, chunks([1, 2])).await, [1, 2, 7]);
    assert_eq!(reads(&broker, chunks_of(4)).await, [4, 4, 2]);
    assert_eq!(reads(&broker, split_everywhere()).await, [1; 10]);
    assert_eq!(reads(&broker, heal()).await, [10]);
}

#[tokio::test(start_paused = true)]
async fn bytes_come_slowly() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", pace(100)).await.unwrap();
    let begun = Instant::now();
    let large = "x".repeat(1_000);
    broker.send("c", publish("t", &large)).await.unwrap();
    stream.read_exact(&mut [0; 1_006]).await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!((9.9..10.2).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn packets_come_together() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", coalesce(3)).await.unwrap();
    for _ in 0..2 {
        stream.write_all(b"\xC0\x00").await.unwrap();
        let early = timeout(Duration::from_secs(9), stream.read_u8()).await;
        assert!(early.is_err());
    }
    stream.write_all(b"\xC0\x00").await.unwrap();
    let mut buffer = BytesMut::new();
    assert_eq!(stream.read_buf(&mut buffer).await.unwrap(), 6);
    // What is left over goes out when the connection is closed.
    stream.write_all(b"\xC0\x00").await.unwrap();
    broker.wait_for(pingreq().nth(4)).await;
    broker.send("c", close()).await.unwrap();
    buffer.clear();
    while stream.read_buf(&mut buffer).await.unwrap() > 0 {}
    assert_eq!(&buffer[..], b"\xD0\x00");
}

#[tokio::test(start_paused = true)]
async fn answers_of_a_rule_come_together_however_often_it_begins() {
    for begin in [coalesce(2), coalesce_once(2)] {
        let broker = MockBroker::in_memory();
        let mut stream = connected(&broker).await;
        Rule::given(pingreq())
            .then(begin)
            .then(as_usual())
            .mount(&broker)
            .forget();
        for _ in 0..2 {
            stream.write_all(b"\xC0\x00").await.unwrap();
            let early = timeout(Duration::from_secs(9), stream.read_u8()).await;
            assert!(early.is_err());
            stream.write_all(b"\xC0\x00").await.unwrap();
            let mut buffer = BytesMut::new();
            assert_eq!(stream.read_buf(&mut buffer).await.unwrap(), 4);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_with_the_next_one_once() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    Rule::given(pingreq().nth(1))
        .then(coalesce_once(2))
        .then(as_usual())
        .mount(&broker)
        .forget();
    stream.write_all(b"\xC0\x00").await.unwrap();
    let early = timeout(Duration::from_secs(9), stream.read_u8()).await;
    assert!(early.is_err());
    for bytes in [4, 2, 2] {
        stream.write_all(b"\xC0\x00").await.unwrap();
        let mut buffer = BytesMut::new();
        assert_eq!(stream.read_buf(&mut buffer).await.unwrap(), bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_read_answers_when_it_does() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", stop_reading()).await.unwrap();
    stream.write_all(b"\xC0\x00").await.unwrap();
    assert!(
        timeout(Duration::from_secs(9), stream.read_u8())
            .await
            .is_err()
    );
    broker.send("c", resume_reading()).await.unwrap();
    assert_eq!(stream.read_u16().await.unwrap(), 0xD000);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_read_lets_the_client_run_full() {
    let broker = MockBroker::in_memory();
    let _full = Rule::given(opened()).then(stop_reading()).mount(&broker);
    let mut stream = broker.connect();
    let written = timeout(Duration::from_secs(9), stream.write_all(&[0; 200_000])).await;
    assert!(written.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_write_has_heard() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", stop_writing()).await.unwrap();
    stream.write_all(b"\xC0\x00").await.unwrap();
    broker.wait_for(pingreq()).await;
    assert!(
        timeout(Duration::from_secs(9), stream.read_u8())
            .await
            .is_err()
    );
    broker.send("c", resume_writing()).await.unwrap();
    assert_eq!(stream.read_u16().await.unwrap(), 0xD000);
}

#[tokio::test(start_paused = true)]
async fn a_stall_ends_by_itself() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    let begun = Instant::now();
    broker
        .send("c", stall(Duration::from_secs(7)))
        .await
        .unwrap();
    stream.write_all(b"\xC0\x00").await.unwrap();
    assert_eq!(stream.read_u16().await.unwrap(), 0xD000);
    assert_eq!(begun.elapsed().as_secs(), 7);
    // And what was queued before it.
    broker
        .send("c", stall(Duration::from_secs(7)))
        .await
        .unwrap();
    broker.send("c", publish("t", "")).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 0x30);
    assert_eq!(begun.elapsed().as_secs(), 14);
}

#[tokio::test]
async fn a_side_is_closed_and_the_other_goes_on() {
    let broker = MockBroker::start().await.unwrap();
    let _half = Rule::given(pingreq())
        .then(as_usual())
        .then(half_close())
        .times(1)
        .mount(&broker);
    let mut peer = over_tcp(&broker).await;
    peer.send(Packet::Pingreq).await;
    peer.expects(b"\xD0\x00").await;
    peer.expects_end().await;
    // What the client says now is heard, and the answer goes nowhere.
    peer.publish(QoS::AtLeastOnce, 1, "t", "m").await;
    broker.wait_for(matcher::publish()).await;
    let dropped = broker.wait_for_entry(|entry| entry.kind() == EntryKind::Dropped);
    assert_eq!(dropped.await.raw()[..], *b"\x40\x02\x00\x01");
    drop(peer);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 PINGREQ [rule PINGREQ]
    ← #1 PINGRESP
    ← #1 closes its side [rule PINGREQ]
    → #1 PUBLISH id=1 qos=1 topic="t" 1 byte
    ← #1 dropped PUBACK id=1
    → #1 closed
    "#);
}

#[tokio::test]
async fn a_packet_is_cut_short_by_a_reset() {
    let broker = MockBroker::start().await.unwrap();
    let peer = over_tcp(&broker).await;
    broker.send("c", reset_after(3)).await.unwrap();
    broker.send("c", publish("topic", "m")).await.unwrap();
    broker.wait_for_close(1).await;
    let mut stream = peer.into_stream();
    let mut said = Vec::new();
    let end = stream.read_to_end(&mut said).await.unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    assert!(b"\x30\x08\x00".starts_with(&said), "{said:?}");
}

#[tokio::test]
async fn a_packet_is_cut_short_by_a_close() {
    let broker = MockBroker::start().await.unwrap();
    let peer = over_tcp(&broker).await;
    broker.send("c", close_after(3)).await.unwrap();
    broker.send("c", publish("topic", "m")).await.unwrap();
    let mut said = Vec::new();
    peer.into_stream().read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"\x30\x08\x00");
    let entry = broker.wait_for_close(1).await;
    assert_eq!(entry.to_string(), "← #1 closed");
}

#[tokio::test]
async fn nothing_more_goes_out_after_no_bytes() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", close_after(0)).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn bits_are_flipped_and_the_journal_has_what_was_sent() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", corrupt(1.0, 1)).await.unwrap();
    broker.send("c", publish("topic", "m")).await.unwrap();
    let mut said = [0; 10];
    stream.read_exact(&mut said).await.unwrap();
    let right = b"\x30\x08\x00\x05topicm";
    for (found, right) in said.iter().zip(right) {
        assert_eq!((found ^ right).count_ones(), 1);
    }
    assert_eq!(broker.journal().sent().last().unwrap().raw()[..], said);
}

#[tokio::test(start_paused = true)]
async fn faults_and_waits_may_be_as_large_as_numbers_are() {
    let broker = MockBroker::builder().patience(Duration::MAX).in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    for action in [
        close_after(u64::MAX),
        reset_after(u64::MAX),
        chunks([usize::MAX, usize::MAX]),
        chunks_of(usize::MAX),
        delay(Duration::MAX),
    ] {
        broker.send("c", action).await.unwrap();
        peer.expects_nothing().await;
    }
    broker.send("c", stall(Duration::MAX)).await.unwrap();
    broker.send("c", heal()).await.unwrap();
    peer.expects_nothing().await;
    broker.wait_for(pingreq()).await;
}

#[tokio::test]
async fn the_journal_says_how_much_a_cut_left_unwritten() {
    let broker = MockBroker::in_memory();
    let mut stream = connected(&broker).await;
    broker.send("c", close_after(4)).await.unwrap();
    broker.send("c", publish("topic", "m")).await.unwrap();
    let mut came = Vec::new();
    stream.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, b"\x30\x08\x00\x05");
    let journal = broker.journal().to_string();
    let end = "never written: 6\n← #1 closed";
    assert!(journal.trim_end().ends_with(end), "{journal}");
}

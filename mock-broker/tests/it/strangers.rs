//! Who has not sent a CONNECT yet: closed after a time, and refused what is too large.

use std::time::Duration;

use nack_codec::{QoS, Version};
use nack_mock_broker::action::{
    as_usual, fall_silent, no_answer, pingresp, resume_reading, split_everywhere, stall,
    stop_reading,
};
use nack_mock_broker::matcher::{connect, malformed, opened, pingreq};
use nack_mock_broker::{Base, Builder, MockBroker, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};

use crate::peer::{Hello, Peer};

/// The limit unless said otherwise.
const LIMIT: Duration = Duration::from_secs(30);

const HOUR: Duration = Duration::from_secs(3600);

const CONNECT: &[u8] = b"\x10\x0F\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02c1";
const CONNACK: &[u8] = b"\x20\x03\x00\x00\x00";

const MEBIBYTE: usize = 1024 * 1024;

/// The connection must be closed after this time, with nothing said before.
#[track_caller]
fn ends_after(stream: &mut DuplexStream, time: Duration) -> impl Future<Output = ()> + '_ {
    let caller = std::panic::Location::caller();
    async move {
        let begin = Instant::now();
        let mut said = Vec::new();
        let end = timeout(HOUR, stream.read_to_end(&mut said)).await;
        assert!(matches!(end, Ok(Ok(0))), "at {caller}: {end:?}, {said:?}");
        let took = begin.elapsed();
        // Tokio's timers count in milliseconds.
        assert_eq!(took.as_secs(), time.as_secs(), "at {caller}: {took:?}");
    }
}

/// The connection must stay, with nothing said on it.
#[track_caller]
fn stays(stream: &mut DuplexStream) -> impl Future<Output = ()> + '_ {
    let caller = std::panic::Location::caller();
    async move {
        let read = timeout(HOUR, stream.read_u8()).await;
        assert!(read.is_err(), "at {caller}: {read:?}");
    }
}

fn notes(broker: &MockBroker) -> Vec<String> {
    let journal = broker.journal();
    let notes = journal.iter().filter_map(|entry| entry.note());
    notes.map(str::to_owned).collect()
}

/// A CONNECT of so many bytes, most of them user properties.
fn connect_of(size: usize) -> Vec<u8> {
    let var_int = |value: usize| {
        let seven = |shift: usize| (value >> shift) as u8 & 0x7F;
        vec![seven(0) | 0x80, seven(7) | 0x80, seven(14)]
    };
    // Behind a fixed header of four bytes, and with a property length of three.
    let mut packet = [&[0x10][..], &var_int(size - 4)].concat();
    packet.extend_from_slice(b"\x00\x04MQTT\x05\x02\x00\x00");
    let mut left = size - packet.len() - 3 - 4;
    packet.extend(var_int(left));
    while left > 0 {
        let rest = (left - 5).min(60_000);
        // None may be left that is too small for a property.
        let value = if left - 5 - rest < 5 {
            (left - 5).min(65_535)
        } else {
            rest
        };
        packet.extend_from_slice(b"\x26\x00\x00");
        packet.extend_from_slice(&(value as u16).to_be_bytes());
        packet.resize(packet.len() + value, b'x');
        left -= 5 + value;
    }
    packet.extend_from_slice(b"\x00\x02c1");
    assert_eq!(packet.len(), size);
    packet
}

#[tokio::test(start_paused = true)]
async fn who_sends_no_connect_is_closed_and_the_journal_says_why() {
    let broker = MockBroker::in_memory();
    let mut silent = broker.connect();
    ends_after(&mut silent, LIMIT).await;
    let mut halting = broker.connect();
    halting.write_all(&CONNECT[..9]).await.unwrap();
    ends_after(&mut halting, LIMIT).await;
    broker.wait_for_close(2).await;
    let expected = [
        "no CONNECT came within 30s",
        "no whole CONNECT came within 30s",
    ];
    assert_eq!(notes(&broker), expected);
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_is_no_connect() {
    let limit = Duration::from_secs(5);
    let broker = MockBroker::builder().connect_limit(limit).in_memory();
    let mut stream = broker.connect();
    let begin = Instant::now();
    for byte in CONNECT {
        stream.write_all(&[*byte]).await.unwrap();
        if timeout(Duration::from_secs(1), stream.read_u8())
            .await
            .is_ok()
        {
            break;
        }
    }
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn who_has_sent_connect_may_be_silent() {
    let broker = MockBroker::in_memory();
    let mut stream = broker.connect();
    tokio::time::advance(LIMIT - Duration::from_secs(1)).await;
    stream.write_all(CONNECT).await.unwrap();
    stream.read_exact(&mut [0; CONNACK.len()]).await.unwrap();
    stays(&mut stream).await;
}

#[tokio::test(start_paused = true)]
async fn where_a_rule_or_the_base_says_nothing_the_connection_stays() {
    let silent = || MockBroker::builder().base(Base::Silent);
    let check = |builder: Builder, rule: Option<Rule>, sends: &'static [u8]| async move {
        let broker = builder.in_memory();
        let _rule = rule.map(|rule| rule.mount(&broker));
        let mut stream = broker.connect();
        stream.write_all(sends).await.unwrap();
        stays(&mut stream).await;
    };
    let accept = MockBroker::builder;
    check(silent(), None, b"").await;
    check(
        accept(),
        Some(Rule::given(opened()).then(fall_silent())),
        b"",
    )
    .await;
    check(
        accept(),
        Some(Rule::given(opened()).then(stop_reading())),
        CONNECT,
    )
    .await;
    check(
        accept(),
        Some(Rule::given(connect()).then(no_answer())),
        CONNECT,
    )
    .await;
    check(
        accept(),
        Some(Rule::given(pingreq()).then(no_answer())),
        b"\xC0\x00",
    )
    .await;
    check(
        accept(),
        Some(Rule::given(malformed()).then(no_answer())),
        b"\xF1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_about_the_opening_alone_changes_nothing() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(opened())
        .then(split_everywhere())
        .mount(&broker);
    ends_after(&mut broker.connect(), LIMIT).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_begins_when_the_broker_reads() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(opened().connection(1))
        .then(stall(Duration::from_secs(40)))
        .mount(&broker);
    ends_after(&mut broker.connect(), Duration::from_secs(70)).await;
    let _rule = Rule::given(opened().connection(2))
        .then(stop_reading())
        .mount(&broker);
    let mut stream = broker.connect();
    stays(&mut stream).await;
    broker.send(2, resume_reading()).await.unwrap();
    ends_after(&mut stream, LIMIT).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_packet_that_is_too_large_is_refused_by_its_header() {
    let largest = connect_of(MEBIBYTE);
    let broker = MockBroker::in_memory();
    let mut stream = broker.connect();
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let mut connack = [0; CONNACK.len()];
    let (written, read) = tokio::join!(writer.write_all(&largest), reader.read_exact(&mut connack));
    written.unwrap();
    read.unwrap();
    assert_eq!(connack, CONNACK);
    // No byte of these but the header.
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(&connect_of(MEBIBYTE + 1)[..4]).await;
    let refusal = peer.receive().await;
    assert_eq!((refusal[0], refusal[3]), (0x20, 0x95), "{refusal:02X?}");
    peer.expects_end().await;
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(b"\x30\xFF\xFF\xFF\x7F").await;
    peer.expects_end().await;
}

#[tokio::test(start_paused = true)]
async fn a_smaller_maximum_packet_size_holds_for_connect_too() {
    let broker = MockBroker::builder().maximum_packet_size(64).in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(b"\x10\x7F").await;
    let refusal = peer.receive().await;
    assert_eq!((refusal[0], refusal[3]), (0x20, 0x95), "{refusal:02X?}");
}

#[tokio::test(start_paused = true)]
async fn what_follows_connect_in_the_same_read_may_be_large() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::stranger(&broker, Version::V5);
    let payload = vec![b'x'; 2 * MEBIBYTE];
    let mut publish = b"\x32\x86\x80\x80\x01\x00\x01t\x00\x01\x00".to_vec();
    publish.extend_from_slice(&payload);
    peer.send_bytes([CONNECT, &publish].concat()).await;
    peer.expects(CONNACK).await;
    peer.expects(b"\x40\x02\x00\x01").await;
}

#[tokio::test(start_paused = true)]
async fn other_bases_take_a_first_packet_of_any_size() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let mut stream = broker.connect();
    stream.write_all(&connect_of(MEBIBYTE + 1)).await.unwrap();
    broker.wait_for(connect()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_takes_before_connect_is_followed_by_more() {
    let broker = MockBroker::in_memory();
    let _rule = Rule::given(pingreq())
        .then(pingresp())
        .times(2)
        .mount(&broker);
    let _late = Rule::given(connect()).then(as_usual()).mount(&broker);
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes([b"\xC0\x00\xC0\x00", CONNECT, b"\xC0\x00"].concat())
        .await;
    for expected in [&b"\xD0\x00"[..], b"\xD0\x00", CONNACK, b"\xD0\x00"] {
        peer.expects(expected).await;
    }
    let (mut late, _) = Peer::welcomed(&broker, Version::V311, Hello::default()).await;
    late.subscribe("t", QoS::AtMostOnce).await;
}

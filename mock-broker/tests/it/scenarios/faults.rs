//! Every kind of fault that ships, as a client meets it: what is sent to the broker, and the very
//! bytes that come back.

use std::time::Duration;

use nack_codec::Version;
use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::{SHIPPED, shipped};
use tokio::time::Instant;

use crate::peer::{Hello, Peer};

/// What a client does, and what it must meet.
enum Talk {
    /// Another connection, on which CONNECT is sent.
    Connect,
    /// The same client, which wants its session.
    Resume,
    /// Another connection, and nothing said on it.
    Open,
    Send(&'static [u8]),
    Meet(&'static [u8]),
    /// The connection ends, in whatever way.
    End,
    /// Nothing comes for a minute.
    Silence,
    /// Nothing is done for so long.
    Wait(Duration),
    /// What comes next takes so long.
    Takes(Duration),
}

use Talk::{Connect, End, Meet, Open, Resume, Send, Silence, Takes, Wait};

const LET_IN: Talk = Meet(b"\x20\x03\x00\x00\x00");

/// PUBLISH of QoS 1 to `t`, with packet identifier 1.
const PUBLISH: Talk = Send(b"\x32\x06\x00\x01t\x00\x01\x00");

/// PUBLISH of QoS 2 to `t`, with packet identifier 1.
const PUBLISH_2: Talk = Send(b"\x34\x06\x00\x01t\x00\x01\x00");

/// SUBSCRIBE to `t` at QoS 2.
const SUBSCRIBE: Talk = Send(b"\x82\x07\x00\x09\x00\x00\x01t\x02");

const SUBACK: Talk = Meet(b"\x90\x04\x00\x09\x00\x02");

const MOVED: &[u8] = b"\x15\x1C\x00\x12other.example:1883";

fn faults() -> Vec<(&'static str, Vec<Talk>)> {
    vec![
        ("connack-never", vec![Connect, Silence]),
        (
            "pingresp-never",
            vec![Connect, LET_IN, Send(b"\xC0\x00"), Silence],
        ),
        (
            "keep-alive-silence",
            vec![Connect, LET_IN, PUBLISH, Send(b"\xC0\x00"), Silence],
        ),
        ("puback-never", vec![Connect, LET_IN, PUBLISH, Silence]),
        (
            "pubcomp-never",
            vec![
                Connect,
                LET_IN,
                PUBLISH_2,
                Meet(b"\x50\x02\x00\x01"),
                Send(b"\x62\x02\x00\x01"),
                Silence,
            ],
        ),
        ("suback-never", vec![Connect, LET_IN, SUBSCRIBE, Silence]),
        (
            "duplicate-ack",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x02\x00\x01\x40\x02\x00\x01"),
            ],
        ),
        (
            "ack-for-unknown-id",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x02\xB8\x06\x40\x02\x00\x01"),
            ],
        ),
        (
            "acks-reversed",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Send(b"\x32\x06\x00\x01t\x00\x02\x00"),
                Silence,
                Send(b"\x32\x06\x00\x01t\x00\x03\x00"),
                Meet(b"\x40\x02\x00\x03\x40\x02\x00\x02\x40\x02\x00\x01"),
            ],
        ),
        (
            "wrong-ack",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\x50\x02\x00\x01")],
        ),
        (
            "reset-between-pubrec-and-pubcomp",
            vec![
                Connect,
                LET_IN,
                PUBLISH_2,
                Meet(b"\x50\x02\x00\x01"),
                Send(b"\x62\x02\x00\x01"),
                End,
            ],
        ),
        ("closed-before-puback", vec![Connect, LET_IN, PUBLISH, End]),
        ("reset-at-once", vec![Open, End]),
        (
            "busy-at-first",
            vec![
                Connect,
                Meet(b"\x20\x03\x00\x89\x00"),
                End,
                Connect,
                Meet(b"\x20\x03\x00\x89\x00"),
                End,
                Connect,
                LET_IN,
            ],
        ),
        ("session-lost", vec![Resume, LET_IN, Resume, LET_IN]),
        (
            "session-of-a-stranger",
            vec![Connect, Meet(b"\x20\x03\x01\x00\x00")],
        ),
        (
            "slow-broker",
            // Five bytes of CONNACK, of which the first comes at once.
            vec![Connect, Takes(Duration::from_millis(80)), LET_IN],
        ),
        (
            "late-acks",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Takes(Duration::from_secs(3)),
                Meet(b"\x40\x02\x00\x01"),
            ],
        ),
        ("half-open", vec![Connect, LET_IN, End]),
        (
            "truncated-packet",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\x40\x02\x00"), End],
        ),
        (
            "wrong-remaining-length",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x06\x00\x01\xD0\x00\xD0\x00"),
            ],
        ),
        (
            "padded-remaining-length",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\x40\x82\x00\x00\x01")],
        ),
        (
            "five-byte-length",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x82\x80\x80\x80\x00\x00\x01"),
            ],
        ),
        ("split-every-byte", vec![Connect, LET_IN]),
        (
            "coalesced",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                Takes(Duration::from_millis(200)),
                SUBACK,
                Meet(b"\x30\x05\x00\x01t\x000"),
                Send(b"\xC0\x00"),
                Meet(b"\xD0\x00"),
            ],
        ),
        (
            "bit-flips",
            vec![
                Connect,
                Meet(b"\x20\x03\x00\x00\x00"),
                PUBLISH,
                Meet(b"\x40\x02\x02\x01"),
            ],
        ),
        (
            "stop-reading",
            vec![Connect, LET_IN, PUBLISH, Send(b"\xC0\x00"), Silence],
        ),
        (
            "stop-writing",
            vec![Connect, LET_IN, Silence, PUBLISH, Silence],
        ),
        (
            "server-moves",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\xE0\x17\x9D"),
                Meet(MOVED),
                End,
                Connect,
                Meet(b"\x20\x18\x00\x9D"),
                Meet(MOVED),
                End,
            ],
        ),
        (
            "session-taken-over",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\xE0\x01\x8E"), End],
        ),
        (
            "retained-flood",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Meet(b"\x31\x12\x00\x05flood\x000123456789"),
                Meet(b"\x31\x12\x00\x05flood\x000123456789"),
            ],
        ),
        (
            "message-lost",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Send(b"\x30\x05\x00\x01t\x001"),
                Send(b"\x30\x05\x00\x01t\x002"),
                Meet(b"\x30\x05\x00\x01t\x002"),
            ],
        ),
        (
            "message-twice",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Send(b"\x30\x05\x00\x01t\x001"),
                Meet(b"\x30\x05\x00\x01t\x001\x30\x05\x00\x01t\x001"),
            ],
        ),
        (
            "packet-before-connack",
            vec![Open, Meet(b"\x30\x09\x00\x05early\x000")],
        ),
        (
            "second-connack",
            vec![Connect, Meet(b"\x20\x03\x00\x00\x00\x20\x03\x00\x00\x00")],
        ),
        (
            "reserved-flags",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\x4F\x02\x00\x01")],
        ),
        (
            "unknown-packet-type",
            vec![Connect, LET_IN, Send(b"\xC0\x00"), Meet(b"\x00\x00")],
        ),
        (
            "suback-without-codes",
            vec![Connect, LET_IN, SUBSCRIBE, Meet(b"\x90\x03\x00\x09\x00")],
        ),
        (
            "unknown-reason-code",
            vec![Connect, LET_IN, PUBLISH, Meet(b"\x40\x03\x00\x01\x7F")],
        ),
        (
            "message-of-qos-3",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Meet(b"\x36\x07\x00\x01t\x00\x01\x000"),
            ],
        ),
        (
            "packet-identifier-zero",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Meet(b"\x32\x07\x00\x01t\x00\x00\x000"),
            ],
        ),
        (
            "topic-alias-unknown",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Meet(b"\x30\x07\x00\x00\x03\x23\x00\x050"),
            ],
        ),
        (
            "property-twice",
            vec![
                Connect,
                Meet(b"\x20\x09\x00\x00\x06\x21\x00\x0A\x21\x00\x14"),
            ],
        ),
        (
            "receive-maximum-zero",
            vec![Connect, Meet(b"\x20\x06\x00\x00\x03\x21\x00\x00")],
        ),
        (
            "bad-utf-8",
            vec![
                Connect,
                LET_IN,
                SUBSCRIBE,
                SUBACK,
                Meet(b"\x30\x07\x00\x03a/\xFF\x000"),
            ],
        ),
        (
            "one-at-a-time",
            vec![
                Connect,
                Meet(b"\x20\x06\x00\x00\x03\x21\x00\x01"),
                PUBLISH,
                Takes(Duration::from_millis(500)),
                Meet(b"\x40\x02\x00\x01"),
                PUBLISH_2,
                Takes(Duration::from_millis(500)),
                Meet(b"\x50\x02\x00\x01"),
            ],
        ),
        (
            "small-packets-alone",
            vec![Connect, Meet(b"\x20\x08\x00\x00\x05\x27\x00\x00\x00\x40")],
        ),
        (
            "maximum-qos-0",
            vec![Connect, Meet(b"\x20\x05\x00\x00\x02\x24\x00")],
        ),
        (
            "retain-unavailable",
            vec![Connect, Meet(b"\x20\x05\x00\x00\x02\x25\x00")],
        ),
        (
            "unknown-property",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x06\x00\x01\x00\x02\x7F\x00"),
                PUBLISH,
                Meet(b"\x40\x02\x00\x01"),
            ],
        ),
        (
            "client-id-not-told",
            vec![
                Send(b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"),
                LET_IN,
            ],
        ),
        (
            "short-keep-alive",
            vec![Connect, Meet(b"\x20\x06\x00\x00\x03\x13\x00\x01")],
        ),
        (
            "connection-refused",
            vec![Open, End, Wait(Duration::from_secs(3)), Connect, LET_IN],
        ),
        (
            "broker-restarts",
            vec![
                Connect,
                LET_IN,
                PUBLISH,
                Meet(b"\x40\x02\x00\x01"),
                PUBLISH,
                Meet(b"\x40\x02\x00\x01"),
                PUBLISH,
                End,
                Open,
                End,
                Wait(Duration::from_secs(2)),
                Connect,
                LET_IN,
            ],
        ),
        ("overloaded", vec![Connect, LET_IN, PUBLISH, Meet(b"\x40")]),
        (
            "only-users",
            vec![Connect, Meet(b"\x20\x03\x00\x87\x00"), End],
        ),
    ]
}

fn staged(name: &str) -> MockBroker {
    let file = shipped(&format!("fault/{name}")).unwrap().file().unwrap();
    let broker = file.apply_base(MockBroker::builder()).unwrap().in_memory();
    for rule in file.rules().unwrap() {
        rule.mount(&broker).forget();
    }
    broker
}

async fn play(name: &str, talk: &[Talk]) {
    let broker = staged(name);
    let mut peer = Peer::stranger(&broker, Version::V5);
    let mut is_fresh = true;
    let mut takes = None;
    for (index, step) in talk.iter().enumerate() {
        let place = format!("{name}, step {index}");
        if matches!(step, Connect | Resume | Open) && !std::mem::take(&mut is_fresh) {
            peer = Peer::stranger(&broker, Version::V5);
        }
        match step {
            Open => {}
            Connect => peer.hello(Hello::default()).await,
            Resume => {
                let hello = Hello {
                    clean_start: false,
                    ..Hello::default()
                };
                peer.hello(hello).await;
            }
            Send(bytes) => peer.send_bytes(bytes).await,
            Wait(time) => {
                let over = *time + Duration::from_millis(1);
                let _ = tokio::time::timeout(over, std::future::pending::<()>()).await;
            }
            Takes(time) => takes = Some(*time),
            Meet(bytes) => {
                let began = Instant::now();
                let come = peer.expects_bytes(bytes);
                let come = tokio::time::timeout(Duration::from_secs(60), come).await;
                assert!(come.is_ok(), "{place}: nothing came");
                if let Some(time) = takes.take() {
                    assert!(began.elapsed() >= time, "{place}: {:?}", began.elapsed());
                }
            }
            End => assert!(peer.ends().await, "{place}"),
            Silence => {
                let read = tokio::time::timeout(Duration::from_secs(60), peer.ends()).await;
                assert!(read.is_err(), "{place}: something came");
            }
        }
    }
    if let Err(unmet) = broker.verify() {
        panic!("{name}: {unmet}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_met_as_it_is_told() {
    for (name, talk) in faults() {
        play(name, &talk).await;
    }
}

#[test]
fn every_fault_is_met_in_a_test() {
    let mut met: Vec<String> = faults()
        .iter()
        .map(|(name, _)| format!("fault/{name}"))
        .collect();
    let below = super::transports::NAMES.iter();
    met.extend(below.map(|name| format!("fault/{name}")));
    for shipped in SHIPPED {
        let name = shipped.name();
        if name.starts_with("fault/") {
            assert!(met.iter().any(|met| met == name), "{name}");
        }
    }
}

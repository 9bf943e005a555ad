//! Steps do on the wire what they say.

use std::cell::OnceCell;
use std::time::Duration;

use nack_codec::{QoS, Version};
use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::{Scenario, ScenarioFile, Step};
use tokio::time::timeout;

use crate::peer::{Hello, Peer};

fn step(json: &str) -> Step {
    serde_json::from_str(json).unwrap()
}

/// A broker with the rules of these steps.
fn staged(json: &str) -> MockBroker {
    let scenario: Scenario = serde_json::from_str(json).unwrap();
    let broker = MockBroker::in_memory();
    for rule in scenario.rules().unwrap() {
        rule.mount(&broker).forget();
    }
    broker
}

#[track_caller]
fn refused(json: &str) -> String {
    step(json).rule().unwrap_err().to_string()
}

#[tokio::test]
async fn a_reply_is_sent_instead_of_the_usual_answer() {
    let broker = staged(
        r#"{ "step": [{
            "name": "quota",
            "on": { "packet": "publish", "topic": "plant/#", "qos": 1, "nth": 2 },
            "reply": {
                "packet": "PUBACK",
                "reason": "quota-exceeded",
                "properties": { "reason_string": "full", "user_property": { "a": "b" } }
            },
            "expect": 1
        }] }"#,
    );
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "plant/1", "").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    peer.publish(QoS::AtLeastOnce, 2, "plant/2", "").await;
    peer.expects(b"\x40\x12\x00\x02\x97\x0E\x1F\x00\x04full\x26\x00\x01a\x00\x01b")
        .await;
    assert!(broker.verify().is_ok());
}

#[tokio::test]
async fn a_name_is_said_in_the_words_of_the_version_and_a_number_is_not() {
    let connack = |reason| {
        format!(
            r#"{{ "step": [{{
                "on": {{ "packet": "CONNECT" }},
                "reply": {{ "packet": "CONNACK", "reason": {reason} }}
            }}] }}"#
        )
    };
    for (reason, wire) in [("\"Not authorized\"", 5), ("135", 0x87), ("\"0x06\"", 6)] {
        let broker = staged(&connack(reason));
        let mut peer = Peer::stranger(&broker, Version::V311);
        peer.hello(Hello::default()).await;
        peer.expects(&[0x20, 2, 0, wire]).await;
        peer.expects_end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_driven_happens_in_its_order() {
    let broker = staged(
        r#"{ "step": [{
            "on": { "packet": "PINGREQ" },
            "drive": [
                { "delay_ms": 3600000 },
                { "send_hex": "d0 00" },
                { "reply": { "packet": "PUBLISH", "topic": "t", "payload": { "hex": "ff" }, "repeat": 2 } },
                { "close": "fin" }
            ]
        }] }"#,
    );
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\x30\x04\x00\x01t\xFF").await;
    peer.expects(b"\x30\x04\x00\x01t\xFF").await;
    peer.expects_end().await;
    assert!(broker.journal().iter().last().unwrap().at() >= Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_written_together_with_the_next_one() {
    let broker = staged(
        r#"{ "step": [{
            "on": { "packet": "PINGREQ", "nth": 1 }, "drive": { "coalesce": true }
        }] }"#,
    );
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    let early = timeout(Duration::from_secs(9), peer.receive()).await;
    assert!(early.is_err());
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects(b"\xD0\x00").await;
    peer.expects_nothing().await;
}

#[test]
fn what_is_written_together_is_a_number_or_true() {
    let drive = |coalesce: &str| {
        let json = format!(
            r#"{{ "on": {{ "packet": "PINGREQ" }}, "drive": {{ "coalesce": {coalesce} }} }}"#
        );
        serde_json::from_str::<Step>(&json)
    };
    for word in ["true", "3"] {
        let step = drive(word).unwrap();
        assert!(serde_json::to_string(&step).unwrap().contains(word));
        assert!(step.rule().is_ok());
    }
    for word in ["false", "-1", "1.5", "\"2\"", "[2]"] {
        let error = drive(word).unwrap_err().to_string();
        assert!(error.contains("a number of packets, or true"), "{error}");
    }
}

#[test]
fn a_number_that_would_do_nothing_is_refused() {
    for (drive, key) in [
        (r#""coalesce": 0"#, "coalesce"),
        (r#""split": 0"#, "split"),
        (r#""split": [0]"#, "split"),
        (r#""split": [2, 0]"#, "split"),
        (r#""copies": 0"#, "copies"),
        (r#""pace": { "bytes_per_s": 0 }"#, "bytes_per_s"),
    ] {
        let json = format!(r#"{{ "on": {{ "packet": "PINGREQ" }}, "drive": {{ {drive} }} }}"#);
        assert_eq!(refused(&json), format!("`{key}` must be 1 or more"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_alone_delays_the_usual_answer() {
    let broker =
        staged(r#"{ "step": [{ "on": { "packet": "PINGREQ" }, "drive": { "delay_ms": 5000 } }] }"#);
    let mut peer = Peer::connected(&broker, Version::V311, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    assert!(broker.journal().iter().last().unwrap().at() >= Duration::from_secs(5));
}

#[tokio::test]
async fn clients_of_another_version_are_answered_as_usual() {
    let broker = staged(
        r#"{ "versions": [5], "step": [{
            "on": { "packet": "PUBLISH" },
            "drive": { "hold": true },
            "expect": "any"
        }] }"#,
    );
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    old.publish(QoS::AtLeastOnce, 1, "t", "").await;
    old.expects(b"\x40\x02\x00\x01").await;
    let mut new = Peer::connected(&broker, Version::V5, "new").await;
    new.publish(QoS::AtLeastOnce, 1, "t", "").await;
    new.expects_nothing().await;
}

#[tokio::test]
async fn properties_are_asked_for_by_name_and_value() {
    let broker = staged(
        r#"{ "step": [{
            "on": {
                "packet": "CONNECT",
                "properties": { "receive_maximum": 3 },
                "lacks": "topic_alias_maximum"
            },
            "reply": { "packet": "CONNACK", "reason": 137 },
            "expect": 0
        }] }"#,
    );
    let mut peer = Peer::stranger(&broker, Version::V5);
    let hello = Hello {
        properties: &[
            nack_codec::Property::ReceiveMaximum(3),
            nack_codec::Property::TopicAliasMaximum(1),
        ],
        ..Hello::default()
    };
    peer.hello(hello).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    assert!(broker.verify().is_ok());
}

#[tokio::test]
async fn a_step_that_is_never_hit_fails_unless_it_says_otherwise() {
    let broker = staged(r#"{ "step": [{ "name": "a", "on": { "packet": "AUTH" } }] }"#);
    let unmet = broker.verify().unwrap_err();
    assert_eq!(unmet.rules().collect::<Vec<_>>(), ["a"]);
    let broker = staged(r#"{ "step": [{ "on": { "packet": "AUTH" }, "expect": "any" }] }"#);
    assert!(broker.verify().is_ok());
}

const FORBID: &str = r#"{ "step": [
    {
        "on": { "packet": "PUBLISH", "qos": 2, "nth": 2 },
        "reply": { "packet": "PUBREC", "reason": "not-authorized" }
    },
    { "name": "no PUBREL", "forbid": { "packet": "PUBREL", "for_ms": 300 } }
] }"#;

#[tokio::test(start_paused = true)]
async fn a_forbidden_packet_is_allowed_before_the_step_and_after_its_time() {
    let broker = staged(FORBID);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "").await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.expects(b"\x70\x02\x00\x01").await;
    peer.publish(QoS::ExactlyOnce, 2, "t", "").await;
    peer.expects(b"\x50\x03\x00\x02\x87").await;
    tokio::time::advance(Duration::from_millis(301)).await;
    peer.send_bytes(b"\x62\x02\x00\x01").await;
    peer.receive().await;
    assert!(broker.verify().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_packet_is_told_with_what_came() {
    let broker = staged(FORBID);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::ExactlyOnce, 1, "t", "").await;
    peer.expects(b"\x50\x02\x00\x01").await;
    peer.publish(QoS::ExactlyOnce, 2, "t", "").await;
    peer.expects(b"\x50\x03\x00\x02\x87").await;
    peer.send_bytes(b"\x62\x02\x00\x02").await;
    peer.receive().await;
    tokio::time::advance(Duration::from_secs(1)).await;
    insta::assert_snapshot!(broker.verify().unwrap_err());
}

#[test]
fn a_rule_made_of_data_can_be_read_again() {
    let step = step(
        r#"{ "on": { "packet": "PUBLISH", "properties": { "user_property": { "a": "b" } } },
             "reply": { "packet": "PUBACK", "reason": "not authorized" }, "expect": "1.." }"#,
    );
    let rule = step.rule().unwrap();
    let json = serde_json::to_string(rule.step().unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"on":{"packet":"PUBLISH","properties":{"user_property":[["a","b"]]}},"reply":{"packet":"PUBACK","reason":"not-authorized"},"expect":"1.."}"#
    );
    assert_eq!(self::step(&json), step);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do_instead() {
    let steps = [
        r#"{}"#,
        r#"{ "client": { "cmd": "publish" } }"#,
        r#"{ "on": { "packet": "SUBACK" } }"#,
        r#"{ "on": { "packet": "PUBLISH", "for_ms": 1 } }"#,
        r#"{ "on": { "packet": "PUBLISH", "nth": 0 } }"#,
        r#"{ "on": { "packet": "PUBLISH", "topic": "a/#/b" } }"#,
        r#"{ "on": {}, "forbid": {} }"#,
        r#"{ "on": {}, "reply": { "packet": "CONNECT" } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBLISH" } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBACK", "session_present": true } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBACK", "by_filter": { "a": 0 } } }"#,
        r#"{ "on": {}, "reply": { "packet": "SUBACK", "reason": 0, "by_filter": { "a": 0 } } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBLISH", "topic": "t", "qos": 3 } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBACK" }, "drive": { "hold": true } }"#,
        r#"{ "on": {}, "reply": { "packet": "PUBACK" }, "drive": [{}, {}] }"#,
    ]
    .map(|json| format!("{json}\n    {}", refused(json)));
    insta::assert_snapshot!(steps.join("\n"));
}

#[test]
fn what_does_nothing_or_can_never_be_is_refused_with_its_key() {
    for (json, told) in [
        (
            r#"{ "on": { "packet": "PINGREQ" }, "drive": {} }"#,
            "this does nothing",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ" }, "drive": [{ "close": "fin" }, {}] }"#,
            "this does nothing",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ" }, "times": 0 }"#,
            "`times` must be 1 or more",
        ),
        (
            r#"{ "on": { "packet": "CONNECT", "topic": "a" } }"#,
            "`topic` has no place in CONNECT",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ", "qos": 1 } }"#,
            "`qos` has no place in PINGREQ",
        ),
        (
            r#"{ "on": { "packet": "CONNECT", "packet_id": 1 } }"#,
            "`packet_id` has no place in CONNECT",
        ),
        (
            r#"{ "on": { "packet": "SUBSCRIBE" }, "forbid": { "packet": "PUBLISH" } }"#,
            "`forbid` only watches",
        ),
        (
            r#"{ "forbid": { "packet": "PUBLISH", "will": true } }"#,
            "`will` has no place in PUBLISH",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ" }, "drive": { "hold": true, "as_usual": true } }"#,
            "`hold` never answers, and `as_usual` beside it does",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ" }, "drive": { "hold": true, "send_hex": "00" } }"#,
            "`hold` never answers, and `send_hex` beside it does",
        ),
        (
            r#"{ "on": { "packet": "PINGREQ" }, "drive": { "hold": true, "copies": 2 } }"#,
            "`copies` changes what is sent, and `hold` sends nothing",
        ),
    ] {
        let error = refused(json);
        assert!(error.contains(told), "{json}: {error}");
    }
}

#[test]
fn a_listener_or_a_limit_that_cannot_be_is_refused_where_it_stands() {
    for (table, told) in [
        (
            "[[listen]]\nwebsocket = { messages_of = 0 }",
            "`messages_of` must be 1 or more",
        ),
        (
            "[[listen]]\nwebsocket = { fragments_of = 0 }",
            "`fragments_of` must be 1 or more",
        ),
        (
            "[[listen]]\nwebsocket = { status = 0 }",
            "`status` must be 100 to 999",
        ),
        (
            "[[listen]]\nwebsocket = { status = 99 }",
            "`status` must be 100 to 999",
        ),
        (
            "[[listen]]\nwebsocket = { status = 1000 }",
            "`status` must be 100 to 999",
        ),
        (
            "[base.limits]\nreceive_maximum = 0",
            "`receive_maximum` must be 1 or more",
        ),
        (
            "[base.limits]\nmaximum_packet_size = 0",
            "`maximum_packet_size` must be 1 or more",
        ),
    ] {
        let file = ScenarioFile::parse("a.toml", table).unwrap();
        let base = file.apply_base(MockBroker::builder()).map(drop);
        let error = base
            .and_then(|()| file.listeners(&OnceCell::new()).map(drop))
            .unwrap_err()
            .to_string();
        assert!(error.contains(told), "{table}: {error}");
        assert!(error.contains("a.toml:2"), "{table}: {error}");
    }
}

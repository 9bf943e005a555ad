//! One conversation with the broker from outside, held in process and over HTTP.

use nack_codec::{QoS, Version};
use nack_mock_broker::control::{
    Control, ControlError, ControlServer, Injection, JournalQuery, Listening, Local, Remote,
};
use nack_mock_broker::json::{DecodedPacket, EntryEvent};
use nack_mock_broker::scenario::Step;
use nack_mock_broker::{Entry, MockBroker, Rule, Target, action, matcher};
use serde_json::{Value, json};

use crate::peer::Peer;

fn step(value: Value) -> Step {
    serde_json::from_value(value).unwrap()
}

fn what(value: Value) -> Injection {
    serde_json::from_value(value).unwrap()
}

fn quota() -> Step {
    step(json!({
        "name": "quota",
        "on": { "packet": "PUBLISH", "topic": "sensors/#" },
        "reply": { "packet": "PUBACK", "reason": 0x97, "properties": { "reason_string": "over quota" } },
        "expect": 1,
    }))
}

/// Runs a test with both adapters, each with a broker of its own.
macro_rules! both {
    ($($name:ident)*) => {
        mod local {
            $(
                #[tokio::test]
                async fn $name() {
                    let broker = super::MockBroker::in_memory();
                    let control = super::Local::new(&broker);
                    super::$name(&broker, &control).await;
                }
            )*
        }

        mod remote {
            $(
                #[tokio::test]
                async fn $name() {
                    let broker = super::MockBroker::in_memory();
                    let local = super::Local::new(&broker);
                    let address = "127.0.0.1:0".parse().unwrap();
                    let server = super::ControlServer::start(local, address, None).await.unwrap();
                    let control = super::Remote::new(&server.url(), None).unwrap();
                    super::$name(&broker, &control).await;
                }
            )*
        }
    };
}

both! {
    what_would_do_nothing_is_refused
    a_rule_is_added_hit_and_removed
    rules_that_rust_code_mounted_are_seen_and_ended
    what_is_no_rule_is_refused_with_the_reason
    clients_are_seen_and_sent_to
    bytes_and_a_reset_are_injected
    the_broker_stops_listening_and_listens_again
    the_journal_is_read_in_parts_and_waited_for
    what_was_expected_is_verified
    a_reset_leaves_nothing_behind
    the_journal_comes_as_a_capture_file
}

async fn a_rule_is_added_hit_and_removed(broker: &MockBroker, control: &impl Control) {
    let added = control.add_rule(quota()).await.unwrap();
    assert_eq!(
        (added.id, added.title.as_str(), added.hits),
        (1, "quota", 0)
    );
    assert_eq!(added.expected.as_deref(), Some("once"));
    assert_eq!(added.step.as_deref(), Some(&quota()));
    assert_eq!(control.rules().await.unwrap(), [added]);

    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    peer.publish(QoS::AtLeastOnce, 1, "sensors/1", "m").await;
    peer.expects(b"\x40\x11\x00\x01\x97\x0D\x1F\x00\x0Aover quota")
        .await;
    assert_eq!(control.rule(1).await.unwrap().hits, 1);

    control.remove_rule(1).await.unwrap();
    peer.publish(QoS::AtLeastOnce, 2, "sensors/1", "m").await;
    peer.expects(b"\x40\x02\x00\x02").await;
    assert_eq!(control.rules().await.unwrap(), []);
    for gone in [
        control.rule(1).await.err(),
        control.remove_rule(1).await.err(),
    ] {
        assert!(
            matches!(gone, Some(ControlError::NoSuchRule { id: 1 })),
            "{gone:?}"
        );
    }
    // What was expected of it has come to pass before it ended.
    assert!(control.verify().await.unwrap().met);
}

async fn rules_that_rust_code_mounted_are_seen_and_ended(
    broker: &MockBroker,
    control: &impl Control,
) {
    let guard = Rule::given(matcher::pingreq())
        .then(action::no_answer())
        .expect(0)
        .mount(broker);
    Rule::given(matcher::connect())
        .times(3)
        .named("watch")
        .mount(broker)
        .forget();
    let rules = control.rules().await.unwrap();
    assert_eq!((rules[0].id, rules[0].title.as_str()), (1, "PINGREQ"));
    assert_eq!((rules[1].times, &rules[1].step), (Some(3), &None));

    control.remove_rules().await.unwrap();
    assert_eq!(control.rules().await.unwrap(), []);
    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    peer.expects_nothing().await;
    drop(guard);
}

async fn what_is_no_rule_is_refused_with_the_reason(_: &MockBroker, control: &impl Control) {
    let nothing = control.add_rule(Step::default()).await.unwrap_err();
    insta::allow_duplicates! {
        insta::assert_snapshot!(nothing, @"a step needs `on`, which packet it is about, or `forbid`");
    }
    assert!(
        matches!(nothing, ControlError::BadStep { .. }),
        "{nothing:?}"
    );
}

async fn clients_are_seen_and_sent_to(broker: &MockBroker, control: &impl Control) {
    let mut first = Peer::connected(broker, Version::V5, "a/b ü?").await;
    let mut second = Peer::connected(broker, Version::V311, "second").await;
    let clients = control.clients().await.unwrap();
    let seen: Vec<_> = clients
        .iter()
        .map(|it| {
            (
                it.connection,
                it.client_id.as_deref(),
                it.version.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, Some("a/b ü?"), Some("5.0")),
            (2, Some("second"), Some("3.1.1"))
        ]
    );
    assert_eq!(control.health().await.unwrap().connections, 2);

    let message = what(json!({ "reply": { "packet": "PUBLISH", "topic": "t", "payload": "m" } }));
    control.send(2.into(), message).await.unwrap();
    second.expects(b"\x30\x04\x00\x01tm").await;
    let goodbye = what(json!({ "reply": { "packet": "DISCONNECT", "reason": 0x98 } }));
    control
        .send("a/b ü?".into(), goodbye.clone())
        .await
        .unwrap();
    first.expects(b"\xE0\x01\x98").await;
    first.expects_end().await;

    broker.wait_for_close(1).await;
    for target in [Target::from(1), Target::from("nobody")] {
        let error = control
            .send(target.clone(), goodbye.clone())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), format!("{target} is not connected"));
        assert!(matches!(error, ControlError::NotConnected(_)), "{error:?}");
    }
}

async fn bytes_and_a_reset_are_injected(broker: &MockBroker, control: &impl Control) {
    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    let both = what(json!([{ "send_hex": "FF FF" }, { "close": "rst" }]));
    control.send("c1".into(), both).await.unwrap();
    peer.expects_bytes(b"\xFF\xFF").await;
    let closed = broker.wait_for_close(1).await;
    assert_eq!(closed.to_string(), "← #1 reset");

    let wrong = what(json!({ "reply": { "packet": "PUBLISH" } }));
    let error = control.send("c1".into(), wrong).await.unwrap_err();
    assert!(matches!(error, ControlError::BadStep { .. }), "{error:?}");
}

async fn the_broker_stops_listening_and_listens_again(broker: &MockBroker, control: &impl Control) {
    control.set_listening(Listening::OFF).await.unwrap();
    assert!(!broker.is_listening());
    assert!(!control.health().await.unwrap().listening);
    let page = control.journal(JournalQuery::since(0)).await.unwrap();
    let entry = &page.entries[0];
    assert_eq!(
        (entry.connection, entry.text.as_str()),
        (0, "no longer listens")
    );
    control.set_listening(Listening::ON).await.unwrap();
    assert!(broker.is_listening());

    control
        .set_listening(Listening::off_for_ms(1))
        .await
        .unwrap();
    let again = |entry: &Entry| entry.number() > 1 && entry.note() == Some("listens again");
    broker.wait_for_entry(again).await;
    assert!(control.health().await.unwrap().listening);

    let mut nonsense = Listening::ON;
    nonsense.for_ms = Some(1);
    let error = control.set_listening(nonsense).await.unwrap_err();
    assert!(matches!(error, ControlError::BadStep { .. }), "{error:?}");

    control.set_listening(Listening::OFF).await.unwrap();
    control.reset().await.unwrap();
    assert!(broker.is_listening());
}

async fn the_journal_is_read_in_parts_and_waited_for(broker: &MockBroker, control: &impl Control) {
    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    let query = JournalQuery::since(0).limit(2);
    let page = control.journal(query).await.unwrap();
    assert_eq!((page.next, page.more, page.forgotten), (2, true, 0));
    assert_eq!(page.entries[0].kind, EntryEvent::Opened);
    assert!(matches!(
        page.entries[1].packet,
        Some(DecodedPacket::Connect { .. })
    ));
    let page = control.journal(JournalQuery::since(2)).await.unwrap();
    assert_eq!((page.next, page.more, page.entries.len()), (3, false, 1));

    // Nothing is there yet, and the wait ends as soon as there is.
    let waits = control.journal(JournalQuery::since(3).wait_ms(60_000));
    let comes = peer.publish(QoS::AtMostOnce, 0, "late", "m");
    let (page, ()) = tokio::join!(waits, comes);
    assert_eq!(
        page.unwrap().entries[0].text,
        "PUBLISH qos=0 topic=\"late\" 1 byte"
    );

    // Who is ahead of the journal is told where it is, and does not wait.
    let ahead = JournalQuery::since(u64::MAX).wait_ms(60_000);
    let page = control.journal(ahead).await.unwrap();
    assert_eq!((page.next, page.entries.len()), (4, 0));
}

async fn what_was_expected_is_verified(_: &MockBroker, control: &impl Control) {
    assert!(control.verify().await.unwrap().met);
    control.add_rule(quota()).await.unwrap();
    let verification = control.verify().await.unwrap();
    assert!(!verification.met);
    let failure = &verification.failures[0];
    assert_eq!(failure.rule.as_deref(), Some("quota"));
    assert_eq!(failure.what, "expected once, came not at all");
    assert!(
        verification.text.starts_with("rule quota: expected once"),
        "{}",
        verification.text
    );

    // A rule that has ended is verified all the same, and one that was reset away is not.
    control.remove_rule(1).await.unwrap();
    assert!(!control.verify().await.unwrap().met);
    control.reset().await.unwrap();
    assert!(control.verify().await.unwrap().met);
}

async fn a_reset_leaves_nothing_behind(broker: &MockBroker, control: &impl Control) {
    control.add_rule(quota()).await.unwrap();
    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    // RETAIN, so that there would be something to be remembered.
    peer.send_bytes(b"\x31\x05\x00\x01t\x00m").await;
    broker.wait_for(matcher::publish()).await;
    let before = control.health().await.unwrap();

    control.reset().await.unwrap();
    let after = control.health().await.unwrap();
    assert_eq!((after.connections, after.rules), (0, 0));
    assert!(after.journal_next > before.journal_next, "{after:?}");
    assert_eq!(broker.journal().len(), 0);
    assert_eq!(broker.journal().forgotten(), 0);
    // Who waits for what is gone is told so.
    let gone = control
        .journal(JournalQuery::since(0).wait_ms(60_000))
        .await
        .unwrap();
    assert_eq!(
        (gone.forgotten, gone.next),
        (after.journal_next, after.journal_next)
    );
    peer.expects_end().await;

    let mut peer = Peer::connected(broker, Version::V5, "c1").await;
    let first_of_client = matcher::connect().connection_of_client(1);
    assert_eq!(broker.journal().matching(first_of_client).count(), 1);
    peer.subscribe("#", QoS::AtMostOnce).await;
    peer.expects_nothing().await;
    let first = control.journal(JournalQuery::since(0)).await.unwrap();
    assert_eq!(first.entries[0].connection, 2);
    let next = control.add_rule(step(
        json!({ "on": { "packet": "PINGREQ" }, "expect": "any" }),
    ));
    assert_eq!(next.await.unwrap().id, 2);
}

async fn the_journal_comes_as_a_capture_file(broker: &MockBroker, control: &impl Control) {
    let _peer = Peer::connected(broker, Version::V5, "c1").await;
    let capture = control.capture().await.unwrap();
    assert!(capture.starts_with(b"\x0A\x0D\x0D\x0A"));
    // The client identifier of the CONNECT.
    assert!(capture.windows(4).any(|window| window == b"\x00\x02c1"));
}

async fn what_would_do_nothing_is_refused(broker: &MockBroker, control: &impl Control) {
    let _peer = Peer::connected(broker, Version::V5, "c").await;
    for (drive, told) in [
        (json!({}), "does nothing"),
        (json!([]), "does nothing"),
        (json!([{ "delay_ms": 1 }, {}]), "does nothing"),
        (json!({ "as_usual": true }), "`as_usual` has no place"),
        (json!({ "hold": true }), "`hold` has no place"),
        (
            json!([{ "close": "fin" }, { "hold": true }]),
            "`hold` has no place",
        ),
        (
            json!({ "mutate": { "flags": 1 } }),
            "`mutate` changes what is sent, and nothing is",
        ),
        (
            json!({ "copies": 2 }),
            "`copies` changes what is sent, and nothing is",
        ),
        (
            json!({ "hold_back": true }),
            "`hold_back` changes what is sent, and nothing is",
        ),
    ] {
        let sent = control
            .send(Target::Connection(1), what(drive.clone()))
            .await;
        let Err(ControlError::BadStep { detail }) = sent else {
            panic!("{drive}: {sent:?}");
        };
        assert!(detail.contains(told), "{drive}: {detail}");
    }
    let fault = what(json!({ "stop_reading": true }));
    control.send(Target::Connection(1), fault).await.unwrap();
}

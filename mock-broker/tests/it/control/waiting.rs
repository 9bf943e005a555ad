//! What is sent from outside to a client that does not read: as much as may wait, and no more.

use nack_codec::Version;
use nack_mock_broker::control::{Control, ControlError, ControlServer, Injection, Local, Remote};
use nack_mock_broker::{MockBroker, SendError, action};
use serde_json::{Value, json};

use super::http::ask;
use crate::peer::Peer;

const MEBIBYTE: usize = 1024 * 1024;

fn what(value: Value) -> Injection {
    serde_json::from_value(value).unwrap()
}

/// More than is written before the client reads.
fn fill() -> action::Answer<action::Publish> {
    action::publish("fill", vec![b'x'; MEBIBYTE / 2])
}

#[tokio::test]
async fn what_waits_is_bounded_by_its_number() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    broker.send("c", fill()).await.unwrap();
    for _ in 0..10_000 {
        broker.send("c", action::pingresp()).await.unwrap();
    }
    let refused = broker.send("c", action::pingresp()).await.unwrap_err();
    assert!(matches!(refused, SendError::TooMuchWaits(_)), "{refused:?}");
    let text = "too much waits to be sent to client \"c\" already: have it read first";
    assert_eq!(refused.to_string(), text);
    let journal = broker.journal().to_string();
    assert!(
        journal.contains("← #1 a command is not done, as too much waits"),
        "{journal}"
    );
    // What came before is all sent, and then there is room again.
    assert!(peer.receive().await.ends_with(b"xx"));
    for _ in 0..10_000 {
        peer.expects(b"\xD0\x00").await;
    }
    peer.expects_nothing().await;
    broker.send("c", action::pingresp()).await.unwrap();
    peer.expects(b"\xD0\x00").await;
}

#[tokio::test]
async fn what_waits_is_bounded_by_its_bytes() {
    let broker = MockBroker::in_memory();
    let _deaf = Peer::connected(&broker, Version::V5, "c").await;
    broker.send("c", fill()).await.unwrap();
    let large = || action::publish("t", vec![b'x'; MEBIBYTE]);
    for _ in 0..64 {
        broker.send("c", large()).await.unwrap();
    }
    let refused = broker.send("c", large()).await.unwrap_err();
    assert!(matches!(refused, SendError::TooMuchWaits(_)), "{refused:?}");
    // Another client has all the room that there is.
    let mut other = Peer::connected(&broker, Version::V5, "other").await;
    broker.send("other", large()).await.unwrap();
    assert!(other.receive().await.ends_with(b"xx"));
    // What sends nothing is done, or else nobody could end this.
    broker.send("c", action::heal()).await.unwrap();
    broker.send("c", action::close()).await.unwrap();
    broker.wait_for_close(1).await;
}

#[tokio::test]
async fn what_waits_for_its_time_is_bounded_and_what_does_not_is_sent() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let late = || what(json!([{ "delay_ms": 3_600_000 }, { "send_hex": "D0 00" }]));
    for _ in 0..10_000 {
        control.send("c".into(), late()).await.unwrap();
    }
    let refused = control.send("c".into(), late()).await.unwrap_err();
    assert!(
        matches!(refused, ControlError::TooMuchWaits(_)),
        "{refused:?}"
    );
    broker.send("c", action::pingresp()).await.unwrap();
    peer.expects(b"\xD0\x00").await;
}

#[tokio::test]
async fn steps_that_send_little_are_counted_too() {
    let broker = MockBroker::in_memory();
    let control = Local::new(&broker);
    let _peer = Peer::connected(&broker, Version::V5, "c").await;
    let steps = vec![json!({ "delay_ms": 3_600_000, "send_hex": "00" }); 25_000];
    let mut sent = 0;
    let refused = loop {
        match control.send("c".into(), what(json!(steps))).await {
            Ok(()) => sent += 1,
            Err(refused) => break refused,
        }
        assert!(sent < 100, "{sent}");
    };
    assert!(
        matches!(refused, ControlError::TooMuchWaits(_)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn who_asks_over_http_is_told() {
    let broker = MockBroker::in_memory();
    let address = "127.0.0.1:0".parse().unwrap();
    let server = ControlServer::start(Local::new(&broker), address, None)
        .await
        .unwrap();
    let _deaf = Peer::connected(&broker, Version::V5, "c").await;
    broker.send("c", fill()).await.unwrap();
    let large = action::publish("t", vec![b'x'; 64 * MEBIBYTE]);
    broker.send("c", large).await.unwrap();
    let ping = json!({ "reply": { "packet": "PINGRESP" } });
    let answer = ask(server.address(), "POST /clients/c/send", &ping.to_string()).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("too-much-waits"))
    );
    let remote = Remote::new(&server.url(), None).unwrap();
    let refused = remote.send(1.into(), what(ping)).await.unwrap_err();
    assert!(
        matches!(refused, ControlError::TooMuchWaits(_)),
        "{refused:?}"
    );
    let text = "too much waits to be sent to connection 1 already: have it read first";
    assert_eq!(refused.to_string(), text);
}

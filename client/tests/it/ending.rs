//! How a connection ends, who is told, and with which cause.

use std::time::Duration;

use nack_client::{
    Client, ConnectionLost, Delivery, Disconnect, DisconnectError, DisconnectReason, Invalid,
    Options, Publish, PublishError, Retry, SubscribeError, UnsubscribeError, Version, Violation,
};
use nack_mock_broker::action::Action;
use nack_mock_broker::{MockBroker, Rule, action, matcher};

use crate::fixture::{
    SETTLES, at_least_once, connected, connected_to_test, connected_with, drop_after, options,
    settled, soon,
};

/// Has all kinds of operations pend, ends the connection in this way, and gives back what all of
/// them were told, which is the same.
async fn ended_by(end: impl Into<Action> + Send) -> ConnectionLost {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("stream").await.unwrap();
    Rule::given(matcher::any_packet())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let end = async {
        broker.wait_for(matcher::publish()).await;
        broker.wait_for(matcher::subscribe().filter("a")).await;
        broker.wait_for(matcher::unsubscribe()).await;
        broker.send(1, end).await.unwrap();
    };
    let (publish, subscribe, unsubscribe, message, closed, ()) = soon(async {
        tokio::join!(
            client.publish(at_least_once("a", "m")),
            client.subscribe("a"),
            client.unsubscribe("a"),
            messages.recv(),
            client.closed(),
            end,
        )
    })
    .await;
    let PublishError::ConnectionLost {
        cause: of_publish,
        delivery: Delivery::Unknown,
    } = publish.unwrap_err()
    else {
        panic!("it was lost");
    };
    let SubscribeError::ConnectionLost(of_subscribe) = subscribe.unwrap_err() else {
        panic!("it was lost");
    };
    let UnsubscribeError::ConnectionLost(of_unsubscribe) = unsubscribe.unwrap_err() else {
        panic!("it was lost");
    };
    let of_messages = message.unwrap().unwrap_err();
    assert!(messages.recv().await.is_none());
    assert!(!client.is_connected());
    let later = client.publish(at_least_once("a", "m")).await.unwrap_err();
    let PublishError::ConnectionLost {
        cause: of_later,
        delivery: Delivery::NotSent,
    } = later
    else {
        panic!("{later:?}");
    };
    for cause in [
        of_publish,
        of_subscribe,
        of_unsubscribe,
        of_messages,
        of_later,
    ] {
        assert_eq!(format!("{cause:?}"), format!("{closed:?}"));
    }
    // Whoever was told can connect again at once.
    let other = MockBroker::in_memory();
    soon(client.connect_over(other.connect())).await.unwrap();
    client.publish(at_least_once("a", "m")).await.unwrap();
    closed
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_reaches_everybody() {
    let cause = ended_by(action::close()).await;
    assert!(matches!(cause, ConnectionLost::Eof), "{cause:?}");
    assert_eq!(cause.retry(), Retry::Reconnect);
}

#[tokio::test(start_paused = true)]
async fn a_reset_reaches_everybody() {
    let cause = ended_by(action::reset()).await;
    assert_eq!(cause.retry(), Retry::Reconnect);
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_reaches_everybody() {
    let cause = ended_by(action::disconnect(0x8E)).await;
    let ConnectionLost::ByServer(disconnect) = &cause else {
        panic!("{cause:?}");
    };
    assert_eq!(disconnect.reason(), DisconnectReason::SessionTakenOver);
}

#[tokio::test(start_paused = true)]
async fn a_violation_reaches_everybody() {
    let cause = ended_by(action::connack(0)).await;
    assert!(
        matches!(
            cause,
            ConnectionLost::Protocol {
                violation: Violation::SecondConnack,
                ..
            }
        ),
        "{cause:?}"
    );
    assert_eq!(cause.retry(), Retry::Never);
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_broke_has_its_statement_in_the_version_that_was_spoken() {
    let twice = || action::connack(0);
    for (version, action, expected) in [
        (Version::V311, twice().into(), Some("MQTT-3.2.0-1")),
        (Version::V5, twice().into(), Some("MQTT-3.2.0-2")),
        (
            Version::V5,
            action::raw(b"\x36\x03\x00\x01a"),
            Some("MQTT-3.3.1-4"),
        ),
        (Version::V5, action::close(), None),
    ] {
        let broker = MockBroker::in_memory();
        let client = connected_with(&broker, options().version(version)).await;
        broker.send(1, action).await.unwrap();
        let cause = soon(client.closed()).await;
        assert_eq!(cause.statement(), expected, "{cause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_bytes_reach_everybody() {
    let cause = ended_by(action::raw([0xF0, 0x80, 0x80, 0x80, 0x80])).await;
    assert!(matches!(cause, ConnectionLost::Decode(_)), "{cause:?}");
}

#[tokio::test]
async fn a_reset_of_tcp_is_an_io_error() {
    let broker = MockBroker::start().await.unwrap();
    let client = Client::new(Options::new(broker.address().to_string()));
    client.connect().await.unwrap();
    Rule::given(matcher::publish())
        .then(action::reset())
        .mount(&broker)
        .forget();
    let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
    let PublishError::ConnectionLost { cause, .. } = error else {
        panic!("{error:?}");
    };
    let ConnectionLost::Io(error) = cause else {
        panic!("{cause:?}");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    client.connect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_when_the_caller_disconnects_is_told_so() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    let (publish, disconnect, message, closed) = soon(async {
        tokio::join!(
            client.publish(at_least_once("a", "m")),
            client.disconnect(),
            messages.recv(),
            client.closed(),
        )
    })
    .await;
    disconnect.unwrap();
    let error = publish.unwrap_err();
    assert!(matches!(
        error,
        PublishError::ConnectionLost {
            cause: ConnectionLost::ByClient,
            // It was asked for before DISCONNECT was, and so is written.
            delivery: Delivery::Unknown,
        }
    ));
    assert!(message.is_none());
    assert!(matches!(closed, ConnectionLost::ByClient));
    broker.wait_for(matcher::publish()).await;
    let again = client.disconnect().await.unwrap_err();
    assert!(matches!(again, DisconnectError::NotConnected));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_behind_a_disconnect_is_not_sent() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let (disconnect, publish, subscribe, again) = tokio::join!(
        client.disconnect(),
        client.publish(at_least_once("a", "m")),
        client.subscribe("a"),
        client.disconnect(),
    );
    disconnect.unwrap();
    assert_eq!(publish.unwrap_err().delivery(), Delivery::NotSent);
    subscribe.unwrap_err();
    assert!(matches!(again.unwrap_err(), DisconnectError::NotConnected));
    assert_eq!(broker.journal().matching(matcher::publish()).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_reason_of_a_disconnect_is_sent() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let request =
        Disconnect::with(DisconnectReason::DisconnectWithWillMessage).reason_string("gone fishing");
    client.disconnect_with(request).await.unwrap();
    let entry = broker.wait_for(matcher::disconnect().reason(4)).await;
    let properties = entry.received().unwrap().properties().unwrap();
    assert_eq!(properties.reason_string(), Some("gone fishing"));
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_cannot_be_said_changes_nothing() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let request = Disconnect::with(DisconnectReason::ServerBusy);
    let error = client.disconnect_with(request).await.unwrap_err();
    assert!(matches!(
        error,
        DisconnectError::Invalid(Invalid::DisconnectReason { .. })
    ));
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_disconnects() {
    for version in [Version::V311, Version::V5] {
        let broker = MockBroker::in_memory();
        let client = connected_with(&broker, options().version(version)).await;
        let mut messages = client.subscribe("a").await.unwrap();
        let clone = client.clone();
        drop(client);
        settled().await;
        assert_eq!(broker.journal().matching(matcher::disconnect()).count(), 0);
        drop(clone);
        broker.wait_for(matcher::disconnect()).await;
        assert!(messages.recv().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_disconnect_disconnects_all_the_same() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    drop_after(1, SETTLES, client.disconnect()).await;
    broker.wait_for(matcher::disconnect()).await;
    assert!(!client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn closed_waits_for_a_connection_and_then_for_its_end() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    let watcher = tokio::spawn({
        let client = client.clone();
        async move { client.closed().await }
    });
    settled().await;
    client.connect_over(broker.connect()).await.unwrap();
    settled().await;
    assert!(!watcher.is_finished());
    client.disconnect().await.unwrap();
    assert!(matches!(watcher.await.unwrap(), ConnectionLost::ByClient));
    // And again, for the next one.
    client.connect_over(broker.connect()).await.unwrap();
    let watcher = tokio::spawn({
        let client = client.clone();
        async move { client.closed().await }
    });
    settled().await;
    assert!(!watcher.is_finished());
    broker.send(2, action::close()).await.unwrap();
    assert!(matches!(watcher.await.unwrap(), ConnectionLost::Eof));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stops_reading_does_not_hold_up_disconnect() {
    let broker = MockBroker::in_memory();
    let (client, _theirs) = connected_to_test(options()).await;
    let large = Publish::new("a", vec![0; 100_000]);
    let (publish, disconnect) =
        soon(async { tokio::join!(client.publish(large), client.disconnect()) }).await;
    let PublishError::ConnectionLost { delivery, .. } = publish.unwrap_err() else {
        panic!("it was lost");
    };
    assert_eq!(delivery, Delivery::Unknown);
    let DisconnectError::Timeout(timed_out) = disconnect.unwrap_err() else {
        panic!("DISCONNECT was never written");
    };
    assert_eq!(timed_out.after, Duration::from_secs(5));
    soon(client.connect_over(broker.connect())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stops_reading_is_found_out() {
    let (client, _theirs) = connected_to_test(options()).await;
    let large = Publish::new("a", vec![0; 100_000]);
    let (publish, cause) =
        soon(async { tokio::join!(client.publish(large), client.closed()) }).await;
    assert!(publish.unwrap_err().is_timeout());
    assert!(matches!(cause, ConnectionLost::KeepAlive(_)), "{cause:?}");
}

#[tokio::test(start_paused = true)]
async fn no_task_outlives_its_client() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    for round in 0..20 {
        let broker = MockBroker::in_memory();
        let client = connected_with(&broker, options().queue_capacity(1)).await;
        let messages = client.subscribe("a").await.unwrap();
        for _ in 0..3 {
            broker.send(1, action::publish("a", "m")).await.unwrap();
        }
        settled().await;
        match round % 4 {
            0 => client.disconnect().await.unwrap(),
            1 => broker.send(1, action::close()).await.unwrap(),
            2 => drop_after(1, 0, client.disconnect()).await.map_or((), drop),
            _ => {}
        }
        if round % 2 == 0 {
            drop(messages);
            drop(client);
        } else {
            drop(client);
            settled().await;
            drop(messages);
        }
        drop(broker);
    }
    let seconds = Duration::from_secs(20);
    tokio::time::advance(seconds).await;
    settled().await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

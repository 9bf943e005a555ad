//! Keep alive, and everything else that takes too long.

use std::time::Duration;

use nack_client::{
    ConnectionLost, Delivery, Operation, PublishError, QoS, Retry, SubscribeError, UnsubscribeError,
};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::time::{Instant, advance};

use crate::fixture::{at_least_once, connected, connected_with, options, settled, soon};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays() {
    let broker = MockBroker::builder().patience(1000 * SECOND).in_memory();
    let client = connected_with(&broker, options().keep_alive(20 * SECOND)).await;
    let pings = Rule::given(matcher::pingreq()).expect(30..).mount(&broker);
    pings.wait_until_satisfied().await;
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn keep_alive_can_be_turned_off() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().keep_alive(Duration::ZERO)).await;
    for _ in 0..100 {
        advance(1000 * SECOND).await;
        settled().await;
    }
    assert_eq!(broker.journal().matching(matcher::pingreq()).count(), 0);
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_reaches_all_that_is_pending() {
    let broker = MockBroker::in_memory();
    let options = options().keep_alive(20 * SECOND).ping_timeout(5 * SECOND);
    let client = connected_with(&broker, options).await;
    let mut messages = client.subscribe("a").await.unwrap();
    Rule::given(matcher::any_packet())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let (publish, subscribe, message, closed) = soon(async {
        tokio::join!(
            client.publish(at_least_once("a", "m")),
            client.subscribe("b"),
            messages.recv(),
            client.closed(),
        )
    })
    .await;
    let publish = publish.unwrap_err();
    assert_eq!(publish.delivery(), Delivery::Unknown);
    let PublishError::ConnectionLost { cause, .. } = publish else {
        panic!("{publish:?}");
    };
    let SubscribeError::ConnectionLost(of_subscribe) = subscribe.unwrap_err() else {
        panic!("it was lost");
    };
    let of_messages = message.unwrap().unwrap_err();
    for cause in [cause, of_subscribe, of_messages, closed] {
        let ConnectionLost::KeepAlive(timed_out) = cause else {
            panic!("{cause:?}");
        };
        assert_eq!(timed_out.operation, Operation::Ping);
        assert_eq!(timed_out.after, 5 * SECOND);
        assert_eq!(cause.retry(), Retry::Reconnect);
    }
    assert!(messages.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_a_time_out() {
    let broker = MockBroker::in_memory();
    for packet in [
        matcher::publish(),
        matcher::subscribe(),
        matcher::unsubscribe(),
    ] {
        Rule::given(packet)
            .then(action::no_answer())
            .mount(&broker)
            .forget();
    }
    let client = connected_with(&broker, options().operation_timeout(Some(3 * SECOND))).await;
    let begin = Instant::now();
    let (publish, subscribe, unsubscribe) = tokio::join!(
        client.publish(at_least_once("a", "m")),
        client.subscribe("a"),
        client.unsubscribe("a"),
    );
    assert_eq!(begin.elapsed().as_secs(), 3);
    let publish = publish.unwrap_err();
    assert!(publish.is_timeout());
    assert_eq!(publish.delivery(), Delivery::Unknown);
    assert_eq!(publish.retry(), Retry::Later);
    assert!(matches!(subscribe.unwrap_err(), SubscribeError::Timeout(_)));
    assert!(matches!(
        unsubscribe.unwrap_err(),
        UnsubscribeError::Timeout(_)
    ));
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_granted_too_late_is_ended_at_the_broker() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::subscribe())
        .then(action::delay(10 * SECOND))
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    let ended = Rule::given(matcher::unsubscribe().filter("a"))
        .expect(1)
        .mount(&broker);
    let client = connected_with(&broker, options().operation_timeout(Some(3 * SECOND))).await;
    let error = client.subscribe("a").await.unwrap_err();
    assert!(matches!(error, SubscribeError::Timeout(_)));
    ended.wait_until_satisfied().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_verdict_is_nobodys_and_frees_what_it_held() {
    let broker = MockBroker::in_memory();
    let one = action::connack(0).receive_maximum(1);
    Rule::given(matcher::connect())
        .then(one)
        .mount(&broker)
        .forget();
    Rule::given(matcher::publish().nth(1))
        .then(action::delay(10 * SECOND))
        .then(action::as_usual())
        .mount(&broker)
        .forget();
    let client = connected_with(&broker, options().operation_timeout(Some(3 * SECOND))).await;
    let late = client.publish(at_least_once("a", "m")).await.unwrap_err();
    assert_eq!(late.delivery(), Delivery::Unknown);
    // The broker has not answered the first yet, so this one may not even be sent.
    let waits = client.publish(at_least_once("a", "m")).await.unwrap_err();
    assert_eq!(waits.delivery(), Delivery::NotSent);
    advance(5 * SECOND).await;
    client.publish(at_least_once("a", "m")).await.unwrap();
    let sent = broker.journal().matching(matcher::publish()).count();
    assert_eq!(sent, 2);
}

#[tokio::test(start_paused = true)]
async fn qos_0_needs_no_answer() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    Rule::given(matcher::any_packet())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let message = nack_client::Publish::new("a", "m").qos(QoS::AtMostOnce);
    client.publish(message).await.unwrap();
    broker.wait_for(matcher::publish()).await;
}

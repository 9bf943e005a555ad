//! Connecting again, by calling `connect` again: what a session keeps, and what it does not.

use std::time::Duration;

use nack_client::{
    Client, ConnectError, ConnectionLost, Delivery, Options, Publish, PublishError, QoS, Version,
    Violation,
};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::fixture::{
    at_least_once, connected, connected_to_test, connected_with, exactly_once, options, settled,
    soon,
};

/// Options of a session that is kept, in both versions.
fn kept() -> [Options; 2] {
    let options = || options().clean_start(false);
    [
        options().version(Version::V311),
        options().session_expiry_interval(3600),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_verdict_is_sent_again() {
    for options in kept() {
        let broker = MockBroker::in_memory();
        Rule::given(matcher::publish())
            .then(action::close())
            .times(1)
            .mount(&broker)
            .forget();
        let client = connected_with(&broker, options).await;
        let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::InSession);
        let connected = soon(client.connect_over(broker.connect())).await.unwrap();
        assert!(connected.session_present());
        assert_eq!(connected.lost_messages(), 0);
        let again = broker.wait_for(matcher::publish().connection(2)).await;
        let first = broker.wait_for(matcher::publish().connection(1)).await;
        let again = again.received().unwrap();
        let first = first.received().unwrap();
        assert_eq!(again.packet_id(), first.packet_id());
        // [MQTT-3.3.1-1]
        broker
            .wait_for(matcher::publish().connection(2).dup(true))
            .await;
        client.publish(at_least_once("a", "m")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_broker_lost_is_told_with_the_messages_in_it() {
    let [_, options] = kept();
    let broker = MockBroker::in_memory();
    Rule::given(matcher::publish())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let client = connected_with(&broker, options).await;
    let close = async {
        broker.wait_for(matcher::publish().nth(2)).await;
        broker.send(1, action::close()).await.unwrap();
    };
    let (one, two, ()) = tokio::join!(
        client.publish(at_least_once("a", "m")),
        client.publish(exactly_once("a", "m")),
        close,
    );
    assert_eq!(one.unwrap_err().delivery(), Delivery::InSession);
    assert_eq!(two.unwrap_err().delivery(), Delivery::InSession);
    let other = MockBroker::in_memory();
    let connected = client.connect_over(other.connect()).await.unwrap();
    assert!(!connected.session_present());
    assert_eq!(connected.lost_messages(), 2);
    client.publish(at_least_once("a", "m")).await.unwrap();
    assert_eq!(other.journal().matching(matcher::publish()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_client_does_not_know_is_refused() {
    let [_, options] = kept();
    let broker = MockBroker::in_memory();
    let earlier = connected_with(&broker, options.clone()).await;
    earlier.disconnect().await.unwrap();
    // Another process with the same identifier.
    let client = Client::new(options.clone());
    let error = client.connect_over(broker.connect()).await.unwrap_err();
    let ConnectError::ConnectionLost(ConnectionLost::Protocol { violation, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(violation, Violation::SessionPresentWithoutState);
    // Unless it vouches for it.
    let client = Client::new(options.resume_session(true));
    let connected = client.connect_over(broker.connect()).await.unwrap();
    assert!(connected.session_present());
}

#[tokio::test(start_paused = true)]
async fn the_streams_of_a_connection_end_with_it() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut old = client.subscribe("a").await.unwrap();
    broker.send(1, action::close()).await.unwrap();
    assert!(soon(old.recv()).await.unwrap().is_err());
    client.connect_over(broker.connect()).await.unwrap();
    assert!(old.recv().await.is_none());
    let mut new = client.subscribe("a").await.unwrap();
    // It has nothing to do with the new one.
    drop(old);
    settled().await;
    client.publish(at_least_once("a", "m")).await.unwrap();
    new.recv().await.unwrap().unwrap();
    assert_eq!(broker.journal().matching(matcher::unsubscribe()).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_resumed_session_is_unclaimed() {
    for options in kept() {
        let broker = MockBroker::in_memory();
        let client = Client::new(options);
        let mut unclaimed = client.messages().unwrap();
        client.connect_over(broker.connect()).await.unwrap();
        let subscription = client.subscribe("a").await.unwrap();
        broker.send(1, action::close()).await.unwrap();
        client.closed().await;
        drop(subscription);
        let publisher = crate::fixture::options().client_id("publisher");
        let publisher = connected_with(&broker, publisher).await;
        publisher.publish(at_least_once("a", "m")).await.unwrap();
        client.connect_over(broker.connect()).await.unwrap();
        let message = soon(unclaimed.recv()).await.unwrap();
        assert_eq!(message.topic().as_str(), "a");
        assert_eq!(message.qos(), QoS::AtLeastOnce);
    }
}

/// QoS 2 messages that came and were not taken when the connection ended, taken before the next one
/// and after: of all the copies that the application then sees, each message has one.
#[tokio::test(start_paused = true)]
async fn exactly_once_holds_over_a_lost_connection() {
    for options in kept() {
        for taken_before in 0..=10 {
            let broker = MockBroker::in_memory();
            let publisher = crate::fixture::options().client_id("publisher");
            let publisher = connected_with(&broker, publisher).await;
            let client = Client::new(options.clone().queue_capacity(3));
            let mut unclaimed = client.messages().unwrap();
            client.connect_over(broker.connect()).await.unwrap();
            let mut messages = client.subscribe("a").await.unwrap();
            for number in 0..10 {
                let message = Publish::new("a", number.to_string()).qos(QoS::ExactlyOnce);
                publisher.publish(message).await.unwrap();
            }
            settled().await;
            let mut seen = Vec::new();
            for _ in 0..taken_before {
                let message = messages.recv().await.unwrap().unwrap();
                seen.push(message.payload().clone());
            }
            broker.send(2, action::close()).await.unwrap();
            // Held back, it finds out when it is to send the next PINGREQ.
            soon(client.closed()).await;
            soon(client.connect_over(broker.connect())).await.unwrap();
            let old = async {
                let mut seen = Vec::new();
                while let Some(Ok(message)) = messages.recv().await {
                    seen.push(message.payload().clone());
                }
                seen
            };
            seen.extend(soon(old).await);
            client.publish(at_least_once("b", "m")).await.unwrap();
            let patience = Duration::from_secs(1);
            while let Ok(message) = timeout(patience, unclaimed.recv()).await {
                seen.push(message.unwrap().payload().clone());
            }
            let expected: Vec<_> = (0..10).map(|number| number.to_string()).collect();
            assert_eq!(seen, expected, "{taken_before}: {}", broker.journal());
            // The broker is told in the end.
            let completed = broker.journal().matching(matcher::pubcomp()).count();
            assert_eq!(completed, 10);
        }
    }
}

/// Another message may have the packet identifier of one that is done with, and be sent again too.
#[tokio::test(start_paused = true)]
async fn a_new_message_of_an_old_identifier_is_handed_out() {
    let [_, options] = kept();
    for session_present in [true, false] {
        let broker = MockBroker::in_memory();
        let again = action::connack(0).session_present(session_present);
        Rule::given(matcher::connect().nth(2))
            .then(again)
            .mount(&broker)
            .forget();
        let client = Client::new(options.clone());
        let mut unclaimed = client.messages().unwrap();
        client.connect_over(broker.connect()).await.unwrap();
        let old = action::publish("a", "old").qos(QoS::ExactlyOnce);
        broker.send(1, old.packet_id(7)).await.unwrap();
        if session_present {
            // Done with, as it is released.
            assert_eq!(&unclaimed.recv().await.unwrap().payload()[..], b"old");
            broker.wait_for(matcher::pubcomp()).await;
        }
        settled().await;
        broker.send(1, action::close()).await.unwrap();
        client.closed().await;
        client.connect_over(broker.connect()).await.unwrap();
        let new = action::publish("a", "new").qos(QoS::ExactlyOnce);
        broker.send(2, new.packet_id(7).dup(true)).await.unwrap();
        if !session_present {
            // Done with, as the broker knows nothing of it.
            assert_eq!(&unclaimed.recv().await.unwrap().payload()[..], b"old");
        }
        assert_eq!(&soon(unclaimed.recv()).await.unwrap().payload()[..], b"new");
    }
}

/// Otherwise a broker that reads the two transports in another order than they were written in would
/// take the last connection for the one that takes over.
#[tokio::test(start_paused = true)]
async fn the_next_connection_waits_until_the_broker_has_closed_the_last_one() {
    for closes in [true, false] {
        let (client, theirs) = connected_to_test(options()).await;
        client.disconnect().await.unwrap();
        let broker = MockBroker::in_memory();
        let transport = broker.connect();
        let connecting = tokio::spawn(async move { client.connect_over(transport).await });
        settled().await;
        assert_eq!(broker.journal().received().count(), 0);
        if closes {
            drop(theirs);
            settled().await;
            assert!(connecting.is_finished());
        }
        // And not for ever.
        connecting.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_hears_of_the_end_can_connect_at_once() {
    for _ in 0..50 {
        let broker = MockBroker::in_memory();
        Rule::given(matcher::publish())
            .then(action::no_answer())
            .mount(&broker)
            .forget();
        let client = connected(&broker).await;
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let client = client.clone();
            tasks.spawn(async move { client.publish(at_least_once("a", "m")).await });
        }
        broker.wait_for(matcher::publish()).await;
        broker.send(1, action::close()).await.unwrap();
        let first = tasks.join_next().await.unwrap().unwrap().unwrap_err();
        assert!(matches!(first, PublishError::ConnectionLost { .. }));
        soon(client.connect_over(broker.connect())).await.unwrap();
    }
}

/// The same where the driver runs on another thread than those who hear of the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_any_thread_whoever_hears_of_the_end_can_connect_at_once() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::publish().topic("close"))
        .then(action::close())
        .mount(&broker)
        .forget();
    let client = Client::new(Options::new(broker.address().to_string()));
    for round in 0..200 {
        client.connect().await.unwrap();
        let mut messages = client.subscribe("a").await.unwrap();
        match round % 3 {
            0 => {
                client
                    .publish(at_least_once("close", ""))
                    .await
                    .unwrap_err();
            }
            1 => {
                client.publish(Publish::new("close", "")).await.unwrap();
                messages.recv().await.unwrap().unwrap_err();
            }
            _ => {
                client.publish(Publish::new("close", "")).await.unwrap();
                client.closed().await;
            }
        }
    }
}

//! The streams of messages: which messages they have, and when they end at the broker.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use nack_client::{Client, Publish, QoS, Subscribe, Unsubscribe};
use nack_mock_broker::{MockBroker, Rule, action, matcher};

use crate::fixture::{
    SETTLES, at_least_once, connected, connected_with, drop_after, exactly_once, options, settled,
    soon,
};

fn unsubscribes(broker: &MockBroker, filter: &str) -> usize {
    let journal = broker.journal();
    journal
        .matching(matcher::unsubscribe().filter(filter))
        .count()
}

#[tokio::test(start_paused = true)]
async fn dropping_a_subscription_ends_it_at_the_broker() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    drop(client.subscribe(Subscribe::to("a").and("b")).await.unwrap());
    broker.wait_for(matcher::unsubscribe().filter("a")).await;
    assert_eq!(unsubscribes(&broker, "b"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_another_subscription_has_stays() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let first = client.subscribe("a").await.unwrap();
    let mut second = client.subscribe(Subscribe::to("b").and("a")).await.unwrap();
    drop(first);
    settled().await;
    assert_eq!(unsubscribes(&broker, "a"), 0);
    client.publish(at_least_once("a", "m")).await.unwrap();
    second.recv().await.unwrap().unwrap();
    drop(second);
    broker.wait_for(matcher::unsubscribe().filter("a")).await;
    assert_eq!(unsubscribes(&broker, "b"), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_subscribe_ends_the_subscription_when_it_is_granted() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    drop_after(1, SETTLES, client.subscribe("a")).await;
    broker.wait_for(matcher::unsubscribe().filter("a")).await;
    // Also where the answer comes when nobody waits any more.
    drop_after(1, 0, client.subscribe("b")).await;
    broker.wait_for(matcher::unsubscribe().filter("b")).await;
    client.publish(at_least_once("a", "m")).await.unwrap();
    assert_eq!(client.unclaimed_messages(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_granted_after_a_time_out_is_ended_at_the_broker() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::subscribe().filter("late"))
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let options = options().operation_timeout(Some(Duration::from_secs(30)));
    let client = connected_with(&broker, options).await;
    let mut held = client.subscribe("held").await.unwrap();
    let late = Subscribe::to("late").and("held").and("refused");
    let error = client.subscribe(late).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    // A broker may have heard this before it granted anything.
    broker.wait_for(matcher::unsubscribe().filter("late")).await;
    settled().await;
    let before = unsubscribes(&broker, "late");
    let asked = broker.wait_for(matcher::subscribe().filter("late")).await;
    let packet_id = asked.received().unwrap().packet_id().unwrap();
    let granted = action::suback([2, 2, 0x87]).packet_id(packet_id);
    broker.send(1, granted).await.unwrap();
    settled().await;
    assert_eq!(unsubscribes(&broker, "late"), before + 1);
    assert_eq!(unsubscribes(&broker, "held"), 0);
    // What comes before the broker has let go of it is acknowledged.
    let message = action::publish("late", "m").qos(QoS::AtLeastOnce);
    broker.send(1, message).await.unwrap();
    broker.wait_for(matcher::puback()).await;
    client.publish(at_least_once("held", "m")).await.unwrap();
    held.recv().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_subscribe_that_was_dropped_do_not_pile_up() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::subscribe())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let options = options().queue_capacity(2).operation_timeout(None);
    let client = connected_with(&broker, options).await;
    let send = async |number: usize| {
        let payload = number.to_string();
        let message = action::publish("a", payload).qos(QoS::AtLeastOnce);
        broker.send(1, message).await.unwrap();
    };
    let subscribe = client.subscribe("a");
    let mut subscribe = Box::pin(subscribe);
    assert!(drop_after(1, SETTLES, subscribe.as_mut()).await.is_none());
    for number in 0..5 {
        send(number).await;
    }
    settled().await;
    // Somebody may still take them.
    assert_eq!(broker.journal().matching(matcher::puback()).count(), 0);
    drop(subscribe);
    broker.wait_for(matcher::puback().nth(5)).await;
    for number in 5..10 {
        send(number).await;
    }
    broker.wait_for(matcher::puback().nth(10)).await;
    assert_eq!(unsubscribes(&broker, "a"), 0);
    let granted = action::suback([2]).packet_id(1);
    broker.send(1, granted).await.unwrap();
    broker.wait_for(matcher::unsubscribe().filter("a")).await;
    assert_eq!(client.unclaimed_messages(), 0);
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_ends_the_stream() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut one = client.subscribe("a").await.unwrap();
    let mut two = client.subscribe(Subscribe::to("a").and("b")).await.unwrap();
    client.publish(at_least_once("a", "m")).await.unwrap();
    client.unsubscribe("a").await.unwrap();
    // What came before can still be taken.
    one.recv().await.unwrap().unwrap();
    assert!(one.recv().await.is_none());
    two.recv().await.unwrap().unwrap();
    client.publish(at_least_once("b", "m")).await.unwrap();
    let message = two.recv().await.unwrap().unwrap();
    assert_eq!(message.topic().as_str(), "b");
    client.unsubscribe(Unsubscribe::new("b")).await.unwrap();
    assert!(two.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_made_behind_an_unsubscribe_lives() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut old = client.subscribe("a").await.unwrap();
    let (unsubscribed, new) = tokio::join!(client.unsubscribe("a"), client.subscribe("a"));
    unsubscribed.unwrap();
    let mut new = new.unwrap();
    assert!(old.recv().await.is_none());
    client.publish(at_least_once("a", "m")).await.unwrap();
    new.recv().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_that_has_ended_ends_no_other() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let ended = client.subscribe("a").await.unwrap();
    client.unsubscribe("a").await.unwrap();
    let mut later = client.subscribe("b").await.unwrap();
    drop(ended);
    settled().await;
    assert_eq!(unsubscribes(&broker, "b"), 0);
    client.publish(at_least_once("b", "m")).await.unwrap();
    later.recv().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_subscription_that_matches_has_the_message() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut all = client.subscribe("#").await.unwrap();
    let mut some = client.subscribe("a/+").await.unwrap();
    let mut none = client.subscribe("b").await.unwrap();
    broker.send(1, action::publish("a/b", "m")).await.unwrap();
    all.recv().await.unwrap().unwrap();
    some.recv().await.unwrap().unwrap();
    assert!(drop_after(3, SETTLES, none.recv()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acknowledged_when_it_is_taken() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    for (qos, acknowledgement) in [
        (QoS::AtLeastOnce, matcher::puback()),
        (QoS::ExactlyOnce, matcher::pubrec()),
    ] {
        let message = action::publish("a", "m").qos(qos);
        broker.send(1, message).await.unwrap();
        settled().await;
        let taken = broker.journal().matching(acknowledgement.clone()).count();
        assert_eq!(taken, 0, "{qos}");
        messages.recv().await.unwrap().unwrap();
        broker.wait_for(acknowledgement).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_two_subscriptions_is_acknowledged_when_both_have_it() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut one = client.subscribe("a").await.unwrap();
    let mut two = client.subscribe("#").await.unwrap();
    let message = action::publish("a", "m").qos(QoS::AtLeastOnce);
    broker.send(1, message).await.unwrap();
    one.recv().await.unwrap().unwrap();
    settled().await;
    assert_eq!(broker.journal().matching(matcher::puback()).count(), 0);
    drop(two.recv().await);
    broker.wait_for(matcher::puback()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_subscription_held_is_acknowledged() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let messages = client.subscribe("a").await.unwrap();
    for _ in 0..3 {
        let message = action::publish("a", "m").qos(QoS::AtLeastOnce);
        broker.send(1, message).await.unwrap();
    }
    settled().await;
    drop(messages);
    broker.wait_for(matcher::puback().nth(3)).await;
}

#[tokio::test(start_paused = true)]
async fn messages_may_come_before_suback() {
    let broker = MockBroker::in_memory();
    // More of them than one read can bring.
    let payload = |number: usize| format!("{number:0100}");
    let mut rule = Rule::given(matcher::subscribe());
    for number in 0..300 {
        let qos = [QoS::AtMostOnce, QoS::AtLeastOnce][number % 2];
        rule = rule.then(action::publish("a", payload(number)).qos(qos));
    }
    rule.then(action::as_usual()).mount(&broker).forget();
    let client = connected_with(&broker, options().queue_capacity(2)).await;
    let mut messages = soon(client.subscribe("a")).await.unwrap();
    for number in 0..300 {
        let message = messages.recv().await.unwrap().unwrap();
        assert_eq!(message.payload(), payload(number).as_bytes());
    }
    broker.wait_for(matcher::puback().nth(150)).await;
}

#[tokio::test(start_paused = true)]
async fn messages_before_a_suback_that_refuses_are_dropped() {
    let broker = MockBroker::in_memory();
    let mut rule = Rule::given(matcher::subscribe().filter("a"));
    for number in 0..10 {
        rule = rule.then(action::publish("a", number.to_string()).qos(QoS::AtLeastOnce));
    }
    rule.then(action::suback([0x87])).mount(&broker).forget();
    let client = connected_with(&broker, options().queue_capacity(2)).await;
    soon(client.subscribe("a")).await.unwrap_err();
    broker.wait_for(matcher::puback().nth(10)).await;
    let mut other = soon(client.subscribe("b")).await.unwrap();
    client.publish(at_least_once("b", "m")).await.unwrap();
    other.recv().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_nobody_claims_has_a_stream_of_its_own() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    let mut unclaimed = client.messages().unwrap();
    client.connect_over(broker.connect()).await.unwrap();
    broker.send(1, action::publish("a", "m")).await.unwrap();
    let message = unclaimed.recv().await.unwrap();
    assert_eq!(message.topic().as_str(), "a");
    // It outlives the connection.
    client.disconnect().await.unwrap();
    client.connect_over(broker.connect()).await.unwrap();
    broker.send(2, action::publish("b", "m")).await.unwrap();
    let next = poll_fn(|cx| Pin::new(&mut unclaimed).poll_next(cx)).await;
    assert_eq!(next.unwrap().topic().as_str(), "b");
    drop(client);
    assert!(unclaimed.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_takes_is_counted_and_acknowledged() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    for qos in QoS::ALL {
        let message = action::publish("a", "m").qos(qos);
        broker.send(1, message).await.unwrap();
    }
    broker.wait_for(matcher::puback()).await;
    broker.wait_for(matcher::pubrec()).await;
    assert_eq!(client.unclaimed_messages(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_a_stream() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    client.publish(exactly_once("a", "m")).await.unwrap();
    let message = poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await;
    assert_eq!(&message.unwrap().unwrap().payload()[..], b"m");
    broker.send(1, action::close()).await.unwrap();
    let end = poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await;
    assert!(end.unwrap().is_err());
    let end = poll_fn(|cx| Pin::new(&mut messages).poll_next(cx)).await;
    assert!(end.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_says_of_a_message_is_kept() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    let message = Publish::new("a", "m")
        .qos(QoS::AtLeastOnce)
        .content_type("text/plain")
        .user_property("unit", "K");
    client.publish(message).await.unwrap();
    let message = messages.recv().await.unwrap().unwrap().detach();
    assert_eq!(message.properties().content_type(), Some("text/plain"));
    let mut properties = message.properties().user_properties();
    assert_eq!(properties.next(), Some(("unit", "K")));
    assert_eq!(&message.payload()[..], b"m");
    assert!(!message.retain() && !message.dup());
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribe_that_is_answered_first_leaves_the_subscribe_its_verdict() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let _held = Rule::given(matcher::subscribe())
        .then(action::no_answer())
        .mount(&broker);
    let subscribing = tokio::spawn({
        let client = client.clone();
        async move { client.subscribe("a").await }
    });
    broker.wait_for(matcher::subscribe()).await;
    client.unsubscribe("a").await.unwrap();
    broker
        .send(1, action::suback([1]).packet_id(1))
        .await
        .unwrap();
    let mut subscription = subscribing.await.unwrap().unwrap();
    assert_eq!(subscription.granted()[0].1, QoS::AtLeastOnce);
    // It has ended already, and the connection has not.
    assert!(subscription.recv().await.is_none());
    client.publish(at_least_once("a", "m")).await.unwrap();
}

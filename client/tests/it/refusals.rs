//! Every refusal reaches the operation that it answers, and no other.

use nack_client::{
    ConnectionLost, Delivery, DisconnectReason, Error, PacketType, Publish, PublishError,
    PublishReason, QoS, ReasonCode, Retry, RetryTable, SubackReason, Subscribe, SubscribeError,
    Unsubscribe, UnsubscribeError, Version,
};
use nack_codec::PubackReason;
use nack_mock_broker::{MockBroker, Received, Rule, action, matcher};
use tokio::task::JoinSet;

use crate::fixture::{at_least_once, connected, connected_with, exactly_once, options};

#[tokio::test(start_paused = true)]
async fn a_refused_puback_ends_this_message_and_nothing_else() {
    let broker = MockBroker::in_memory();
    let refusal = action::puback(PublishReason::QuotaExceeded as u8)
        .reason_string("7 a minute")
        .user_property("left", "0");
    let rule = Rule::given(matcher::publish().topic("a")).then(refusal);
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let (refused, accepted) = tokio::join!(
        client.publish(at_least_once("a", "m")),
        client.publish(at_least_once("b", "m")),
    );
    accepted.unwrap();
    let error = refused.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Rejected);
    assert_eq!(error.retry(), Retry::Later);
    let PublishError::Refused(refused) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.reason(), PublishReason::QuotaExceeded);
    assert_eq!(refused.reason_string(), Some("7 a minute"));
    assert!(refused.user_properties().eq([("left", "0")]));
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn no_pubrel_follows_a_refused_pubrec() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::publish().nth(1)).then(action::pubrec(0x87));
    rule.mount(&broker).forget();
    let released = Rule::given(matcher::pubrel()).expect(1).mount(&broker);
    let options = options().version(Version::V5);
    let client = connected_with(&broker, options).await;
    let error = client.publish(exactly_once("a", "m")).await.unwrap_err();
    assert!(
        matches!(error, PublishError::Refused(no) if no.reason() == PublishReason::NotAuthorized)
    );
    client.publish(exactly_once("a", "m")).await.unwrap();
    released.wait_until_satisfied().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_pubcomp_leaves_the_fate_of_the_message_open() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::pubrel()).then(action::pubcomp(0x92));
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let error = client.publish(exactly_once("a", "m")).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let refusal = error.refused().unwrap();
    assert_eq!(refusal.code(), ReasonCode::PacketIdentifierNotFound);
}

/// What every answer may say beside its code, as a property block.
const SAID: &[u8] = b"\x1F\x00\x01t\x26\x00\x01a\x00\x01b";

/// An answer that says it.
macro_rules! told {
    ($answer:expr) => {
        $answer.reason_string("t").user_property("a", "b")
    };
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_code_and_all_its_properties() {
    let broker = MockBroker::in_memory();
    for rule in [
        Rule::given(matcher::publish()).then(told!(action::puback(0x97))),
        Rule::given(matcher::subscribe().filter("b")).then(told!(action::suback([0x8F, 0x87]))),
        Rule::given(matcher::unsubscribe()).then(told!(action::unsuback([0x11, 0x83]))),
    ] {
        rule.mount(&broker).forget();
    }
    let client = connected(&broker).await;
    let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
    let refusal = error.refused().unwrap();
    assert_eq!(
        (refusal.raw_code(), refusal.properties().block()),
        (0x97, SAID)
    );

    let request = Subscribe::to("a").and("b");
    let error = client.subscribe(request).await.unwrap_err();
    let SubscribeError::Refused(refused) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (refused.code(), refused.raw_code()),
        (ReasonCode::TopicFilterInvalid, 0x8F)
    );
    assert_eq!(refused.properties().block(), SAID);

    let request = Unsubscribe::new("a").and("b");
    let error = client.unsubscribe(request).await.unwrap_err();
    let UnsubscribeError::Refused(refused) = &error else {
        panic!("{error:?}");
    };
    let expected = (ReasonCode::ImplementationSpecificError, 0x83);
    assert_eq!((refused.code(), refused.raw_code()), expected);
    assert_eq!(refused.properties().block(), SAID);

    broker
        .send(1, told!(action::disconnect(0x8B)))
        .await
        .unwrap();
    let lost = client.closed().await;
    let ConnectionLost::ByServer(disconnect) = &lost else {
        panic!("{lost:?}");
    };
    assert_eq!(disconnect.raw_code(), 0x8B);
    assert_eq!(disconnect.properties().block(), SAID);
}

#[tokio::test(start_paused = true)]
async fn every_acceptance_has_all_its_properties() {
    let broker = MockBroker::in_memory();
    for rule in [
        Rule::given(matcher::publish().topic("1")).then(told!(action::puback(0))),
        Rule::given(matcher::publish().topic("2")).then(told!(action::pubrec(0))),
        Rule::given(matcher::subscribe()).then(told!(action::suback([2]))),
        Rule::given(matcher::unsubscribe()).then(told!(action::unsuback([0]))),
    ] {
        rule.mount(&broker).forget();
    }
    let client = connected(&broker).await;
    let published = client.publish(at_least_once("1", "m")).await.unwrap();
    assert_eq!(published.properties().block(), SAID);
    let published = client.publish(exactly_once("2", "m")).await.unwrap();
    assert_eq!(published.properties().block(), SAID);
    let subscription = client.subscribe("a").await.unwrap();
    assert_eq!(subscription.properties().block(), SAID);
    let unsubscribed = client.unsubscribe("a").await.unwrap();
    assert_eq!(unsubscribed.properties().block(), SAID);
}

#[tokio::test(start_paused = true)]
async fn no_matching_subscribers_is_a_success() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::publish()).then(action::puback(0x10));
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let published = client.publish(at_least_once("a", "m")).await.unwrap();
    assert_eq!(published.reason(), ReasonCode::NoMatchingSubscribers);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_refused_in_part_still_has_the_stream_of_the_rest() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::subscribe().filter("b")).then(action::suback([1, 0x8F, 0]));
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let request = Subscribe::to("a").and("b").and("c");
    let SubscribeError::Refused(refused) = client.subscribe(request).await.unwrap_err() else {
        panic!("it is a refusal");
    };
    assert_eq!(refused.reason(), SubackReason::TopicFilterInvalid);
    let filters: Vec<_> = refused.refused_filters().collect();
    assert_eq!(filters.len(), 1);
    assert_eq!(filters[0].0.as_str(), "b");
    let mut messages = refused.into_subscription().unwrap();
    let granted: Vec<_> = messages
        .granted()
        .iter()
        .map(|(filter, qos)| (filter.as_str(), *qos))
        .collect();
    assert_eq!(granted, [("a", QoS::AtLeastOnce), ("c", QoS::AtMostOnce)]);
    client.publish(at_least_once("a", "m")).await.unwrap();
    let message = messages.recv().await.unwrap().unwrap();
    assert_eq!(message.topic().as_str(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_refused_in_full_has_no_stream() {
    for version in [Version::V311, Version::V5] {
        let broker = MockBroker::in_memory();
        let rule = Rule::given(matcher::subscribe().nth(1)).then(action::suback_each(0x80));
        rule.mount(&broker).forget();
        let client = connected_with(&broker, options().version(version)).await;
        let SubscribeError::Refused(refused) = client.subscribe("a").await.unwrap_err() else {
            panic!("it is a refusal");
        };
        assert_eq!(refused.retry(), Retry::CallerDecides);
        assert!(refused.into_subscription().is_none());
        client.subscribe("a").await.unwrap();
        // Nothing was granted, so there was nothing to end.
        assert_eq!(broker.journal().matching(matcher::unsubscribe()).count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_unsubscribe_says_which_filters_and_ends_the_others() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::unsubscribe()).then(action::unsuback([0x11, 0x87]));
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let mut ended = client.subscribe("a").await.unwrap();
    let mut kept = client.subscribe("b").await.unwrap();
    let request = Unsubscribe::new("a").and("b");
    let UnsubscribeError::Refused(refused) = client.unsubscribe(request).await.unwrap_err() else {
        panic!("it is a refusal");
    };
    let filters: Vec<_> = refused.refused_filters().collect();
    assert_eq!(filters.len(), 1);
    assert_eq!(filters[0].0.as_str(), "b");
    assert!(ended.recv().await.is_none());
    client.publish(at_least_once("b", "m")).await.unwrap();
    kept.recv().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_of_the_broker_tells_everybody_why() {
    let broker = MockBroker::in_memory();
    for packet in [matcher::publish(), matcher::subscribe()] {
        Rule::given(packet)
            .then(action::no_answer())
            .mount(&broker)
            .forget();
    }
    let moved = action::disconnect(DisconnectReason::UseAnotherServer)
        .reason_string("too many")
        .server_reference("b.example");
    let rule = Rule::given(matcher::unsubscribe()).then(moved);
    rule.mount(&broker).forget();
    let client = connected(&broker).await;
    let (at_least_once, exactly_once, subscribe, unsubscribe, closed) = tokio::join!(
        client.publish(at_least_once("a", "m")),
        client.publish(exactly_once("a", "m")),
        client.subscribe("a"),
        client.unsubscribe("a"),
        client.closed(),
    );
    let errors: [Error; 5] = [
        at_least_once.unwrap_err().into(),
        exactly_once.unwrap_err().into(),
        subscribe.unwrap_err().into(),
        unsubscribe.unwrap_err().into(),
        closed.into(),
    ];
    for error in errors {
        let refusal = error.refused().expect("the broker said why");
        assert_eq!(refusal.code(), ReasonCode::UseAnotherServer);
        assert_eq!(refusal.reason_string(), Some("too many"));
        let elsewhere = Retry::Elsewhere(Some("b.example".to_owned()));
        assert_eq!(error.retry(), elsewhere, "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_advice_about_every_refusal_is_that_of_the_callers_table() {
    let broker = MockBroker::in_memory();
    let mut refusals = vec![
        Rule::given(matcher::publish().topic("a")).then(action::puback(0x87)),
        Rule::given(matcher::publish().topic("b")).then(action::pubrec(0x97)),
        // What holds for all filters is the strictest advice: 0x87 is `Later` here.
        Rule::given(matcher::subscribe()).then(action::suback([0x97, 0x87])),
        Rule::given(matcher::unsubscribe()).then(action::unsuback([0x87])),
        Rule::given(matcher::pingreq()).then(action::disconnect(DisconnectReason::NotAuthorized)),
    ];
    let connack = Rule::given(matcher::connect().nth(2)).then(action::connack(0x9C));
    refusals.push(connack);
    for rule in refusals {
        rule.mount(&broker).forget();
    }
    let table = RetryTable::new()
        .with(ReasonCode::NotAuthorized, Retry::Later)
        .with_in(
            PacketType::Unsuback,
            ReasonCode::NotAuthorized,
            Retry::NewSession,
        )
        .with(ReasonCode::QuotaExceeded, Retry::CallerDecides)
        .with(ReasonCode::UseAnotherServer, Retry::Later);
    let client = connected_with(&broker, options().retry_table(table)).await;

    let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Later);
    let error = client.publish(exactly_once("b", "m")).await.unwrap_err();
    assert_eq!(error.retry(), Retry::CallerDecides);
    let request = Subscribe::to("a").and("b");
    let error = client.subscribe(request).await.unwrap_err();
    assert_eq!(error.retry(), Retry::CallerDecides);
    let error = client.unsubscribe("a").await.unwrap_err();
    assert_eq!(error.retry(), Retry::NewSession);
    // An idle client is told by the answer to its PINGREQ.
    assert_eq!(client.closed().await.retry(), Retry::Reconnect);
    let again = client.connect_over(broker.connect()).await;
    assert_eq!(again.unwrap_err().retry(), Retry::Later);
}

/// How a message of this number is refused, if it is.
fn refusal(number: usize) -> Option<PubackReason> {
    PubackReason::ALL
        .get(number % 16)
        .copied()
        .filter(|reason| reason.is_error())
}

#[tokio::test(start_paused = true)]
async fn of_many_messages_each_has_its_own_verdict() {
    let broker = MockBroker::in_memory();
    // The topic says what the verdict is to be; what is none is accepted.
    let answer = |received: &Received<'_>| {
        let reason = refusal(received.topic()?.parse().ok()?)?;
        Some(match received.qos()? {
            QoS::ExactlyOnce => action::pubrec(reason),
            _ => action::puback(reason),
        })
    };
    Rule::given(matcher::publish())
        .then(answer)
        .mount(&broker)
        .forget();
    let client = connected(&broker).await;
    let mut tasks = JoinSet::new();
    for number in 0..400_usize {
        let client = client.clone();
        tasks.spawn(async move {
            let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce][number / 16 % 2];
            let message = Publish::new(number.to_string(), "m").qos(qos);
            (number, client.publish(message).await)
        });
    }
    while let Some(task) = tasks.join_next().await {
        let (number, result) = task.unwrap();
        match (refusal(number), result) {
            (None, Ok(_)) => {}
            (Some(reason), Err(PublishError::Refused(refused))) => {
                assert_eq!(refused.code(), reason.code());
            }
            (expected, result) => panic!("{number}: {expected:?}, {result:?}"),
        }
    }
    client.disconnect().await.unwrap();
}

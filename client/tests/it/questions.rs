//! What errors answer to those who decide what to do next: the same by their own type and by
//! [`Error`].

use std::io;
use std::time::Duration;

use nack_client::{
    ConnectError, ConnectionLost, Delivery, DisconnectError, Error, Invalid, Operation,
    PublishError, ReasonCode, Reentrant, Retry, SubscribeError, TimedOut, UnsubscribeError,
};
use nack_mock_broker::{MockBroker, action};

use crate::fixture::connected;

const fn timed_out(operation: Operation) -> TimedOut {
    let after = Duration::from_secs(30);
    TimedOut { operation, after }
}

/// Advice, fate of the message, whether it is a time-out, and the code of the broker.
type Answers = (Retry, Option<Delivery>, bool, Option<ReasonCode>);

#[track_caller]
fn check(error: impl Into<Error>, expected: Answers) {
    let error = error.into();
    let code = error.refused().map(|refusal| refusal.code());
    let answers = (error.retry(), error.delivery(), error.is_timeout(), code);
    assert_eq!(answers, expected, "{error:?}");
}

#[test]
fn nobody_who_is_not_connected_has_lost_anything() {
    check(
        PublishError::NotConnected,
        (Retry::Reconnect, Some(Delivery::NotSent), false, None),
    );
    let without_message = (Retry::Reconnect, None, false, None);
    check(SubscribeError::NotConnected, without_message.clone());
    check(UnsubscribeError::NotConnected, without_message);
    check(
        DisconnectError::NotConnected,
        (Retry::Never, None, false, None),
    );
}

#[test]
fn what_timed_out_may_pass_later() {
    let later = (Retry::Later, None, true, None);
    check(
        ConnectError::Timeout(timed_out(Operation::Connect)),
        later.clone(),
    );
    check(
        SubscribeError::Timeout(timed_out(Operation::Subscribe)),
        later.clone(),
    );
    check(
        UnsubscribeError::Timeout(timed_out(Operation::Unsubscribe)),
        later,
    );
    for delivery in [Delivery::NotSent, Delivery::InSession, Delivery::Unknown] {
        let timed_out = timed_out(Operation::Publish);
        check(
            PublishError::Timeout {
                timed_out,
                delivery,
            },
            (Retry::Later, Some(delivery), true, None),
        );
    }
    // There is no connection left to end.
    check(
        DisconnectError::Timeout(timed_out(Operation::Disconnect)),
        (Retry::Never, None, true, None),
    );
}

#[test]
fn what_is_wrong_stays_wrong() {
    let invalid = || Invalid::NoTopicFilter;
    let never = (Retry::Never, None, false, None);
    check(ConnectError::Invalid(invalid()), never.clone());
    check(SubscribeError::Invalid(invalid()), never.clone());
    check(UnsubscribeError::Invalid(invalid()), never.clone());
    check(DisconnectError::Invalid(invalid()), never.clone());
    check(Reentrant::Messages, never.clone());
    check(ConnectError::Reentrant(Reentrant::Connected), never.clone());
    let missing = io::Error::from(io::ErrorKind::NotFound);
    check(ConnectError::Resolve(missing), never);
    check(
        PublishError::Invalid(invalid()),
        (Retry::Never, Some(Delivery::NotSent), false, None),
    );
}

#[test]
fn identifiers_that_are_all_in_use_come_back() {
    let invalid = || Invalid::NoPacketIdentifier;
    check(
        PublishError::Invalid(invalid()),
        (Retry::Later, Some(Delivery::NotSent), false, None),
    );
    let later = (Retry::Later, None, false, None);
    check(SubscribeError::Invalid(invalid()), later.clone());
    check(UnsubscribeError::Invalid(invalid()), later);
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_says_when_it_leaves_is_in_every_error() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    broker.send(1, action::disconnect(0x8B)).await.unwrap();
    let cause = client.closed().await;
    let code = Some(ReasonCode::ServerShuttingDown);
    let reconnect = (Retry::Reconnect, None, false, code);
    check(cause.clone(), reconnect.clone());
    check(
        SubscribeError::ConnectionLost(cause.clone()),
        reconnect.clone(),
    );
    check(UnsubscribeError::ConnectionLost(cause.clone()), reconnect);
    check(
        DisconnectError::ConnectionLost(cause.clone()),
        (Retry::Never, None, false, code),
    );
    // There is no connection yet that could be made again.
    check(
        ConnectError::ConnectionLost(cause.clone()),
        (Retry::Later, None, false, code),
    );
    let delivery = Delivery::Unknown;
    check(
        PublishError::ConnectionLost { cause, delivery },
        (Retry::Reconnect, Some(delivery), false, code),
    );
}

#[test]
fn a_broker_that_fell_silent_is_a_time_out_of_every_request() {
    let cause = ConnectionLost::KeepAlive(timed_out(Operation::Ping));
    let silent = (Retry::Reconnect, None, true, None);
    check(cause.clone(), silent.clone());
    check(
        SubscribeError::ConnectionLost(cause.clone()),
        silent.clone(),
    );
    check(UnsubscribeError::ConnectionLost(cause.clone()), silent);
    let delivery = Delivery::InSession;
    check(
        PublishError::ConnectionLost { cause, delivery },
        (Retry::Reconnect, Some(delivery), true, None),
    );
}

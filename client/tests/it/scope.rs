//! The scope disconnects on every way out, with the will where the closure failed.

use nack_client::{Client, Error, Options, Publish, PublishError, Subscription, scope};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::sync::Notify;

use crate::fixture::at_least_once;

/// Options of a client of this broker, with a will.
fn options(broker: &MockBroker) -> Options {
    let will = Publish::new("status", "failed");
    Options::new(broker.address().to_string()).will(will)
}

/// A client that hears of the will. The subscription alone keeps no connection.
async fn witness(broker: &MockBroker) -> (Client, Subscription) {
    let client = Client::new(Options::new(broker.address().to_string()));
    client.connect().await.unwrap();
    let wills = client.subscribe("status").await.unwrap();
    (client, wills)
}

#[tokio::test]
async fn a_closure_that_succeeds_leaves_no_will() {
    let broker = MockBroker::start().await.unwrap();
    let (_witness, mut wills) = witness(&broker).await;
    let value = scope(options(&broker), async |client| {
        client.publish(at_least_once("status", "fine")).await?;
        Ok::<_, Error>(7)
    })
    .await
    .unwrap();
    assert_eq!(value, 7);
    broker.wait_for(matcher::disconnect().reason(0)).await;
    let message = wills.recv().await.unwrap().unwrap();
    assert_eq!(&message.payload()[..], b"fine");
}

#[tokio::test]
async fn a_closure_that_fails_leaves_the_will() {
    let broker = MockBroker::start().await.unwrap();
    let (_witness, mut wills) = witness(&broker).await;
    let error = scope(options(&broker), async |client| {
        client.publish(Publish::new("a/#", "m")).await?;
        Ok::<_, Error>(())
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Publish(PublishError::Invalid(_))));
    broker.wait_for(matcher::disconnect().reason(4)).await;
    let message = wills.recv().await.unwrap().unwrap();
    assert_eq!(&message.payload()[..], b"failed");
}

#[tokio::test]
async fn a_closure_that_panics_leaves_the_will() {
    let broker = MockBroker::start().await.unwrap();
    let options = options(&broker);
    let task = tokio::spawn(scope(options, async |_| -> Result<(), Error> {
        panic!("on purpose");
    }));
    assert!(task.await.unwrap_err().is_panic());
    broker.wait_for(matcher::disconnect().reason(4)).await;
}

#[tokio::test]
async fn a_scope_that_is_dropped_leaves_the_will_and_no_connection() {
    let broker = MockBroker::start().await.unwrap();
    let running = Notify::new();
    let mut kept = None;
    let forever = scope(options(&broker), async |client| {
        kept = Some(client);
        running.notify_one();
        std::future::pending::<Result<(), Error>>().await
    });
    tokio::select! {
        _ = forever => panic!("it never ends by itself"),
        () = running.notified() => {}
    }
    let client = kept.unwrap();
    assert!(!client.is_connected());
    client.closed().await;
    broker.wait_for(matcher::disconnect().reason(4)).await;
}

#[tokio::test]
async fn a_scope_is_dropped_while_everything_is_stuck() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::publish())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    // More than the driver is told at once, all of it in tasks that outlive the scope.
    let busy = scope(options(&broker), async |client| {
        for _ in 0..1000 {
            let client = client.clone();
            tokio::spawn(async move { client.publish(at_least_once("a", "m")).await });
        }
        std::future::pending::<Result<(), Error>>().await
    });
    let published = broker.wait_for(matcher::publish());
    tokio::select! {
        _ = busy => panic!("it never ends by itself"),
        _ = published => {}
    }
    broker.wait_for(matcher::disconnect().reason(4)).await;
}

#[tokio::test]
async fn a_scope_that_cannot_connect_runs_nothing() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::connect())
        .then(action::connack(0x87))
        .mount(&broker)
        .forget();
    let result = scope(options(&broker), async |_| -> Result<(), Error> {
        panic!("it does not come to this");
    });
    assert!(matches!(result.await, Err(Error::Connect(_))));
}

#[tokio::test]
async fn a_closure_may_disconnect_itself() {
    let broker = MockBroker::start().await.unwrap();
    scope(options(&broker), async |client| {
        client.disconnect().await?;
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_error_of_the_closure_comes_before_that_of_disconnecting() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::publish())
        .then(action::disconnect(0x97))
        .mount(&broker)
        .forget();
    let result = scope(options(&broker), async |client| {
        client.publish(at_least_once("a", "m")).await?;
        Ok::<_, Error>(())
    });
    let error = result.await.unwrap_err();
    assert!(matches!(error, Error::Publish(_)));
    let result = scope(options(&broker), async |client| {
        let _ = client.publish(at_least_once("a", "m")).await;
        Ok::<_, Error>(())
    });
    let error = result.await.unwrap_err();
    assert!(matches!(error, Error::Disconnect(_)), "{error:?}");
}

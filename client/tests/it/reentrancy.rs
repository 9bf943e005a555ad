//! What has one owner tells a second one so; what has not, does not.

use std::time::Duration;

use nack_client::{Client, ConnectError, Error, Publish, Reentrant, Retry};
use nack_mock_broker::{Base, MockBroker};

use crate::fixture::{
    SETTLES, at_least_once, connected, connected_to_test, drop_after, options, soon,
};

#[tokio::test(start_paused = true)]
async fn a_client_that_is_connected_does_not_connect() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let clone = client.clone();
    let error = clone.connect_over(broker.connect()).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Reentrant(Reentrant::Connected)
    ));
    assert_eq!(error.retry(), Retry::Never);
    assert!(Error::from(error).is_reentrant());
    // It did no harm.
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_that_connect_at_once_one_does() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    let (first, second) = tokio::join!(
        client.connect_over(broker.connect()),
        client.connect_over(broker.connect()),
    );
    first.unwrap();
    let error = second.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Reentrant(Reentrant::Connecting)
    ));
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_still_closes_is_waited_for() {
    let broker = MockBroker::in_memory();
    let (client, _theirs) = connected_to_test(options()).await;
    let large = Publish::new("a", vec![0; 100_000]);
    drop_after(1, 1, client.publish(large)).await;
    // DISCONNECT is asked for, and nobody waits until it is written, which it cannot be.
    drop_after(1, SETTLES, client.disconnect()).await;
    assert!(!client.is_connected());
    soon(client.connect_over(broker.connect())).await.unwrap();
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_last_connection_counts_as_connecting_time() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let patience = Duration::from_millis(100);
    let client = Client::new(options().connect_timeout(patience));
    // Its transport takes only the first bytes of CONNECT, so that it cannot be closed in order.
    let (ours, _theirs) = tokio::io::duplex(4);
    drop_after(1, SETTLES, client.connect_over(ours)).await;
    let error = client.connect_over(broker.connect()).await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_unclaimed_messages_has_one_taker() {
    let client = Client::new(options());
    let messages = client.messages().unwrap();
    assert_eq!(client.messages().unwrap_err(), Reentrant::Messages);
    drop(messages);
    client.messages().unwrap();
}

//! What most tests begin with: a client that is connected to a broker in memory.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use nack_client::{Client, Options, Publish, QoS};
use nack_mock_broker::MockBroker;
use tokio::io::{AsyncWriteExt, DuplexStream};

/// The options of a client whose identifier is `client`. There is no address behind them.
pub(crate) fn options() -> Options {
    Options::new("in.memory").client_id("client")
}

/// A client of this broker.
pub(crate) async fn connected(broker: &MockBroker) -> Client {
    connected_with(broker, options()).await
}

/// A client of this broker, with options of its own.
pub(crate) async fn connected_with(broker: &MockBroker, options: Options) -> Client {
    let client = Client::new(options);
    client
        .connect_over(broker.connect())
        .await
        .expect("the broker accepts");
    client
}

/// A client, and the broker's end of its connection, which holds 256 bytes each way: the broker
/// has accepted the client, and reads no more unless the test does.
pub(crate) async fn connected_to_test(options: Options) -> (Client, DuplexStream) {
    let client = Client::new(options);
    let (ours, mut theirs) = tokio::io::duplex(256);
    let accept = async {
        let accepted = theirs.write_all(b"\x20\x03\x00\x00\x00").await;
        accepted.expect("there is room");
    };
    let (connected, ()) = tokio::join!(client.connect_over(ours), accept);
    connected.expect("it is accepted");
    (client, theirs)
}

/// A message of QoS 1.
pub(crate) fn at_least_once(topic: &str, payload: &'static str) -> Publish {
    Publish::new(topic, payload).qos(QoS::AtLeastOnce)
}

/// A message of QoS 2.
pub(crate) fn exactly_once(topic: &str, payload: &'static str) -> Publish {
    Publish::new(topic, payload).qos(QoS::ExactlyOnce)
}

/// How many turns are enough for all that can go on without time passing: on a runtime of one
/// thread, and over memory, whoever is ready has its turn.
pub(crate) const SETTLES: usize = 64;

/// Lets all that can go on do so.
pub(crate) async fn settled() {
    turns(SETTLES).await;
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// Polls a future so often, with so many turns of everybody else after each time, and drops it,
/// unless it is done before.
pub(crate) async fn drop_after<F: Future>(
    polls: usize,
    others: usize,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        turns(others).await;
    }
    None
}

/// Fails where something takes so long, by tokio's clock, that it must have been forgotten.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    let a_day = Duration::from_secs(60 * 60 * 24);
    tokio::time::timeout(a_day, future)
        .await
        .expect("it does not hang")
}

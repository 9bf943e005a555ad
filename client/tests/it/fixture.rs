//! What most tests begin with: a client that is connected to a broker in memory.

use nack_client::{Client, Options};
use nack_mock_broker::MockBroker;

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

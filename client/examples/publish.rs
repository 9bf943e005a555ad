//! Publishes one message, and knows that the broker has it.

use nack_client::{Client, Error, Options, Publish, QoS};

pub(crate) async fn run(address: &str) -> Result<(), Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    // Returns when the broker has acknowledged the message, and fails if it did not.
    client
        .publish(Publish::new("plant/3/temperature", "21.5").qos(QoS::AtLeastOnce))
        .await?;
    client.disconnect().await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883")).await
}

//! Subscribes, and takes messages until there are enough.

use nack_client::{Client, Error, Message, Options};

pub(crate) async fn run(address: &str, enough: usize) -> Result<Vec<Message>, Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    // Returns when the broker has granted the subscription.
    let mut temperatures = client.subscribe("plant/+/temperature").await?;
    let mut taken = Vec::new();
    while taken.len() < enough
        && let Some(message) = temperatures.recv().await
    {
        // A lost connection ends the stream with its cause.
        let message = message?;
        eprintln!("{}: {:?}", message.topic(), message.payload());
        taken.push(message);
    }
    client.disconnect().await?;
    Ok(taken)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883"), 10).await?;
    Ok(())
}

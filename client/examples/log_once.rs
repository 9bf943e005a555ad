//! Logs an error once, where it is handled, with its whole chain of causes.

use nack_client::{Client, Error, Options, Publish, QoS};

/// On the way up nothing is logged: `?` carries the error to where somebody can do something.
async fn measure(address: &str) -> Result<(), Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    client
        .publish(Publish::new("plant/3/temperature", "21.5").qos(QoS::ExactlyOnce))
        .await?;
    client.disconnect().await?;
    Ok(())
}

pub(crate) async fn run(address: &str) -> Option<String> {
    let error = measure(address).await.err()?;
    // `{error}` alone would be "failed to publish", and leave the rest to `source()`.
    Some(error.report().to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1);
    if let Some(line) = run(address.as_deref().unwrap_or("localhost:1883")).await {
        eprintln!("error: {line}");
    }
}

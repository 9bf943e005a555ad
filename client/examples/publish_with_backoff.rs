//! Publishes with exponential back-off and jitter, as long as the broker says that it may pass.

use std::time::Duration;

use nack_client::{Client, Error, Options, Publish, PublishError, QoS, Retry};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
pub(crate) const ATTEMPTS: u32 = 6;

/// A refused message was not delivered, so that trying again does not make two of it. After a lost
/// connection that is not so: see `PublishError::delivery`.
pub(crate) async fn publish(client: &Client, message: Publish) -> Result<u32, PublishError> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        match client.publish(message.clone()).await {
            Ok(_) => return Ok(attempt),
            Err(error) if error.retry() == Retry::Later && attempt < ATTEMPTS => {
                eprintln!("attempt {attempt}: {}", Error::from(error).report());
            }
            Err(error) => return Err(error),
        }
        // Half of the pause is left to chance, so that many clients do not come back together.
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    unreachable!("the last attempt returns")
}

pub(crate) async fn run(address: &str) -> Result<u32, Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    let message = Publish::new("plant/3/temperature", "21.5").qos(QoS::AtLeastOnce);
    let attempts = publish(&client, message).await?;
    client.disconnect().await?;
    Ok(attempts)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883")).await?;
    Ok(())
}

//! A bounded number of attempts: what may pass is tried again, and what cannot is not.

use std::time::Duration;

use nack_client::{Client, Error, Options, Publish, QoS, Retry};

pub(crate) const ATTEMPTS: u32 = 5;
/// After the first attempt; after each more, as much again.
const PAUSE: Duration = Duration::from_millis(100);

/// Connects and publishes. Gives up at once on misuse, on wrong credentials and on everything else
/// that will fail again; after some attempts on the rest.
pub(crate) async fn run(client: &Client, pause: Duration) -> Result<u32, Error> {
    let mut attempt = 1;
    loop {
        let error = match work(client).await {
            Ok(()) => return Ok(attempt),
            Err(error) => error,
        };
        // The advice of the error. `Never` is what reentrancy, wrong credentials, a missing
        // permission and a wrong topic give.
        let worthwhile = match error.retry() {
            Retry::Later | Retry::Reconnect => true,
            // Redirects are followed only by applications that trust the broker to give them.
            Retry::Never | Retry::Elsewhere(_) | Retry::NewSession | Retry::CallerDecides => false,
            _ => false,
        };
        if error.is_reentrant() || !worthwhile || attempt == ATTEMPTS {
            return Err(error);
        }
        eprintln!("attempt {attempt} of {ATTEMPTS}: {}", error.report());
        tokio::time::sleep(pause * attempt).await;
        attempt += 1;
    }
}

async fn work(client: &Client) -> Result<(), Error> {
    if !client.is_connected() {
        client.connect().await?;
    }
    client
        .publish(Publish::new("plant/3/temperature", "21.5").qos(QoS::AtLeastOnce))
        .await?;
    client.disconnect().await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    let options = Options::new(address.as_deref().unwrap_or("localhost:1883"));
    let attempts = run(&Client::new(options), PAUSE).await?;
    eprintln!("done at attempt {attempts}");
    Ok(())
}

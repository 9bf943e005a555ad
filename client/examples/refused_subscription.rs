//! A broker answers each topic filter by itself: what was granted can be used although the rest
//! was refused.

use nack_client::{Client, Error, Options, Subscribe, SubscribeError, Subscription};

pub(crate) async fn run(address: &str) -> Result<Option<Subscription>, Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    let request = Subscribe::to("plant/+/temperature").and("plant/secret");
    match client.subscribe(request).await {
        Ok(subscription) => Ok(Some(subscription)),
        Err(SubscribeError::Refused(no)) => {
            for (filter, reason) in no.refused_filters() {
                eprintln!("no messages of {filter}: {reason}");
            }
            for (filter, qos) in no.granted_filters() {
                eprintln!("messages of {filter} at {qos}");
            }
            // Dropped instead, it would end the granted part at the broker.
            Ok(no.into_subscription())
        }
        Err(other) => Err(other.into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883")).await?;
    Ok(())
}

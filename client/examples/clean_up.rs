//! Disconnects on every way out: in order where all went well, with the will where it did not.

use nack_client::{Error, Options, Publish, QoS};

pub(crate) async fn run(address: &str, measure: fn() -> Option<f32>) -> Result<(), Error> {
    let will = Publish::new("plant/3/status", "failed").retain(true);
    nack_client::scope(Options::new(address).will(will), async |client| {
        // An error in here, also of `?`, has the broker publish the will.
        let value = measure().map_or_else(|| "no value".to_owned(), |value| value.to_string());
        client
            .publish(Publish::new("plant/3/temperature", value).qos(QoS::AtLeastOnce))
            .await?;
        Ok(())
    })
    .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883"), || {
        Some(21.5)
    })
    .await
}

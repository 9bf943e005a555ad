//! A message that the broker refuses is an error of that `publish`, and of nothing else: the
//! connection goes on.

use nack_client::{Client, Error, Options, Publish, PublishError, PublishReason, QoS};

pub(crate) async fn run(address: &str) -> Result<Option<PublishReason>, Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    let message = Publish::new("plant/3/temperature", "21.5").qos(QoS::AtLeastOnce);
    let refused = match client.publish(message).await {
        Ok(_) => None,
        Err(PublishError::Refused(no)) => {
            // `[code:151] quota exceeded: 7 a minute`: the code, and the broker's own words if it has
            // any. `reason()` and `reason_string()` are the two apart.
            eprintln!("not accepted: {no}");
            for (name, value) in no.user_properties() {
                eprintln!("  {name}: {value}");
            }
            Some(no.reason())
        }
        Err(other) => return Err(other.into()),
    };
    client.disconnect().await?;
    Ok(refused)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    run(address.as_deref().unwrap_or("localhost:1883")).await?;
    Ok(())
}

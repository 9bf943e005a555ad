//! Logs an error once, where it is handled, with its whole chain of causes.

use std::error::Error as _;

use nack_client::{Client, Error, Options, Publish, QoS};

/// The error and what caused it, in one line. Each level says its own part only.
pub(crate) fn chain(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

/// On the way up nothing is logged: `?` carries the error to where somebody can do something.
async fn report(address: &str) -> Result<(), Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    client
        .publish(Publish::new("plant/3/temperature", "21.5").qos(QoS::ExactlyOnce))
        .await?;
    client.disconnect().await?;
    Ok(())
}

pub(crate) async fn run(address: &str) -> Option<String> {
    let error = report(address).await.err()?;
    Some(chain(&error))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1);
    if let Some(line) = run(address.as_deref().unwrap_or("localhost:1883")).await {
        eprintln!("error: {line}");
    }
}

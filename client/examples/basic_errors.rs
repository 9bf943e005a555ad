//! Tells a host that does not exist from every other way in which connecting can fail.

use nack_client::{Client, ConnectError, Error, Options};

pub(crate) async fn run(address: &str) -> String {
    let client = Client::new(Options::new(address));
    match client.connect().await {
        Ok(_) => "connected".to_owned(),
        // A name that was mistyped, or a resolver that cannot be reached.
        Err(ConnectError::Resolve(_)) => format!("there is no host {address}"),
        Err(ConnectError::Timeout(timed_out)) => format!("nobody there: {timed_out}"),
        Err(ConnectError::Refused(no)) => format!("the broker said no: {no}"),
        Err(other) => {
            let error = Error::from(other);
            let advice = error.retry();
            format!("{}; what may be tried: {advice:?}", error.report())
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1);
    eprintln!(
        "{}",
        run(address.as_deref().unwrap_or("localhost:1883")).await
    );
}

//! Handles refusals by their code. The return codes of 3.1.1 and the reason codes of MQTT 5.0 are
//! the same variants; the number that was on the wire is kept beside them.

use nack_client::{Client, ConnackReason, ConnectError, Error, Options, Version};

pub(crate) async fn run(address: &str, version: Version) -> String {
    let options = Options::new(address)
        .version(version)
        .client_id("thermometer-3")
        .credentials("thermometer", "a wrong password");
    match Client::new(options).connect().await {
        Ok(_) => "connected".to_owned(),
        Err(ConnectError::Refused(no)) => match no.reason() {
            // 4 in 3.1.1, 134 in MQTT 5.0.
            ConnackReason::BadUserNameOrPassword => {
                format!("check the password (code {})", no.raw_code())
            }
            // 5 in 3.1.1, 135 in MQTT 5.0.
            ConnackReason::NotAuthorized => {
                format!("ask for permission (code {})", no.raw_code())
            }
            _ => format!("refused: {no}"),
        },
        Err(other) => Error::from(other).report().to_string(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("localhost:1883");
    for version in Version::ALL {
        eprintln!("{version}: {}", run(address, version).await);
    }
}

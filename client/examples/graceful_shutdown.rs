//! Works until Ctrl-C, and then disconnects in order, so that the broker publishes no will.

use nack_client::{Client, Error, Options, Publish};

pub(crate) async fn run(address: &str, stop: impl Future<Output = ()>) -> Result<u64, Error> {
    let will = Publish::new("plant/3/status", "lost").retain(true);
    let client = Client::new(Options::new(address).will(will));
    client.connect().await?;
    let mut alarms = client.subscribe("plant/3/alarm").await?;
    let mut stop = std::pin::pin!(stop);
    let mut seen = 0;
    loop {
        tokio::select! {
            () = &mut stop => break,
            alarm = alarms.recv() => match alarm {
                Some(alarm) => {
                    alarm?;
                    seen += 1;
                }
                None => break,
            },
        }
    }
    client.disconnect().await?;
    Ok(seen)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler there is nothing to wait for: the system ends the process.
            std::future::pending().await
        }
    };
    let seen = run(address.as_deref().unwrap_or("localhost:1883"), ctrl_c).await?;
    eprintln!("{seen} alarms");
    Ok(())
}

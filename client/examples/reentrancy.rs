//! One client is one connection, which its clones share; a second connection is a second client.

use nack_client::{Client, ConnectError, Error, Options, Publish, QoS, Reentrant};

/// Connecting a client that is connected is a mistake in the program, and says so.
pub(crate) async fn connect_twice(address: &str) -> Result<Reentrant, Error> {
    let client = Client::new(Options::new(address));
    client.connect().await?;
    match client.connect().await {
        Err(ConnectError::Reentrant(reentrant)) => Ok(reentrant),
        Err(other) => Err(other.into()),
        Ok(_) => unreachable!("a client has one connection"),
    }
}

/// Tasks that may share a connection share a client; a task that wants its own has its own.
pub(crate) async fn one_client_a_task(address: &str) -> Result<(), Error> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..3 {
        let client = Client::new(Options::new(address).client_id(format!("worker-{number}")));
        tasks.spawn(async move {
            client.connect().await?;
            let topic = format!("workers/{number}");
            client
                .publish(Publish::new(topic, "up").qos(QoS::AtLeastOnce))
                .await?;
            client.disconnect().await?;
            Ok::<_, Error>(())
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.expect("no task panics")?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("localhost:1883");
    eprintln!("connecting twice: {}", connect_twice(address).await?);
    one_client_a_task(address).await
}

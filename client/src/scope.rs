//! Connect, run a closure, and disconnect on every way out.

use nack_codec::DisconnectReason;

use crate::{Client, ConnectError, Disconnect, DisconnectError, Options};

/// Connects, runs a closure with the client, and disconnects on every way out.
///
/// | the closure | the broker |
/// |---|---|
/// | returns `Ok` | gets DISCONNECT 0x00 and drops the will |
/// | returns an error | gets DISCONNECT 0x04 and publishes the will |
/// | panics, or the future is dropped | is told the same, as well as it can be without waiting |
///
/// ```no_run
/// use nack_client::{Error, Options, Publish, QoS};
///
/// # async fn example() -> Result<(), Error> {
/// let options = Options::new("localhost:1883").will(Publish::new("plant/3/status", "failed"));
/// nack_client::scope(options, async |client| {
///     client.publish(Publish::new("plant/3/status", "up").qos(QoS::AtLeastOnce)).await?;
///     Ok::<_, Error>(())
/// })
/// .await
/// # }
/// ```
///
/// # Errors
///
/// That of connecting, of the closure, or of disconnecting after the closure returned `Ok`. An
/// error of disconnecting after an error of the closure is not reported, as it says nothing new.
///
/// # Cancel safety
///
/// Dropping the future leaves no connection behind.
pub async fn scope<T, E, F>(options: Options, body: F) -> Result<T, E>
where
    F: AsyncFnOnce(Client) -> Result<T, E>,
    E: From<ConnectError> + From<DisconnectError>,
{
    let client = Client::new(options);
    client.connect().await?;
    run(client, body).await
}

/// The same over a client that is connected already.
async fn run<T, E, F>(client: Client, body: F) -> Result<T, E>
where
    F: AsyncFnOnce(Client) -> Result<T, E>,
    E: From<DisconnectError>,
{
    let mut unwinding = AbandonOnDrop(Some(client.clone()));
    let result = body(client.clone()).await;
    unwinding.0 = None;
    match result {
        Ok(value) => match client.disconnect().await {
            // The closure may have disconnected itself.
            Ok(()) | Err(DisconnectError::NotConnected) => Ok(value),
            Err(error) => Err(error.into()),
        },
        Err(error) => {
            let request = Disconnect::with(DisconnectReason::DisconnectWithWillMessage);
            let _ = client.disconnect_with(request).await;
            Err(error)
        }
    }
}

struct AbandonOnDrop(Option<Client>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        if let Some(client) = &self.0 {
            client.abandon();
        }
    }
}

//! TCP.

use std::io;

use tokio::net::{TcpStream, lookup_host};

use super::address;
use crate::error::ConnectError;

/// Opens a connection to the broker: to the first of the host's addresses that answers.
pub(crate) async fn tcp(address: &str) -> Result<TcpStream, ConnectError> {
    let (host, port) = address::parse(address).map_err(ConnectError::Invalid)?;
    let addresses = lookup_host((host, port))
        .await
        .map_err(ConnectError::Resolve)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let mut any = false;
    for address in addresses {
        any = true;
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small packets that wait for each other's acknowledgement are what MQTT is made
                // of.
                stream.set_nodelay(true).map_err(ConnectError::Io)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(if any {
        ConnectError::Io(last)
    } else {
        ConnectError::Resolve(last)
    })
}

//! TCP.

use std::io;

use tokio::net::{TcpStream, lookup_host};

use crate::error::{ConnectError, Invalid};

/// The port that IANA has registered for MQTT.
const DEFAULT_PORT: u16 = 1883;

/// Opens a connection to `host` or `host:port`: to the first of the host's addresses that answers.
pub(crate) async fn tcp(address: &str) -> Result<TcpStream, ConnectError> {
    let (host, port) = split(address).ok_or(ConnectError::Invalid(Invalid::Address))?;
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

/// The host without the brackets of an IPv6 address, and the port.
fn split(address: &str) -> Option<(&str, u16)> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, port.parse().ok()?)),
            None if rest.is_empty() => Some((host, DEFAULT_PORT)),
            None => None,
        };
    }
    match address.split_once(':') {
        None if address.is_empty() => None,
        None => Some((address, DEFAULT_PORT)),
        // More than one colon and no brackets: an IPv6 address without a port.
        Some((_, rest)) if rest.contains(':') => Some((address, DEFAULT_PORT)),
        Some(("", _)) => None,
        Some((host, port)) => Some((host, port.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        assert_eq!(split("broker"), Some(("broker", 1883)));
        assert_eq!(split("broker:1884"), Some(("broker", 1884)));
        assert_eq!(split("127.0.0.1:1"), Some(("127.0.0.1", 1)));
        assert_eq!(split("[::1]:1884"), Some(("::1", 1884)));
        assert_eq!(split("[::1]"), Some(("::1", 1883)));
        assert_eq!(split("::1"), Some(("::1", 1883)));
        for wrong in [
            "",
            ":1883",
            "broker:",
            "broker:port",
            "broker:65536",
            "[::1",
            "[::1]1",
        ] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}

//! Addresses of TCP, by number or by name.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// What is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddress {
    /// It is not written as one.
    #[error("`{text}` is no address: expected HOST:PORT")]
    Form {
        /// What was written.
        text: String,
    },
    /// It is written as one, and there is none.
    #[error("`{text}` cannot be found: {reason}")]
    Unknown {
        /// What was written.
        text: String,
        /// What the system says.
        reason: String,
    },
}

/// The address that a text says: `127.0.0.1:1883`, `localhost:1883`; without its port, where there is
/// one to be taken instead. Of a name with several addresses the first.
///
/// # Errors
///
/// Where it says none, or the system does not know the name.
pub fn address(text: &str, default_port: Option<u16>) -> Result<SocketAddr, BadAddress> {
    let found = match default_port {
        Some(port) if !text.contains(':') => (text, port).to_socket_addrs(),
        _ => text.to_socket_addrs(),
    };
    let unknown = |reason: String| BadAddress::Unknown {
        text: text.to_owned(),
        reason,
    };
    match found {
        Ok(mut found) => found
            .next()
            .ok_or_else(|| unknown("it has no address".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(BadAddress::Form {
            text: text.to_owned(),
        }),
        Err(error) => Err(unknown(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let found = |text, port| address(text, port).map(|it| it.to_string());
        assert_eq!(found("127.0.0.1:1", None).unwrap(), "127.0.0.1:1");
        assert_eq!(found("[::1]:1", None).unwrap(), "[::1]:1");
        assert_eq!(found("127.0.0.1", Some(2)).unwrap(), "127.0.0.1:2");
        assert_eq!(address("localhost:3", None).unwrap().port(), 3);
        for wrong in ["127.0.0.1", "", "localhost:", "localhost:99999", "a:b"] {
            let error = address(wrong, None).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("`{wrong}` is no address: expected HOST:PORT")
            );
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_not_called_a_wrong_form() {
        let error = address("no.such.host.invalid:1883", None).unwrap_err();
        assert!(matches!(error, BadAddress::Unknown { .. }), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("`no.such.host.invalid:1883` cannot be found: ")
        );
    }
}

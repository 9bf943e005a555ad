//! The address of a broker, as people write it.

use std::net::Ipv6Addr;

use crate::error::Invalid;

/// The port that IANA has registered for MQTT.
const DEFAULT_PORT: u16 = 1883;

/// The schemes that mean MQTT over plain TCP.
const SCHEMES: [&str; 2] = ["mqtt", "tcp"];

/// The host without the brackets of an IPv6 address, and the port.
///
/// # Errors
///
/// What is not `host` or `host:port`, with or without a scheme that is known.
pub(super) fn parse(address: &str) -> Result<(&str, u16), Invalid> {
    // What stands before it may be a password, which no error is to repeat.
    if address.contains('@') {
        return Err(Invalid::CredentialsInAddress);
    }
    let authority = match address.split_once("://") {
        None => address,
        Some((scheme, rest)) if is_known(scheme) => rest,
        Some((scheme, _)) => return Err(Invalid::Scheme(scheme.into())),
    };
    split(authority).ok_or_else(|| Invalid::Address(address.into()))
}

fn is_known(scheme: &str) -> bool {
    SCHEMES
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

fn split(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            match rest.strip_prefix(':') {
                None if !rest.is_empty() => return None,
                port => (host, port),
            }
        }
        None if is_ipv6(authority) => (authority, None),
        None => match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) => (host, Some(port)),
        },
    };
    let of_more = |c: char| c.is_whitespace() || "/?#[]".contains(c);
    if host.is_empty() || host.contains(of_more) {
        return None;
    }
    let port = match port {
        None => DEFAULT_PORT,
        // A number may also begin with a plus sign, and a port may not.
        Some(digits) if digits.starts_with('+') => return None,
        Some(digits) => digits.parse().ok()?,
    };
    Some((host, port))
}

/// Whether it is an IPv6 address, with a zone or without.
fn is_ipv6(host: &str) -> bool {
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, host: &str, port: u16) {
        assert_eq!(parse(address), Ok((host, port)));
    }

    #[test]
    fn hosts_and_ports_are_told_apart() {
        check("broker", "broker", 1883);
        check("broker:1884", "broker", 1884);
        check("127.0.0.1:1", "127.0.0.1", 1);
        check("[::1]:1884", "::1", 1884);
        check("[::1]", "::1", 1883);
        check("::1", "::1", 1883);
        check("fe80::1%eth0", "fe80::1%eth0", 1883);
    }

    #[test]
    fn the_schemes_of_plain_tcp_may_stand_before() {
        check("mqtt://broker", "broker", 1883);
        check("mqtt://broker:1884", "broker", 1884);
        check("tcp://[::1]:1884", "::1", 1884);
        check("MQTT://::1", "::1", 1883);
        for scheme in ["mqtts", "ssl", "ws", "wss", "http", ""] {
            let address = format!("{scheme}://broker:1883");
            assert_eq!(parse(&address), Err(Invalid::Scheme(scheme.into())));
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for wrong in [
            "",
            ":1883",
            "broker:",
            "broker:port",
            "broker:+1",
            "broker:65536",
            "broker:1883:1",
            "[::1",
            "[::1]1",
            "[::1]:",
            "[]:1883",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://broker:1883/",
            "mqtt://broker/path",
            "mqtt://mqtt://broker",
            "the broker",
        ] {
            assert_eq!(parse(wrong), Err(Invalid::Address(wrong.into())));
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        for wrong in ["mqtt://u:secret@broker", "u:secret@broker:1883", "u@://b"] {
            assert_eq!(parse(wrong), Err(Invalid::CredentialsInAddress));
        }
    }
}

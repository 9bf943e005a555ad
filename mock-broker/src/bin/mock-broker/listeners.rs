//! Where to listen, as the command line says it.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

use nack_mock_broker::scenario::{Listen, TlsOptions, WebSocketOptions};

/// An address to listen on: `HOST:PORT`, or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Where to listen, and nothing about what is spoken there.
    Bare(SocketAddr),
    /// All of it.
    Whole(Box<Listen>),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            let mut listen = Listen::default();
            listen.unix = Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)));
            return Ok(Self::Whole(Box::new(listen)));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return address(text, 1883).map(Self::Bare);
        };
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) => (host, Some(format!("/{path}"))),
            None => (rest, None),
        };
        let (tls, websocket, port) = match scheme {
            "tcp" | "mqtt" => (false, false, 1883),
            "tls" | "mqtts" | "ssl" => (true, false, 8883),
            "ws" => (false, true, 8080),
            "wss" => (true, true, 8443),
            _ => return Err(format!("`{scheme}` is none of tcp, tls, ws, wss and unix")),
        };
        if path.is_some() && !websocket {
            return Err("only WebSocket has a path".to_owned());
        }
        let mut listen = Listen::default();
        listen.address = Some(address(host, port)?);
        listen.tls = tls.then(TlsOptions::default);
        listen.websocket = websocket.then(|| {
            let mut options = WebSocketOptions::default();
            options.path = path;
            options
        });
        Ok(Self::Whole(Box::new(listen)))
    }
}

/// `127.0.0.1:1883`, `localhost:1883`, `:1883`, `1883`, `127.0.0.1`.
fn address(text: &str, default_port: u16) -> Result<SocketAddr, String> {
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let found = match text.parse() {
        Ok(address) => return Ok(address),
        Err(_) if text.contains(':') => text.to_socket_addrs(),
        Err(_) => (text, default_port).to_socket_addrs(),
    };
    found
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| format!("`{text}` is no address; expected HOST:PORT"))
}

/// Where to listen: as the command line says, as the scenarios say, or as everybody does.
pub(crate) fn choose(said: &[Address], scenarios: Vec<Listen>) -> Vec<Listen> {
    if said.is_empty() {
        if scenarios.is_empty() {
            let mut usual = Listen::default();
            usual.address = Some(SocketAddr::from(([127, 0, 0, 1], 1883)));
            return vec![usual];
        }
        return scenarios;
    }
    let mut scenarios = scenarios.into_iter();
    let listeners = said.iter().map(|said| match said {
        Address::Whole(listen) => listen.as_ref().clone(),
        // The scenario says what is spoken, and the command line where.
        Address::Bare(address) => {
            let mut listen = scenarios.next().unwrap_or_default();
            listen.address = Some(*address);
            listen.unix = None;
            listen
        }
    });
    listeners.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_url() {
        let bare = |text: &str| match text.parse() {
            Ok(Address::Bare(address)) => address.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(bare("127.0.0.1:0"), "127.0.0.1:0");
        assert_eq!(bare("[::1]:1"), "[::1]:1");
        assert_eq!(bare("1884"), "127.0.0.1:1884");
        assert_eq!(bare(":1884"), "127.0.0.1:1884");
        assert_eq!(bare("127.0.0.1"), "127.0.0.1:1883");
        let Ok(Address::Whole(listen)) = "wss://127.0.0.1/mqtt".parse() else {
            panic!("a URL says all");
        };
        assert_eq!(listen.address.unwrap().port(), 8443);
        assert!(listen.tls.is_some());
        assert_eq!(listen.websocket.unwrap().path.as_deref(), Some("/mqtt"));
        assert!("http://127.0.0.1".parse::<Address>().is_err());
        assert!("tls://127.0.0.1/path".parse::<Address>().is_err());
    }

    #[test]
    fn a_bare_address_keeps_what_the_scenario_speaks() {
        let mut scenario = Listen::default();
        scenario.tls = Some(TlsOptions::default());
        let said = [
            "127.0.0.1:0".parse().unwrap(),
            "tcp://127.0.0.1:0".parse().unwrap(),
        ];
        let chosen = choose(&said, vec![scenario]);
        assert!(chosen[0].tls.is_some());
        assert!(chosen[1].tls.is_none());
    }
}

//! Where to listen, as the command line says it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use nack_mock_broker::scenario::{self, BadAddress, Listen, TlsOptions, WebSocketOptions};

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
            return address(text, 1883)
                .map(Self::Bare)
                .map_err(|error| error.to_string());
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
        listen.address = Some(address(host, port).map_err(|error| error.to_string())?);
        listen.tls = tls.then(TlsOptions::default);
        listen.websocket = websocket.then(|| {
            let mut options = WebSocketOptions::default();
            options.path = path;
            options
        });
        Ok(Self::Whole(Box::new(listen)))
    }
}

/// `127.0.0.1:1883`, `localhost:1883`, `:1883`, `1883`, and where there is a default port
/// `127.0.0.1`.
fn address(text: &str, default_port: impl Into<Option<u16>>) -> Result<SocketAddr, BadAddress> {
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    scenario::address(text, default_port.into())
}

/// Where the control API is served.
pub(crate) fn control(text: &str) -> Result<SocketAddr, BadAddress> {
    address(text, None)
}

/// The address of another broker, `HOST:PORT`: whether it is written as one. Who it is, is asked when it
/// is needed.
pub(crate) fn upstream(text: &str) -> Result<String, BadAddress> {
    match scenario::address(text, Some(1883)) {
        Err(error @ BadAddress::Form { .. }) => Err(error),
        _ => Ok(text.to_owned()),
    }
}

/// A listener of a scenario that has no place on the command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{scenario} listens with {layers}, and no --listen does: what is wrong there would be lost; \
     name {url}, or HOST:PORT alone, where the scenario says what is spoken"
)]
pub(crate) struct Displaced {
    scenario: String,
    layers: &'static str,
    url: &'static str,
}

/// What is spoken on top of a socket, in words and as a URL.
const fn layers(listen: &Listen) -> (&'static str, &'static str) {
    match (listen.tls.is_some(), listen.websocket.is_some()) {
        (false, false) => ("nothing below MQTT", "tcp://HOST:PORT"),
        (true, false) => ("TLS", "tls://HOST:PORT"),
        (false, true) => ("WebSocket", "ws://HOST:PORT"),
        (true, true) => ("WebSocket over TLS", "wss://HOST:PORT"),
    }
}

/// Where to listen: as the command line says, as the scenarios say, or as everybody does. Each
/// listener of a scenario comes with the scenario's name.
///
/// The command line says where, and the scenario what is spoken there, and what is wrong with it: a
/// bare address takes the place of the scenario's next listener, and a URL that of one with the
/// same layers.
///
/// # Errors
///
/// Where a listener with TLS or WebSocket has no place.
pub(crate) fn choose(
    said: &[Address],
    mut scenarios: Vec<(String, Listen)>,
) -> Result<Vec<Listen>, Displaced> {
    if said.is_empty() {
        if scenarios.is_empty() {
            let mut usual = Listen::default();
            usual.address = Some(SocketAddr::from(([127, 0, 0, 1], 1883)));
            return Ok(vec![usual]);
        }
        return Ok(scenarios.into_iter().map(|(_, listen)| listen).collect());
    }
    // URLs choose first, as they do not fit everywhere.
    let mut chosen: Vec<Option<Listen>> = said
        .iter()
        .map(|said| {
            let Address::Whole(said) = said else {
                return None;
            };
            let same = scenarios
                .iter()
                .position(|(_, listen)| layers(listen) == layers(said));
            Some(match same {
                Some(same) => moved(scenarios.remove(same).1, said),
                None => said.as_ref().clone(),
            })
        })
        .collect();
    for (said, chosen) in said.iter().zip(&mut chosen) {
        if let Address::Bare(address) = said {
            let mut listen = match scenarios.is_empty() {
                true => Listen::default(),
                false => scenarios.remove(0).1,
            };
            listen.address = Some(*address);
            listen.unix = None;
            *chosen = Some(listen);
        }
    }
    let lost = scenarios
        .into_iter()
        .find(|(_, listen)| listen.tls.is_some() || listen.websocket.is_some());
    match lost {
        Some((scenario, listen)) => {
            let (layers, url) = layers(&listen);
            Err(Displaced {
                scenario,
                layers,
                url,
            })
        }
        None => Ok(chosen.into_iter().flatten().collect()),
    }
}

/// The listener of a scenario in another place; the path of a URL belongs to the place.
fn moved(mut listen: Listen, place: &Listen) -> Listen {
    listen.address = place.address;
    listen.unix.clone_from(&place.unix);
    let path = place.websocket.as_ref().and_then(|it| it.path.clone());
    if let (Some(websocket), Some(path)) = (&mut listen.websocket, path) {
        websocket.path = Some(path);
    }
    listen
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

    fn scenario(text: &str) -> (String, Listen) {
        ("plant".to_owned(), serde_json::from_str(text).unwrap())
    }

    fn chosen(said: &[&str], scenarios: &[&str]) -> Result<Vec<Listen>, Displaced> {
        let said: Vec<Address> = said.iter().map(|text| text.parse().unwrap()).collect();
        choose(&said, scenarios.iter().map(|text| scenario(text)).collect())
    }

    #[test]
    fn a_bare_address_keeps_what_the_scenario_speaks() {
        let chosen = chosen(
            &["127.0.0.1:0", "tcp://127.0.0.1:0"],
            &[r#"{ "tls": { "fault": "expired" } }"#],
        )
        .unwrap();
        assert!(chosen[0].tls.as_ref().unwrap().fault.is_some());
        assert!(chosen[1].tls.is_none());
    }

    #[test]
    fn a_url_keeps_the_faults_of_the_listener_with_its_layers() {
        let tls = r#"{ "address": "127.0.0.1:8883", "tls": { "fault": "expired" } }"#;
        let websocket = r#"{ "unix": "/a", "websocket": { "path": "/b", "fault": "pings" } }"#;
        let chosen = chosen(
            &["ws://127.0.0.1:1/mqtt", "127.0.0.1:2", "wss://127.0.0.1:3"],
            &[tls, websocket],
        )
        .unwrap();
        assert_eq!(chosen.len(), 3);
        let ws = chosen[0].websocket.as_ref().unwrap();
        assert!(ws.fault.is_some() && chosen[0].unix.is_none());
        assert_eq!(ws.path.as_deref(), Some("/mqtt"));
        assert_eq!(chosen[0].address.unwrap().port(), 1);
        assert!(chosen[1].tls.as_ref().unwrap().fault.is_some());
        assert_eq!(chosen[1].address.unwrap().port(), 2);
        assert_eq!(chosen[2].tls, Some(TlsOptions::default()));
    }

    #[test]
    fn a_listener_with_layers_that_has_no_place_is_refused() {
        let tls = r#"{ "tls": { "fault": "expired" } }"#;
        for said in ["tcp://127.0.0.1:0", "wss://127.0.0.1:0", "unix:/a"] {
            let error = chosen(&[said], &[tls]).unwrap_err().to_string();
            assert!(
                error.starts_with("plant listens with TLS, and no --listen does"),
                "{error}"
            );
            assert!(error.contains("tls://HOST:PORT"), "{error}");
        }
        assert!(chosen(&["1883"], &["{}", tls]).is_err());
        assert_eq!(chosen(&["1883"], &["{}", "{}"]).unwrap().len(), 1);
    }
}

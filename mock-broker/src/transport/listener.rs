//! Where a broker listens, as data.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;

#[cfg(feature = "tls")]
use super::Tls;
use super::TransportKind;
#[cfg(feature = "websocket")]
use super::WebSocket;

/// Where a broker listens, and what is spoken there below MQTT; for
/// [`Builder::listen`](crate::Builder::listen).
///
/// ```
/// use nack_mock_broker::{Listener, MockBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let broker = MockBroker::builder()
///     .listen(Listener::local())
///     .listen(Listener::tcp("[::1]:0".parse().unwrap()))
///     .start()
///     .await?;
/// assert!(broker.urls()[1].starts_with("mqtt://[::1]:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a listener listens once a broker is started with it"]
pub struct Listener {
    pub(super) place: Place,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
    #[cfg(feature = "websocket")]
    pub(super) websocket: Option<WebSocket>,
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Listener {
    /// On 127.0.0.1, and a port of the system's choice.
    pub fn local() -> Self {
        Self::tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// On this address; with port 0, on a port of the system's choice.
    pub const fn tcp(address: SocketAddr) -> Self {
        Self::at(Place::Tcp(address))
    }

    /// On a Unix domain socket of this path. A socket that is there and that nobody listens on is
    /// replaced; the broker refuses to start where the path is anything else. The socket is removed
    /// when the broker is dropped.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::at(Place::Unix(path.into()))
    }

    /// TLS is spoken there, below MQTT or WebSocket.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// WebSocket is spoken there, below MQTT.
    #[cfg(feature = "websocket")]
    pub fn websocket(mut self, websocket: WebSocket) -> Self {
        self.websocket = Some(websocket);
        self
    }

    /// What its connections go over.
    pub(super) const fn kind(&self) -> TransportKind {
        #[cfg(all(feature = "tls", feature = "websocket"))]
        if self.tls.is_some() && self.websocket.is_some() {
            return TransportKind::SecureWebSocket;
        }
        #[cfg(feature = "websocket")]
        if self.websocket.is_some() {
            return TransportKind::WebSocket;
        }
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return TransportKind::Tls;
        }
        match &self.place {
            Place::Tcp(_) => TransportKind::Tcp,
            #[cfg(unix)]
            Place::Unix(_) => TransportKind::Unix,
        }
    }

    /// What clients connect to, at an address.
    pub(super) fn url(&self, address: SocketAddr) -> String {
        let scheme = match self.kind() {
            TransportKind::Tls => "mqtts",
            TransportKind::WebSocket => "ws",
            TransportKind::SecureWebSocket => "wss",
            _ => "mqtt",
        };
        #[cfg(feature = "websocket")]
        let path = self.websocket.as_ref().map_or("", |it| it.url_path());
        #[cfg(not(feature = "websocket"))]
        let path = "";
        format!("{scheme}://{}{path}", reachable(address))
    }

    const fn at(place: Place) -> Self {
        Self {
            place,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "websocket")]
            websocket: None,
        }
    }
}

/// Nobody can connect to the address that stands for all of them.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

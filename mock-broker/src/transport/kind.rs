//! What a connection goes over, by name.

use std::fmt;

/// What a connection goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// No socket at all: [`MockBroker::connect`](crate::MockBroker::connect).
    #[default]
    Memory,
    /// TCP, and nothing between it and MQTT.
    Tcp,
    /// A Unix domain socket.
    Unix,
    /// TLS.
    Tls,
    /// WebSocket without TLS.
    WebSocket,
    /// WebSocket over TLS.
    SecureWebSocket,
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::Tls => "tls",
            Self::WebSocket => "websocket",
            Self::SecureWebSocket => "websocket over tls",
        })
    }
}

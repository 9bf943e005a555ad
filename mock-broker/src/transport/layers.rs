//! What lies between a socket and MQTT, made ready for the connections of one listener.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::hangup::{Failure, Hangup};
use super::listener::Listener;
use super::socket::Socket;
#[cfg(feature = "tls")]
use super::tls;
#[cfg(feature = "websocket")]
use super::websocket;
use super::{Notes, Stream, TransportKind};
use crate::Direction;

/// What every connection of a listener has to go through.
pub(crate) struct Layers {
    kind: TransportKind,
    handshake_limit: Duration,
    #[cfg(feature = "tls")]
    tls: Option<tls::Acceptor>,
    #[cfg(feature = "websocket")]
    websocket: Option<websocket::Upgrader>,
}

impl Layers {
    /// No layers at all, for what never was a socket.
    pub(crate) fn memory() -> Arc<Self> {
        Arc::new(Self {
            kind: TransportKind::Memory,
            handshake_limit: Duration::ZERO,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "websocket")]
            websocket: None,
        })
    }

    pub(crate) fn new(listener: &Listener, handshake_limit: Duration) -> io::Result<Arc<Self>> {
        #[cfg(feature = "tls")]
        let tls = match &listener.tls {
            None => None,
            Some(tls) => {
                // What is spoken right above it.
                let alpn = match listener.kind() {
                    TransportKind::SecureWebSocket => "http/1.1",
                    _ => "mqtt",
                };
                Some(tls::Acceptor::new(tls.clone(), alpn)?)
            }
        };
        #[cfg(feature = "websocket")]
        let websocket = listener.websocket.clone().map(websocket::Upgrader::new);
        Ok(Arc::new(Self {
            kind: listener.kind(),
            handshake_limit,
            #[cfg(feature = "tls")]
            tls,
            #[cfg(feature = "websocket")]
            websocket,
        }))
    }

    #[cfg(feature = "tls")]
    pub(super) const fn tls(&self) -> Option<&tls::Acceptor> {
        self.tls.as_ref()
    }

    #[cfg(feature = "websocket")]
    pub(super) const fn websocket(&self) -> Option<&websocket::Upgrader> {
        self.websocket.as_ref()
    }

    pub(crate) const fn kind(&self) -> TransportKind {
        self.kind
    }

    /// Whether MQTT begins at once.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(
            self.kind,
            TransportKind::Memory | TransportKind::Tcp | TransportKind::Unix
        )
    }

    /// Does all handshakes, within the limit.
    pub(super) async fn open(
        self: Arc<Self>,
        socket: Socket,
        notes: Arc<Notes>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let limit = self.handshake_limit;
        match timeout(limit, self.shake_hands(socket, &notes)).await {
            Ok(opened) => opened,
            Err(_) => {
                let note = format!("the handshake took longer than {limit:?}");
                notes.add(Direction::ToClient, note);
                Err(Hangup::BY_BROKER.into())
            }
        }
    }

    async fn shake_hands(
        &self,
        socket: Socket,
        notes: &Arc<Notes>,
    ) -> Result<Box<dyn Stream>, Failure> {
        #[cfg(feature = "tls")]
        let stream = match &self.tls {
            Some(tls) => tls.accept(socket, notes).await?,
            None => Box::new(socket),
        };
        #[cfg(not(feature = "tls"))]
        let stream: Box<dyn Stream> = Box::new(socket);

        #[cfg(feature = "websocket")]
        if let Some(websocket) = &self.websocket {
            return websocket.accept(stream, notes).await;
        }
        // Nothing else has anything to say.
        let _ = notes;
        Ok(stream)
    }
}

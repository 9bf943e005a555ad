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
use super::{Notes, Stream, TransportKind};
use crate::Direction;

/// What every connection of a listener has to go through.
pub(crate) struct Layers {
    kind: TransportKind,
    handshake_limit: Duration,
    #[cfg(feature = "tls")]
    tls: Option<tls::Acceptor>,
}

impl Layers {
    /// No layers at all, for what never was a socket.
    pub(crate) fn memory() -> Arc<Self> {
        Arc::new(Self {
            kind: TransportKind::Memory,
            handshake_limit: Duration::ZERO,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    pub(super) fn new(listener: &Listener, handshake_limit: Duration) -> io::Result<Arc<Self>> {
        #[cfg(feature = "tls")]
        let tls = match &listener.tls {
            None => None,
            Some(tls) => Some(tls::Acceptor::new(tls, "mqtt")?),
        };
        Ok(Arc::new(Self {
            kind: listener.kind(),
            handshake_limit,
            #[cfg(feature = "tls")]
            tls,
        }))
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
        if let Some(tls) = &self.tls {
            return tls.accept(socket, notes).await;
        }
        let _ = notes;
        Ok(Box::new(socket))
    }
}

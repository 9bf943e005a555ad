//! Sockets that are listened on, and the tasks that accept.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

#[cfg(feature = "tls")]
use super::TlsFault;
#[cfg(feature = "websocket")]
use super::WebSocketFault;
use super::door::Door;
use super::listener::Place;
use super::{Layers, Listener};
use crate::shared::Shared;

/// Listens until it is dropped.
pub(crate) struct Listening {
    url: String,
    door: Arc<Door>,
    task: AbortHandle,
    #[cfg(any(feature = "tls", feature = "websocket"))]
    layers: Arc<Layers>,
}

/// After the system refused to accept (too many open files, say), how long until the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl Listening {
    /// Listens, as soon as the broker's doors are open, and accepts from then on.
    pub(crate) fn start(
        listener: &Listener,
        handshake_limit: Duration,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let layers = Layers::new(listener, handshake_limit)?;
        let open = shared.doors.are_open();
        let (door, url) = match &listener.place {
            Place::Tcp(address) => {
                let door = Door::tcp(*address, open)?;
                let url = listener.url(door.address().unwrap_or(*address));
                (door, url)
            }
            #[cfg(unix)]
            Place::Unix(path) => (Door::unix(path, open)?, format!("unix:{}", path.display())),
        };
        let door = Arc::new(door);
        shared.doors.add(door.clone());
        let task = tokio::spawn(accept(door.clone(), layers.clone(), shared));
        Ok(Self {
            url,
            door,
            task: task.abort_handle(),
            #[cfg(any(feature = "tls", feature = "websocket"))]
            layers,
        })
    }

    /// `None` where it does not listen on TCP.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.door.address()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What is wrong with the TLS of connections from now on; `None` where there is none.
    #[cfg(feature = "tls")]
    pub(crate) fn set_tls_fault(&self, fault: Option<TlsFault>) -> Option<io::Result<()>> {
        self.layers.tls().map(|tls| tls.set_fault(fault))
    }

    /// What is wrong with the WebSocket of connections from now on; `None` where there is none.
    #[cfg(feature = "websocket")]
    pub(crate) fn set_websocket_fault(&self, fault: Option<WebSocketFault>) -> Option<()> {
        self.layers.websocket().map(|it| it.set_fault(fault))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.door.close();
        self.task.abort();
    }
}

async fn accept(door: Arc<Door>, layers: Arc<Layers>, shared: Arc<Shared>) {
    loop {
        match poll_fn(|cx| door.poll_accept(cx)).await {
            Ok(raw) => shared.serve(raw, layers.clone()),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

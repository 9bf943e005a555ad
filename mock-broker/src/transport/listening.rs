//! Sockets that are listened on, and the tasks that accept.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::task::AbortHandle;

#[cfg(feature = "tls")]
use super::TlsFault;
#[cfg(feature = "websocket")]
use super::WebSocketFault;
use super::listener::Place;
#[cfg(unix)]
use super::socket_file::SocketFile;
use super::{Layers, Listener, Raw};
use crate::shared::Shared;

/// Listens until it is dropped.
pub(crate) struct Listening {
    address: Option<SocketAddr>,
    url: String,
    task: AbortHandle,
    #[cfg(any(feature = "tls", feature = "websocket"))]
    layers: Arc<Layers>,
    #[cfg(unix)]
    _file: Option<SocketFile>,
}

/// A socket that is listened on, and that nobody accepts from yet.
enum Bound {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// After the system refused to accept (too many open files, say), how long until the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl Listening {
    /// Listens, and accepts from now on.
    pub(crate) async fn start(
        listener: Listener,
        handshake_limit: Duration,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let layers = Layers::new(&listener, handshake_limit)?;
        match &listener.place {
            Place::Tcp(address) => {
                let socket = TcpListener::bind(address).await?;
                let address = socket.local_addr()?;
                let url = listener.url(address);
                Ok(Self {
                    address: Some(address),
                    url,
                    task: spawn(Bound::Tcp(socket), layers.clone(), shared),
                    #[cfg(any(feature = "tls", feature = "websocket"))]
                    layers,
                    #[cfg(unix)]
                    _file: None,
                })
            }
            #[cfg(unix)]
            Place::Unix(path) => {
                let (socket, file) = SocketFile::bind(path)?;
                let url = format!("unix:{}", path.display());
                Ok(Self {
                    address: None,
                    url,
                    task: spawn(Bound::Unix(socket), layers.clone(), shared),
                    #[cfg(any(feature = "tls", feature = "websocket"))]
                    layers,
                    _file: Some(file),
                })
            }
        }
    }

    /// `None` where it does not listen on TCP.
    pub(crate) const fn address(&self) -> Option<SocketAddr> {
        self.address
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
        self.task.abort();
    }
}

impl Bound {
    async fn accept(&self) -> io::Result<Raw> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Without it small packets wait for the acknowledgements of larger ones. It fails
                // only on a connection that is gone already.
                let _ = stream.set_nodelay(true);
                Ok(Raw::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Raw::Unix(stream))
            }
        }
    }
}

fn spawn(bound: Bound, layers: Arc<Layers>, shared: Arc<Shared>) -> AbortHandle {
    tokio::spawn(accept(bound, layers, shared)).abort_handle()
}

async fn accept(bound: Bound, layers: Arc<Layers>, shared: Arc<Shared>) {
    loop {
        match bound.accept().await {
            Ok(raw) => shared.serve(raw, layers.clone()),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

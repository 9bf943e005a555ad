//! The server itself: a listener, a task, a bound of connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::timeout;

use super::access::Access;
use super::router;
use crate::control::Local;

/// Serves the control API and its page over HTTP, until it is dropped.
pub struct ControlServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// Why a control server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Others than this machine could reach it, and it has no token to know them by.
    #[error("{address} can be reached from elsewhere: set a token, or listen on 127.0.0.1")]
    NoToken {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The token cannot be sent in a header.
    #[error("a token has 1 to 1000 visible ASCII characters, and no space")]
    BadToken,
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: io::Error,
    },
}

/// How many connections may be open at once: a page has two. When another comes, the one that has
/// asked nothing for the longest time makes room for it; where all are in use, it waits.
const CONNECTIONS: usize = 128;

/// How long the head of a request may take to come, and how long a connection may be idle.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many bytes the head of a request may have.
const HEAD_LIMIT: usize = 64 * 1024;

/// How long to wait before the next connection is taken, after one could not be.
const PAUSE: Duration = Duration::from_millis(50);

impl ControlServer {
    /// Serves the broker here. With a token, who asks must send `Authorization: Bearer TOKEN`.
    ///
    /// # Errors
    ///
    /// Where the address can be reached from elsewhere and there is no token, or it cannot be
    /// listened on.
    ///
    /// # Cancel safety
    ///
    /// No server is left behind when the future is dropped.
    pub async fn start(
        broker: Local,
        address: SocketAddr,
        token: Option<String>,
    ) -> Result<Self, StartError> {
        if token.is_none() && !address.ip().is_loopback() {
            return Err(StartError::NoToken { address });
        }
        let fits = |token: &String| {
            (1..=1000).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !token.as_ref().is_none_or(fits) {
            return Err(StartError::BadToken);
        }
        let listen = |cause| StartError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let router = router(broker, Access::new(token));
        let task = tokio::spawn(accept(listener, router));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the page and the API are: `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for ControlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlServer")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Held by what answers a request, and by a stream for as long as it goes on.
#[derive(Clone, Default)]
pub(super) struct InUse(Arc<()>);

/// A connection that is open.
struct Open {
    in_use: InUse,
    task: AbortHandle,
}

impl Open {
    /// Whether no request of it is being answered: nobody has a hold on it but this and its task.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.in_use.0) <= 2
    }
}

async fn accept(listener: TcpListener, router: Router) {
    // They end with the task that holds them.
    let mut connections = JoinSet::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No more files may be open, say, which may change.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        loop {
            while connections.try_join_next().is_some() {}
            open.retain(|it| !it.task.is_finished());
            if open.len() < CONNECTIONS {
                break;
            }
            match open.iter().position(Open::is_idle) {
                // The oldest stand first.
                Some(oldest) => open.remove(oldest).task.abort(),
                None => {
                    let _ = timeout(PAUSE, connections.join_next()).await;
                }
            }
        }
        let in_use = InUse::default();
        let task = connections.spawn(serve(stream, router.clone(), in_use.clone()));
        open.push(Open { in_use, task });
    }
}

async fn serve(stream: TcpStream, router: Router, in_use: InUse) {
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let held = in_use.clone();
        request.extensions_mut().insert(held.clone());
        let answer = router.call(request);
        async move {
            let answer = answer.await;
            drop(held);
            answer
        }
    });
    // What goes wrong with a connection is over with it.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

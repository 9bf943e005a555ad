//! What a connection reads from and writes to, and where such things come from: listeners, and the
//! handshakes of what lies between TCP and MQTT.

mod door;
mod doors;
#[cfg(any(feature = "tls", feature = "websocket"))]
mod fault_error;
#[cfg(any(feature = "tls", feature = "websocket"))]
mod fault_plan;
mod hangup;
mod kind;
mod layers;
mod listener;
mod listening;
mod notes;
mod socket;
#[cfg(unix)]
mod socket_file;
#[cfg(any(feature = "tls", feature = "websocket"))]
mod stalled;
mod stranger;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "websocket")]
mod websocket;

#[cfg(any(feature = "tls", feature = "websocket"))]
pub use fault_error::ListenerFaultError;
pub use kind::TransportKind;
pub use listener::Listener;
#[cfg(feature = "tls")]
pub use tls::{CertificateFault, ClientCertificate, Identity, Tls, TlsFault, TlsVersion};
#[cfg(feature = "websocket")]
pub use websocket::{WebSocket, WebSocketFault};

pub(crate) use doors::{Change, Doors};
pub(crate) use hangup::Hangup;
pub(crate) use layers::Layers;
pub(crate) use listening::Listening;
pub(crate) use notes::Notes;
pub(crate) use socket::Raw;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::Direction;
use hangup::Failure;
use socket::{Reset, Socket};

/// A stream to one client, whatever it goes over.
///
/// Handshakes are done by whoever reads or writes first, so they happen in the connection's own
/// task, and a client that is slow at them holds up nobody.
///
/// A write is done when its bytes were handed to the system: nothing waits to be flushed. Where it
/// has to wait, it must be repeated with the same bytes, be they fewer or more than before.
pub(crate) struct Transport {
    state: State,
    /// Since when bytes of MQTT are heard.
    open_since: Option<Instant>,
    reset: Reset,
    /// Until the first bytes have come, where MQTT begins with them.
    expecting: Option<Notes>,
}

/// Something that bytes of MQTT go over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Whether what comes is heard.
    fn hears(&self) -> bool {
        true
    }
}

impl Stream for Box<dyn Stream> {
    fn hears(&self) -> bool {
        self.as_ref().hears()
    }
}

type Opening = Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, Failure>> + Send>>;

enum State {
    Opening(Opening),
    Open(Box<dyn Stream>),
    Gone,
}

impl Transport {
    /// Takes over a connection that was accepted.
    pub(crate) fn new(raw: Raw, layers: Arc<Layers>, notes: Notes) -> Self {
        let reset = Reset::default();
        let socket = Socket::new(raw, reset.clone());
        let (state, expecting) = if layers.is_plain() {
            (State::Open(Box::new(socket)), Some(notes))
        } else {
            let opening = layers.open(socket, Arc::new(notes));
            (State::Opening(Box::pin(opening)), None)
        };
        let open_since = matches!(state, State::Open(_)).then(Instant::now);
        Self {
            state,
            open_since,
            reset,
            expecting,
        }
    }

    /// Since when bytes of MQTT are heard; `None` before all handshakes are done, and for good where
    /// a fault has them go unheard.
    pub(crate) const fn open_since(&self) -> Option<Instant> {
        self.open_since
    }

    /// Has the stream end with a reset when it is dropped, where it knows such a thing.
    pub(crate) fn reset_on_drop(&self) {
        self.reset.request();
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut dyn Stream>> {
        if let State::Opening(opening) = &mut self.state {
            match ready!(opening.as_mut().poll(cx)) {
                Ok(stream) => {
                    self.open_since = stream.hears().then(Instant::now);
                    self.state = State::Open(stream);
                }
                Err(failure) => {
                    // What is left of it is for the farewell alone.
                    self.state = failure.stream.map_or(State::Gone, State::Open);
                    return Poll::Ready(Err(failure.hangup.into()));
                }
            }
        }
        Poll::Ready(match &mut self.state {
            State::Open(stream) => Ok(stream.as_mut()),
            State::Opening(_) | State::Gone => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let begin = buffer.filled().len();
        let stream = ready!(this.poll_open(cx))?;
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        if let Some(notes) = this.expecting.take()
            && let Some(stranger) = stranger::named(&buffer.filled()[begin..])
        {
            let note = format!("{stranger} came where plain MQTT is spoken");
            notes.add(Direction::FromClient, note);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = ready!(self.get_mut().poll_open(cx))?;
        Pin::new(stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().state {
            State::Open(stream) => Pin::new(stream).poll_flush(cx),
            State::Opening(_) | State::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match &mut this.state {
            State::Open(stream) => Pin::new(stream).poll_shutdown(cx),
            State::Opening(_) | State::Gone => {
                // There is nothing yet that could be ended in good order.
                this.state = State::Gone;
                Poll::Ready(Ok(()))
            }
        }
    }
}

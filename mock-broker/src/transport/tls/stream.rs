//! A stream over TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::handshake::blame;
use crate::Direction;
use crate::transport::socket::Socket;
use crate::transport::{Notes, Stream};

/// A stream whose handshake was right.
pub(super) struct Secured {
    stream: TlsStream<Socket>,
    /// How many bytes of the write that is not done yet rustls has taken.
    taken: usize,
    /// Whether the end is said, and not only come to.
    close_notify: bool,
    ended: bool,
    notes: Arc<Notes>,
}

impl Secured {
    pub(super) const fn new(
        stream: TlsStream<Socket>,
        close_notify: bool,
        notes: Arc<Notes>,
    ) -> Self {
        Self {
            stream,
            taken: 0,
            close_notify,
            ended: false,
            notes,
        }
    }

    fn explain(&self, error: io::Error) -> io::Error {
        match error.get_ref() {
            Some(_) => blame(&error, &self.notes).into(),
            None => error,
        }
    }
}

impl Stream for Secured {}

impl AsyncRead for Secured {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(Ok(()));
        }
        if this.stream.get_ref().1.wants_write() {
            // What TLS itself has to say, such as the answer to a key update. It holds up nothing,
            // and an error shows in reading.
            let _ = Pin::new(&mut this.stream).poll_flush(cx);
        }
        match ready!(Pin::new(&mut this.stream).poll_read(cx, buffer)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                this.ended = true;
                let note = "the end came without close_notify";
                this.notes.add(Direction::FromClient, note);
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(this.explain(error))),
        }
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.taken == 0 {
            this.taken = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        }
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        // Fewer bytes than the first time are the begin of those that are taken.
        let done = this.taken.min(bytes.len());
        this.taken -= done;
        Poll::Ready(Ok(done))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.close_notify {
            Pin::new(&mut this.stream).poll_shutdown(cx)
        } else {
            Pin::new(this.stream.get_mut().0).poll_shutdown(cx)
        }
    }
}

//! The lowest layer: a socket of the system, or what stands for one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::BytesMut;
#[cfg(feature = "tls")]
use tokio::io::AsyncReadExt;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::Stream;

/// A connection as it was accepted.
pub(crate) enum Raw {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Memory(DuplexStream),
}

/// A connection as it was accepted, which can be made to end with a reset however many layers lie
/// above it.
pub(super) struct Socket {
    raw: Raw,
    /// What was looked at, and is to be read again.
    unread: BytesMut,
    reset: Reset,
}

/// Whether a socket is to end with a reset; asked when it is dropped.
#[derive(Clone, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Reset {
    pub(super) fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Socket {
    pub(super) fn new(raw: Raw, reset: Reset) -> Self {
        Self {
            raw,
            unread: BytesMut::new(),
            reset,
        }
    }

    /// What comes next, which is read again afterwards; nothing at the end.
    #[cfg(feature = "tls")]
    pub(super) async fn peek(&mut self) -> io::Result<&[u8]> {
        if self.unread.is_empty() {
            let mut read = BytesMut::with_capacity(1024);
            self.read_buf(&mut read).await?;
            self.unread = read;
        }
        Ok(&self.unread)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.reset.0.load(Ordering::Relaxed) {
            return;
        }
        match &self.raw {
            // It fails only on a connection that is gone already.
            Raw::Tcp(stream) => drop(stream.set_zero_linger()),
            #[cfg(unix)]
            Raw::Unix(_) => {}
            Raw::Memory(_) => {}
        }
    }
}

impl Stream for Socket {}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.unread.is_empty() {
            let again = this.unread.len().min(buffer.remaining());
            buffer.put_slice(&this.unread.split_to(again));
            return Poll::Ready(Ok(()));
        }
        match &mut this.raw {
            Raw::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(unix)]
            Raw::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            Raw::Memory(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().raw {
            Raw::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(unix)]
            Raw::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Raw::Memory(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().raw {
            Raw::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Raw::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Raw::Memory(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().raw {
            Raw::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Raw::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Raw::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

//! What the driver waits for.

use std::io::{self, IoSlice};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep_until};

use super::dispatch::Next;
use super::{Command, Driver};
use crate::Connected;
use crate::error::ConnectError;

/// How much is read at once. An idle connection keeps no more than this.
pub(super) const READ_SIZE: usize = 4096;

/// How many slices go into one system call.
const SLICES: usize = 16;

/// What woke the driver.
pub(super) enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Command(Option<Command>),
    Dispatch(Next),
    Time,
    /// Nobody waits for the connection any more.
    GivenUp,
}

/// The transport, and where reading and writing it stand.
pub(super) struct Line<T> {
    pub(super) reader: ReadHalf<T>,
    pub(super) writer: WriteHalf<T>,
    /// What was read, and is not a whole packet yet.
    pub(super) buffer: BytesMut,
    /// Whether something was written and not flushed.
    pub(super) unflushed: bool,
    /// Why nothing can be written any more, and until when the broker's last words are awaited.
    pub(super) broken: Option<(io::Error, Instant)>,
}

impl<T: AsyncRead + AsyncWrite> Line<T> {
    pub(super) fn new(transport: T) -> Self {
        let (reader, writer) = tokio::io::split(transport);
        Self {
            reader,
            writer,
            buffer: BytesMut::new(),
            unflushed: false,
            broken: None,
        }
    }

    /// Throws away what comes, until nothing does.
    pub(super) async fn drain(&mut self) {
        let mut discarded = [0; READ_SIZE];
        while matches!(self.reader.read(&mut discarded).await, Ok(count) if count > 0) {
            // A transport that is not tokio's may be ready at all times.
            consume_budget().await;
        }
    }
}

impl Driver {
    /// Waits for the next thing to happen. Which of several things comes first is left to chance,
    /// so that none of them keeps another from its turn.
    pub(super) async fn wake<T>(&mut self, line: &mut Line<T>) -> Wake
    where
        T: AsyncRead + AsyncWrite,
    {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let (mut count, mut unflushed) = (0, false);
        let mut timeout = self.session.poll_timeout().map(Instant::from_std);
        if let Some((_, until)) = line.broken {
            timeout = Some(timeout.map_or(until, |timeout| timeout.min(until)));
        } else {
            count = self.session.transmit(&mut slices);
            unflushed = line.unflushed;
        }
        let reads = if self.over {
            // Whatever comes is thrown away.
            true
        } else if line.broken.is_some() {
            !self.dispatch.is_full()
        } else {
            !self.dispatch.is_held_back()
        };
        if reads {
            line.buffer.reserve(READ_SIZE);
        }
        let connecting = self.connecting.is_some();
        let commands = !connecting && !self.unreachable;
        tokio::select! {
            wake = send(&mut line.writer, &slices[..count], unflushed), if count > 0 || unflushed => wake,
            result = line.reader.read_buf(&mut line.buffer), if reads => Wake::Read(result),
            next = self.dispatch.next() => Wake::Dispatch(next),
            command = self.commands.recv(), if commands => Wake::Command(command),
            () = given_up(&mut self.connecting), if connecting => Wake::GivenUp,
            () = sleep_until(timeout.unwrap_or_else(Instant::now)), if timeout.is_some() => Wake::Time,
        }
    }
}

/// Writes, or flushes where nothing is left to be written. Both may be dropped and begun again.
async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    slices: &[IoSlice<'_>],
    unflushed: bool,
) -> Wake {
    if slices.is_empty() {
        debug_assert!(unflushed, "there is something to be done");
        return Wake::Flushed(writer.flush().await);
    }
    Wake::Written(match writer.write_vectored(slices).await {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        result => result,
    })
}

/// Waits until the caller of `connect` is gone.
async fn given_up(connecting: &mut Option<oneshot::Sender<Result<Connected, ConnectError>>>) {
    match connecting {
        Some(reply) => reply.closed().await,
        None => std::future::pending().await,
    }
}

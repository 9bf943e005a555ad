//! What the driver waits for.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use nack_codec::{Framer, Frames};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::coop::consume_budget;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::dispatch::Next;
use super::{Command, Driver};

/// How much is read at once, at the least.
const READ_SIZE: usize = 4096;

/// How much is read at once where there is always more: a system call for a few hundred messages. It
/// bounds what one message that is kept keeps alive, and what comes for a queue that is full.
const MOST_READ: usize = 16 * READ_SIZE;

/// A buffer that is larger had a large packet in it, and is not kept: what an idle connection keeps
/// does not depend on the largest packet that ever came.
const LARGE_READ: usize = MOST_READ;

/// Nor does it depend on how much came at its busiest moment: where little comes again, a buffer
/// that is larger is not kept either.
const LARGE_FOR_LITTLE: usize = 4 * READ_SIZE;

/// How much is read from a transport that is closed, at the most: what lies in the buffers of two
/// systems is less.
const MOST_DISCARDED: usize = 16 * 1024 * 1024;

/// How many slices go into one system call.
const SLICES: usize = 16;

/// What woke the driver.
pub(super) enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Command(Option<Command>),
    Dispatch(Next),
    Time,
    /// Nobody waits for the connection any more.
    GivenUp,
}

/// Where something may come from.
#[derive(Clone, Copy)]
enum Source {
    Writing,
    Reading,
    Dispatch,
    Commands,
    Time,
}

impl Source {
    const ALL: [Self; 5] = [
        Self::Writing,
        Self::Reading,
        Self::Dispatch,
        Self::Commands,
        Self::Time,
    ];

    const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// The transport, and where reading and writing it stand.
pub(super) struct Line<T> {
    pub(super) transport: Pin<Box<T>>,
    /// What was read, and is not a whole packet yet.
    pub(super) buffer: BytesMut,
    /// How much is read the next time, at the least.
    read_size: usize,
    /// The most that was read at once into this buffer.
    largest_read: usize,
    /// Whether something was written and not flushed.
    pub(super) unflushed: bool,
    /// Why nothing can be written any more, and until when the broker's last words are awaited.
    pub(super) broken: Option<(io::Error, Instant)>,
    /// For the next thing that is due.
    alarm: Alarm,
    /// What is asked first.
    next: Source,
}

impl<T: AsyncRead + AsyncWrite> Line<T> {
    pub(super) fn new(transport: T) -> Self {
        Self {
            transport: Box::pin(transport),
            buffer: BytesMut::new(),
            read_size: READ_SIZE,
            largest_read: READ_SIZE,
            unflushed: false,
            broken: None,
            alarm: Alarm::default(),
            next: Source::Writing,
        }
    }

    /// So much is there after a read: about as much will come the next time, and more where that was
    /// all there was room for.
    pub(super) fn was_read(&mut self, count: usize) {
        self.largest_read = self.largest_read.max(self.read_size);
        self.read_size = READ_SIZE;
        while self.read_size <= count && self.read_size < MOST_READ {
            self.read_size *= 4;
        }
    }

    /// Makes room for what is read the next time, beside what is there: together it is what the
    /// buffer had room for, so that it can be used again.
    fn make_room(&mut self) {
        let more = self.read_size.saturating_sub(self.buffer.len());
        self.buffer.reserve(more.max(READ_SIZE));
    }

    /// Whether there is more to be read, as far as one can tell.
    pub(super) const fn has_more(&self) -> bool {
        self.read_size == MOST_READ
    }

    /// The whole packets of what was read.
    pub(super) fn frames(&mut self, framer: &Framer) -> Frames {
        let size = self.buffer.len();
        let frames = framer.split(&mut self.buffer);
        let is_large = size > LARGE_READ
            || self.largest_read > LARGE_FOR_LITTLE && self.read_size == READ_SIZE;
        if is_large && !frames.bytes().is_empty() {
            self.buffer = BytesMut::from(&self.buffer[..]);
            self.largest_read = READ_SIZE;
        }
        frames
    }

    /// Throws away what comes, until nothing does, or there is no end of it.
    pub(super) async fn drain(&mut self) {
        let mut discarded = [0; READ_SIZE];
        for _ in 0..MOST_DISCARDED / READ_SIZE {
            if !matches!(self.transport.read(&mut discarded).await, Ok(count) if count > 0) {
                return;
            }
            // A transport that is not tokio's may be ready at all times.
            consume_budget().await;
        }
    }
}

impl Driver {
    /// Waits for the next thing to happen.
    pub(super) async fn wake<T>(&mut self, line: &mut Line<T>) -> Wake
    where
        T: AsyncRead + AsyncWrite,
    {
        poll_fn(|cx| self.poll_wake(line, cx)).await
    }

    /// Asks what may have happened, beginning behind what has happened last, so that nothing keeps
    /// anything else from its turn.
    fn poll_wake<T>(&mut self, line: &mut Line<T>, cx: &mut Context<'_>) -> Poll<Wake>
    where
        T: AsyncRead + AsyncWrite,
    {
        for _ in Source::ALL {
            let source = line.next;
            line.next = source.next();
            let wake = match source {
                Source::Writing => self.poll_writing(line, cx),
                Source::Reading => self.poll_reading(line, cx),
                Source::Dispatch => self.dispatch.poll_next(cx).map(Wake::Dispatch),
                Source::Commands => self.poll_commands(cx),
                Source::Time => self.poll_time(line, cx),
            };
            if wake.is_ready() {
                return wake;
            }
        }
        Poll::Pending
    }

    /// Writes, and flushes where nothing is left to be written: which is nothing to be told.
    fn poll_writing<T>(&self, line: &mut Line<T>, cx: &mut Context<'_>) -> Poll<Wake>
    where
        T: AsyncRead + AsyncWrite,
    {
        if line.broken.is_some() {
            return Poll::Pending;
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.session.transmit(&mut slices);
        let transport = line.transport.as_mut();
        if count > 0 {
            let written = ready!(match &slices[..count] {
                // Most of what is written is one buffer, for which there is a cheaper system call.
                [one] => transport.poll_write(cx, one),
                several => transport.poll_write_vectored(cx, several),
            });
            return Poll::Ready(Wake::Written(match written {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                result => result,
            }));
        }
        if !line.unflushed {
            return Poll::Pending;
        }
        match ready!(transport.poll_flush(cx)) {
            Ok(()) => {
                line.unflushed = false;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Wake::Written(Err(error))),
        }
    }

    fn poll_reading<T>(&self, line: &mut Line<T>, cx: &mut Context<'_>) -> Poll<Wake>
    where
        T: AsyncRead + AsyncWrite,
    {
        let reads = if self.over {
            // Whatever comes is thrown away.
            true
        } else if line.broken.is_some() {
            !self.dispatch.is_full()
        } else {
            !self.dispatch.is_held_back() && !self.replies.is_full()
        };
        if !reads {
            return Poll::Pending;
        }
        line.make_room();
        let read = pin!(line.transport.read_buf(&mut line.buffer));
        read.poll(cx).map(Wake::Read)
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        match &mut self.connecting {
            // There can be none yet; but its caller may be gone.
            Some(reply) => reply.poll_closed(cx).map(|()| Wake::GivenUp),
            None if self.unreachable => Poll::Pending,
            None => self.commands.poll_recv(cx).map(Wake::Command),
        }
    }

    fn poll_time<T>(&self, line: &mut Line<T>, cx: &mut Context<'_>) -> Poll<Wake> {
        let mut timeout = self.session.poll_timeout().map(Instant::from_std);
        if let Some((_, until)) = line.broken {
            timeout = Some(timeout.map_or(until, |timeout| timeout.min(until)));
        }
        line.alarm.poll(timeout, cx).map(|()| Wake::Time)
    }
}

#[cfg(test)]
mod tests {
    use nack_codec::Version;

    use super::*;

    /// Reads these bytes into a line, and cuts them.
    fn cut(line: &mut Line<tokio::io::DuplexStream>, bytes: &[u8]) -> usize {
        line.buffer.reserve(READ_SIZE);
        line.buffer.extend_from_slice(bytes);
        let framer = Framer::new(nack_codec::MAXIMUM_PACKET_SIZE, Version::V5);
        line.frames(&framer).iter().count()
    }

    #[test]
    fn more_is_read_at_once_for_as_long_as_there_is_more() {
        let (stream, _) = tokio::io::duplex(1);
        let mut line = Line::new(stream);
        let (few, more, most) = (READ_SIZE, 4 * READ_SIZE, MOST_READ);
        let read = [few - 1, few, more - 1, more, most - 1, most, more, 7];
        let sizes = read.map(|count| {
            line.was_read(count);
            line.read_size
        });
        assert_eq!(sizes, [few, more, more, most, most, most, most, few]);
    }

    #[test]
    fn the_buffer_of_a_busy_moment_is_not_kept() {
        let (stream, _) = tokio::io::duplex(1);
        let mut line = Line::new(stream);
        for count in [READ_SIZE, 4 * READ_SIZE, MOST_READ] {
            line.was_read(count);
            line.make_room();
        }
        assert_eq!(cut(&mut line, b"\xD0\x00"), 1);
        assert!(line.buffer.capacity() > LARGE_FOR_LITTLE);
        line.was_read(2);
        assert_eq!(cut(&mut line, b"\xD0\x00"), 1);
        assert_eq!(line.buffer.capacity(), 0);
    }

    #[test]
    fn the_buffer_of_a_large_packet_is_not_kept() {
        let (stream, _) = tokio::io::duplex(1);
        let mut line = Line::new(stream);
        // A PUBLISH of 1 MiB in pieces, and the beginning of another packet behind it.
        let mut packet = b"\x30\x84\x80\x40\x00\x01a\x00".to_vec();
        packet.resize(8 + (1 << 20), b'm');
        packet.push(0xD0);
        let pieces: Vec<_> = packet.chunks(100_000).collect();
        let (last, first) = pieces.split_last().unwrap();
        for piece in first {
            assert_eq!(cut(&mut line, piece), 0);
        }
        assert_eq!(cut(&mut line, last), 1);
        assert_eq!(&line.buffer[..], b"\xD0");
        assert_eq!(cut(&mut line, b"\x00"), 1);
        line.buffer.reserve(READ_SIZE);
        assert!(line.buffer.capacity() <= LARGE_READ);
    }
}

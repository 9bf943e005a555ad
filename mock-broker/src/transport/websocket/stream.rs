//! A stream over WebSocket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

use super::WebSocketFault;
use super::frame::{
    BINARY, CLOSE, CONTINUE, PING, PONG, Piece, RESERVED, TEXT, Unframer, Violation, whole, write,
    write_as_long,
};
use crate::Direction;
use crate::transport::{Hangup, Notes, Stream};

/// How many bytes are read at once.
const READ_SIZE: usize = 8 * 1024;

/// The longest message that is sent, in bytes: a packet that is longer goes on in the next.
const LONGEST_MESSAGE: usize = 1024 * 1024;

/// From this many bytes on that the client has not read yet, its pings are not answered.
const PONGS_LIMIT: usize = 64 * 1024;

/// The code of a close frame that says that the other end broke the rules.
const PROTOCOL_ERROR: u16 = 1002;

/// How long a frame says it is that cannot be: RFC 6455 has 63 bits for it.
const OVERSIZE: u64 = u64::MAX >> 1;

/// A stream whose upgrade was right.
pub(super) struct Framed {
    stream: Box<dyn Stream>,
    unframer: Unframer,
    /// Data that was taken out of a frame, and not read yet.
    data: Bytes,
    /// Frames that are not written yet.
    outbox: BytesMut,
    /// How many bytes of the write that is not done yet stand in frames of the outbox.
    taken: usize,
    /// How many writes of data are in frames.
    written: u32,
    /// What the end of [`WebSocketFault::Join`] is waited for with.
    joining: Option<Pin<Box<Sleep>>>,
    fault: Option<WebSocketFault>,
    close_code: u16,
    incoming: Incoming,
    /// Whether a close frame was sent, or is not to be.
    closed: bool,
    /// Whether a close frame in the middle of things means the end.
    hangs_up: bool,
    notes: Arc<Notes>,
}

/// What becomes of what comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incoming {
    /// It is read.
    Read,
    /// It is thrown away, because the client has broken the rules.
    Ignored,
    /// Nothing comes any more.
    Ended,
}

impl Framed {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        read: BytesMut,
        fault: Option<WebSocketFault>,
        close_code: u16,
        notes: Arc<Notes>,
    ) -> Self {
        let mut unframer = Unframer::default();
        unframer.read = read;
        let mut framed = Self {
            stream,
            unframer,
            data: Bytes::new(),
            outbox: BytesMut::new(),
            taken: 0,
            written: 0,
            joining: None,
            closed: fault == Some(WebSocketFault::NoCloseFrame),
            close_code,
            incoming: Incoming::Read,
            hangs_up: fault == Some(WebSocketFault::CloseAfter(0)),
            fault,
            notes,
        };
        if framed.hangs_up {
            framed.close();
        }
        framed
    }

    fn poll_outbox(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outbox.is_empty() {
            let stream = Pin::new(&mut self.stream);
            match ready!(stream.poll_write(cx, &self.outbox))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.outbox.advance(written),
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Reads from below; whether anything came.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let read = &mut self.unframer.read;
        let mut space = [0; READ_SIZE];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        read.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(!buffer.filled().is_empty()))
    }

    /// Does what the next piece asks for; whether there was one.
    fn handle_next(&mut self) -> Result<bool, Violation> {
        match self.unframer.next(READ_SIZE)? {
            None => return Ok(false),
            Some(Piece::Data(data)) => self.data = data,
            Some(Piece::Pong(_)) => self.note("pong"),
            Some(Piece::Ping(payload)) => {
                self.note("ping");
                let answers = self.fault != Some(WebSocketFault::NoPong) && !self.closed;
                if answers && self.outbox.len() < PONGS_LIMIT {
                    write(&whole(PONG), &payload, &mut self.outbox);
                }
            }
            Some(Piece::Close(payload)) => {
                match payload.first_chunk() {
                    None => self.note("close frame"),
                    Some(code) => {
                        let code = u16::from_be_bytes(*code);
                        self.note(&format!("close frame {code}"));
                        // It is said again, as is usual, unless nobody may say it.
                        self.close_code = match code {
                            1000..=1003 | 1007..=1014 | 3000..=4999 => code,
                            _ => PROTOCOL_ERROR,
                        };
                    }
                }
                self.incoming = Incoming::Ended;
            }
        }
        Ok(true)
    }

    fn note(&self, note: &str) {
        self.notes.add(Direction::FromClient, note);
    }

    /// Puts what is to be written into frames; how much of it.
    fn frame(&mut self, bytes: &[u8]) -> usize {
        let length = match self.fault {
            Some(WebSocketFault::Join(_)) => bytes.len(),
            _ => first_packet(bytes),
        };
        let length = length.min(LONGEST_MESSAGE);
        let payload = &bytes[..length];
        let out = &mut self.outbox;
        let is = |fault: &WebSocketFault| self.fault.as_ref() == Some(fault);
        match &self.fault {
            Some(WebSocketFault::SplitIntoMessages(size)) => {
                for part in payload.chunks((*size).max(1)) {
                    write(&whole(BINARY), part, out);
                }
            }
            Some(WebSocketFault::Fragments(size)) => {
                fragments(payload.chunks((*size).max(1)), out, |_| {});
            }
            Some(WebSocketFault::EmptyFrames) => {
                write(&whole(BINARY), b"", out);
                let (first, second) = payload.split_at(length / 2);
                fragments([b"", first, b"", second, b""].into_iter(), out, |_| {});
                write(&whole(BINARY), b"", out);
            }
            Some(WebSocketFault::PingBetweenFragments) => {
                let (first, second) = payload.split_at(length / 2);
                let ping = |out: &mut BytesMut| write(&whole(PING), b"nack", out);
                fragments([first, second].into_iter(), out, ping);
            }
            Some(WebSocketFault::CloseBetweenFragments) => {
                let header = FrameHeader {
                    is_final: false,
                    ..whole(BINARY)
                };
                write(&header, &payload[..length / 2], out);
                self.hangs_up = true;
            }
            Some(WebSocketFault::Oversized) => {
                write_as_long(&whole(BINARY), OVERSIZE, payload, out);
            }
            _ => {
                if is(&WebSocketFault::Pings) {
                    write(&whole(PING), b"nack", out);
                }
                let mut header = whole(BINARY);
                match &self.fault {
                    Some(WebSocketFault::TextFrames) => header.opcode = TEXT,
                    Some(WebSocketFault::ReservedOpcode) => header.opcode = RESERVED,
                    Some(WebSocketFault::UnexpectedContinuation) => header.opcode = CONTINUE,
                    Some(WebSocketFault::ReservedBit) => header.rsv1 = true,
                    Some(WebSocketFault::Masked) => header.mask = Some(*b"nack"),
                    _ => {}
                }
                write(&header, payload, out);
            }
        }
        self.written = self.written.saturating_add(1);
        self.hangs_up |= is(&WebSocketFault::CloseAfter(self.written));
        if self.hangs_up {
            self.close();
            let note = format!("close frame {}", self.close_code);
            self.notes.add(Direction::ToClient, note);
        }
        length
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            write(
                &whole(CLOSE),
                &self.close_code.to_be_bytes(),
                &mut self.outbox,
            );
        }
    }
}

impl Stream for Framed {}

impl AsyncRead for Framed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.taken == 0 && this.hangs_up {
            // Once; what comes after that is for the farewell.
            this.hangs_up = false;
            return Poll::Ready(Err(Hangup::BY_BROKER.into()));
        }
        loop {
            // Answers to pings. They hold up nothing, and an error shows in reading.
            let _ = this.poll_outbox(cx);
            if !this.data.is_empty() {
                let length = this.data.len().min(buffer.remaining());
                buffer.put_slice(&this.data.split_to(length));
                return Poll::Ready(Ok(()));
            }
            match this.incoming {
                Incoming::Ended => return Poll::Ready(Ok(())),
                Incoming::Ignored => this.unframer.read.clear(),
                Incoming::Read => match this.handle_next() {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(violation) => {
                        this.note(&violation.to_string());
                        this.close_code = violation.close_code();
                        this.incoming = Incoming::Ignored;
                        return Poll::Ready(Err(Hangup::BY_BROKER.into()));
                    }
                },
            }
            if !ready!(this.poll_fill(cx))? {
                if this.incoming == Incoming::Read {
                    this.note("the end came without a close frame");
                }
                this.incoming = Incoming::Ended;
            }
        }
    }
}

impl AsyncWrite for Framed {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let cut = this.fault == Some(WebSocketFault::NoCloseFrame);
        if this.closed && this.taken == 0 && !cut {
            // Nothing may follow a close frame.
            return Poll::Ready(Ok(bytes.len()));
        }
        if this.taken == 0 {
            if let Some(WebSocketFault::Join(time)) = this.fault {
                let joining = this.joining.get_or_insert_with(|| Box::pin(sleep(time)));
                ready!(joining.as_mut().poll(cx));
                this.joining = None;
            }
            ready!(this.poll_outbox(cx))?;
            this.taken = this.frame(bytes);
        }
        ready!(this.poll_outbox(cx))?;
        // Fewer bytes than the first time are the begin of those that are taken.
        let done = this.taken.min(bytes.len());
        this.taken -= done;
        Poll::Ready(Ok(done))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_outbox(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.close();
        ready!(this.poll_outbox(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

/// Writes a message in these fragments, and something between each two.
fn fragments<'a>(
    parts: impl Iterator<Item = &'a [u8]>,
    out: &mut BytesMut,
    mut between: impl FnMut(&mut BytesMut),
) {
    let mut parts = parts.peekable();
    let mut opcode = BINARY;
    while let Some(part) = parts.next() {
        let header = FrameHeader {
            is_final: parts.peek().is_none(),
            ..whole(opcode)
        };
        write(&header, part, out);
        if !header.is_final {
            between(out);
        }
        opcode = CONTINUE;
    }
}

/// How long the first packet is; where that cannot be told, or it is not whole, all of it.
fn first_packet(bytes: &[u8]) -> usize {
    let mut length = 0;
    for (index, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return (length + index + 2).min(bytes.len());
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_packet_is_as_long_as_its_header_says() {
        let check = |bytes: &[u8], expected| assert_eq!(first_packet(bytes), expected);
        check(b"\xD0\x00\xD0\x00", 2);
        check(b"\x20\x02\x00\x00\xD0\x00", 4);
        let long = [&b"\x30\x80\x01"[..], &[0; 200]].concat();
        check(&long, 131);
        // Not whole, not a header, no packet at all.
        check(b"\x20\x02\x00", 3);
        check(b"\x20\xFF\xFF\xFF\xFF\x00", 6);
        check(b"\x20", 1);
    }
}

//! The other side of a connection, where the broker stands in front of another.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use nack_codec::{Framer, MAXIMUM_PACKET_SIZE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::farewell::drain;
use super::jointly::Jointly;
use super::{Connection, OUTBOX_LIMIT, SCHEDULE_BYTES};
use crate::{Closed, Direction, Received};

/// A connection to the upstream broker, opened for one client.
pub(super) struct Upstream {
    address: SocketAddr,
    stream: Stream,
    inbox: BytesMut,
    outbox: BytesMut,
    /// Answers that it gives together with rules.
    pub(super) jointly: Jointly,
    /// Whether its bytes are passed on as they come, because nobody knows where in them a packet
    /// begins.
    unframed: bool,
}

enum Stream {
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open(TcpStream),
    /// It never came to be.
    Failed,
}

/// How many bytes are read at once.
const READ_SIZE: usize = 8 * 1024;

impl Upstream {
    pub(super) fn new(address: SocketAddr) -> Self {
        let connecting = async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        Self {
            address,
            stream: Stream::Connecting(Box::pin(connecting)),
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            jointly: Jointly::default(),
            unframed: false,
        }
    }

    /// Whether more may be passed on without piling up.
    pub(super) fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX_LIMIT && self.jointly.bytes() < SCHEDULE_BYTES
    }

    /// Connects, writes, and reads if it may; ready when something came, or the connection ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, may_read: bool) -> Poll<io::Result<usize>> {
        if let Stream::Connecting(connecting) = &mut self.stream {
            let connected = ready!(connecting.as_mut().poll(cx));
            // Before the error is told: what has ended is not to be polled again.
            self.stream = Stream::Failed;
            self.stream = Stream::Open(connected?);
        }
        let Stream::Open(stream) = &mut self.stream else {
            return Poll::Pending;
        };
        while !self.outbox.is_empty() {
            match pin!(stream.write_buf(&mut self.outbox)).poll(cx) {
                Poll::Ready(written) => drop(written?),
                Poll::Pending => break,
            }
        }
        if !may_read {
            return Poll::Pending;
        }
        if self.inbox.capacity() - self.inbox.len() < READ_SIZE / 8 {
            self.inbox.reserve(READ_SIZE);
        }
        pin!(stream.read_buf(&mut self.inbox)).poll(cx)
    }

    /// Writes what waits, says that there is no more, and waits until the other side has closed too.
    ///
    /// # Errors
    ///
    /// Where the connection is gone already, or comes to nothing.
    pub(super) async fn finish(self) -> io::Result<()> {
        let mut stream = match self.stream {
            Stream::Open(stream) => stream,
            // A client that says all at once and leaves is heard too.
            Stream::Connecting(_) if self.outbox.is_empty() => return Ok(()),
            Stream::Failed => return Ok(()),
            Stream::Connecting(connecting) => connecting.await?,
        };
        stream.write_all(&self.outbox).await?;
        stream.shutdown().await?;
        drain(&mut stream).await
    }
}

impl Connection {
    /// Whether what the upstream broker sends is read.
    pub(super) fn may_read_upstream(&self) -> bool {
        self.has_room() && !self.mute
    }

    pub(super) fn pass_on(&mut self, bytes: &Bytes) {
        if let Some(upstream) = &mut self.upstream {
            upstream.outbox.extend_from_slice(bytes);
        }
    }

    /// Something came from the upstream broker, or its connection ended.
    pub(super) fn handle_upstream(&mut self, read: io::Result<usize>) {
        let Some(upstream) = &mut self.upstream else {
            return;
        };
        let note = match read {
            Ok(0) => {
                // What is no whole packet passes too.
                upstream.unframed = true;
                self.pass_back();
                "the upstream broker closed its connection".to_owned()
            }
            Ok(_) => return self.pass_back(),
            Err(error) => format!("the upstream broker at {}: {error}", upstream.address),
        };
        if self.ending.is_some() {
            return;
        }
        let shared = self.shared.clone();
        let to = Direction::ToClient;
        let mut access = shared.access();
        access.state().record.note(&self.source, to, note.into());
        self.end_in(&mut access, to, Closed::Finished);
        drop(access);
        shared.announce();
    }

    /// Passes on to the client what came, packet by packet.
    fn pass_back(&mut self) {
        let Some(upstream) = &mut self.upstream else {
            return;
        };
        let mut packets = Vec::new();
        if !upstream.unframed {
            let framer = Framer::new(MAXIMUM_PACKET_SIZE, self.source.version);
            let frames = framer.split(&mut upstream.inbox);
            for frame in &frames {
                match frame {
                    Ok(frame) => packets.push(frames.bytes().slice_ref(frame.bytes())),
                    Err(_) => upstream.unframed = true,
                }
            }
        }
        if upstream.unframed && !upstream.inbox.is_empty() {
            packets.push(upstream.inbox.split().freeze());
        }
        let shared = self.shared.clone();
        let mut access = shared.access();
        for packet in packets {
            if self.ending.is_some() {
                break;
            }
            if let Some(it) = Received::new(&self.source, Direction::ToClient, &packet, None) {
                access.state().behaviour.passes(&it);
            }
            if !self.answer_jointly(&mut access, &packet) {
                self.emit(&mut access, packet);
            }
        }
        drop(access);
        shared.announce();
    }
}

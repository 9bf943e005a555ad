//! Sits between client and broker, and lets a saboteur tamper with each packet on its way.

use nack_codec::{Frame, MAXIMUM_PACKET_SIZE, PacketType, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// As much as the broker's own in-memory connections hold.
const BUFFER: usize = 64 * 1024;

/// Tampers with the packets of one connection. What a method does not touch passes.
pub(super) trait Wire: Send {
    fn toward_broker(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        passed.to_broker.extend_from_slice(packet.bytes);
    }

    fn toward_client(&mut self, packet: Packet<'_>, passed: &mut Passed) {
        passed.to_client.extend_from_slice(packet.bytes);
    }

    /// Whether the broker learns that the client has closed the connection.
    fn passes_close(&self) -> bool {
        true
    }
}

/// A packet on its way: its type, and all its bytes. Saboteurs look at those alone.
#[derive(Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) kind: Option<PacketType>,
    pub(super) bytes: &'a [u8],
}

impl Packet<'_> {
    /// The bytes behind the fixed header.
    pub(super) fn body(&self) -> &[u8] {
        let length = self
            .bytes
            .iter()
            .skip(1)
            .take_while(|byte| **byte >= 0x80)
            .count()
            + 1;
        &self.bytes[1 + length..]
    }

    /// The identifier of an acknowledgement.
    pub(super) fn packet_id(&self) -> Option<[u8; 2]> {
        self.body().first_chunk().copied()
    }

    /// The reason code of PUBACK, PUBREC, PUBREL or PUBCOMP.
    pub(super) fn code(&self) -> u8 {
        self.body().get(2).copied().unwrap_or(0)
    }

    /// Whether a PUBACK or PUBREC refuses a message.
    pub(super) fn refuses_message(&self) -> bool {
        matches!(self.kind, Some(PacketType::Puback | PacketType::Pubrec)) && self.code() >= 0x80
    }

    /// The QoS of a PUBLISH.
    pub(super) const fn qos(&self) -> u8 {
        self.bytes[0] >> 1 & 0b11
    }
}

/// What goes on.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) to_broker: Vec<u8>,
    pub(super) to_client: Vec<u8>,
    /// Whether the connection ends behind that.
    pub(super) hang_up: bool,
}

/// The client's end of a connection whose packets pass `wire`.
pub(super) fn tapped(broker: DuplexStream, wire: Box<dyn Wire>) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    tokio::spawn(pass(ours, broker, wire));
    theirs
}

async fn pass(mut client: DuplexStream, mut broker: DuplexStream, mut wire: Box<dyn Wire>) {
    let (mut from_client, mut from_broker) = (Vec::new(), Vec::new());
    loop {
        tokio::select! {
            read = client.read_buf(&mut from_client) => match read {
                Ok(0) | Err(_) if wire.passes_close() => return,
                // The broker is left alone with a connection that nobody reads.
                Ok(0) | Err(_) => return std::future::pending().await,
                Ok(_) => {}
            },
            read = broker.read_buf(&mut from_broker) => if matches!(read, Ok(0) | Err(_)) {
                return;
            },
        }
        let mut passed = Passed::default();
        split(&mut from_client, |packet| {
            wire.toward_broker(packet, &mut passed)
        });
        split(&mut from_broker, |packet| {
            wire.toward_client(packet, &mut passed)
        });
        let _ = broker.write_all(&passed.to_broker).await;
        let _ = client.write_all(&passed.to_client).await;
        if passed.hang_up {
            return;
        }
    }
}

/// Takes whole packets off the front, whatever is in them.
fn split(buffer: &mut Vec<u8>, mut take: impl FnMut(Packet<'_>)) {
    let mut end = 0;
    while let Ok(Some(frame)) = Frame::first(&buffer[end..], MAXIMUM_PACKET_SIZE, Version::V5) {
        take(Packet {
            kind: frame.packet_type(),
            bytes: frame.bytes(),
        });
        end += frame.bytes().len();
    }
    buffer.drain(..end);
}

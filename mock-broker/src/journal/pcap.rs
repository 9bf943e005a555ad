//! The journal as a capture file (pcapng) that Wireshark and tshark open as MQTT.
//!
//! The journal has packets and no segments, so Ethernet, IP and TCP around them are made up, as
//! they would look on a link that loses nothing. What went over TLS or WebSocket stands there as
//! the MQTT inside it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut, BytesMut};

use super::{Closed, Direction, Entry, EntryKind, Journal};

/// A capture file that is being written: an entry of the journal is added when it comes.
///
/// ```
/// use std::time::SystemTime;
/// use nack_mock_broker::{Capture, MockBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let broker = MockBroker::in_memory();
/// let mut capture = Capture::new(Vec::new(), SystemTime::now())?;
/// for entry in &broker.journal() {
///     capture.add(entry)?;
/// }
/// assert!(capture.into_inner().starts_with(b"\x0A\x0D\x0D\x0A"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Capture<W> {
    out: W,
    started: SystemTime,
    /// The connections that are open, by their numbers.
    flows: HashMap<u32, Flow>,
    /// How many IP packets were written: the identification of the next.
    written: u16,
}

/// One connection as TCP sees it.
#[derive(Debug)]
struct Flow {
    number: u32,
    /// The next sequence number of each side.
    client: u32,
    broker: u32,
    /// What happened below MQTT, and waits for a segment that it can be a comment of.
    notes: Vec<String>,
}

/// A segment to be written.
struct Segment<'a> {
    from: Direction,
    flags: u8,
    payload: &'a [u8],
    comment: Option<String>,
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// How much of a packet is put into one segment: as a capture of a loopback interface has it.
const SEGMENT: usize = 32 * 1024;

/// Addresses that are kept for documentation, so that nobody takes them for real ones.
const BROKER_ADDRESS: [u8; 4] = [192, 0, 2, 1];
const CLIENT_NETWORK: [u8; 3] = [198, 51, 100];

/// The port that Wireshark knows as MQTT.
const BROKER_PORT: u16 = 1883;

/// The first port of clients; each connection has the next, and past these the next address.
const FIRST_CLIENT_PORT: u16 = 50_001;
const CLIENT_PORTS: u32 = 10_000;

impl Journal {
    /// Writes a capture file that Wireshark opens as MQTT. The journal knows how long after the
    /// broker's start each entry was, and is told here when that was.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_pcapng(&self, started: SystemTime, out: impl Write) -> io::Result<()> {
        let mut capture = Capture::new(out, started)?;
        for entry in self {
            capture.add(entry)?;
        }
        capture.out.flush()
    }
}

impl<W: Write> Capture<W> {
    /// Begins a capture file: the time of an entry is that since the broker started, and is told
    /// here when that was.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn new(mut out: W, started: SystemTime) -> io::Result<Self> {
        let mut section = BytesMut::new();
        // The byte order, and version 1.0 of a section whose length is not known yet.
        section.put_u32_le(0x1A2B_3C4D);
        section.put_u16_le(1);
        section.put_u16_le(0);
        section.put_i64_le(-1);
        put_option(&mut section, 4, b"nack mock-broker");
        put_option(&mut section, 0, b"");
        put_block(&mut out, 0x0A0D_0D0A, &section)?;

        let mut interface = BytesMut::new();
        // Ethernet, with nothing cut off.
        interface.put_u16_le(1);
        interface.put_u16_le(0);
        interface.put_u32_le(0);
        put_option(&mut interface, 2, b"mock-broker");
        // Times are in nanoseconds.
        put_option(&mut interface, 9, &[9]);
        put_option(&mut interface, 0, b"");
        put_block(&mut out, 1, &interface)?;

        Ok(Self {
            out,
            started,
            flows: HashMap::new(),
            written: 0,
        })
    }

    /// Adds what went over the wire. What the journal says besides, the rule that had to do with
    /// a packet and what happened below MQTT, becomes a comment.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let number = entry.connection();
        if number == 0 {
            // It is about no connection, and there is no packet to say it of.
            return Ok(());
        }
        // A connection whose beginning the journal has forgotten is seen from its middle on.
        let mut flow = self
            .flows
            .remove(&number)
            .unwrap_or_else(|| Flow::new(number));
        let at = entry.at();
        let mut stays = true;
        match entry.kind() {
            EntryKind::Opened => self.open(&mut flow, at)?,
            EntryKind::Packet => self.packet(&mut flow, entry)?,
            EntryKind::Closed(how) => {
                stays = false;
                self.close(&mut flow, at, entry.direction(), how)?;
            }
            _ => flow.notes.extend(entry.note().map(str::to_owned)),
        }
        if stays {
            self.flows.insert(number, flow);
        }
        Ok(())
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Has everything written that was added.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn open(&mut self, flow: &mut Flow, at: Duration) -> io::Result<()> {
        let (client, broker) = (Direction::FromClient, Direction::ToClient);
        self.segment(flow, at, Segment::bare(client, SYN))?;
        self.segment(flow, at, Segment::bare(broker, SYN | ACK))?;
        self.segment(flow, at, Segment::bare(client, ACK))
    }

    fn packet(&mut self, flow: &mut Flow, entry: &Entry) -> io::Result<()> {
        let mut comment = entry.rule().map(|rule| format!("rule {rule}"));
        for payload in entry.raw().chunks(SEGMENT) {
            let segment = Segment {
                from: entry.direction(),
                flags: PSH | ACK,
                payload,
                comment: comment.take(),
            };
            self.segment(flow, entry.at(), segment)?;
        }
        Ok(())
    }

    fn close(
        &mut self,
        flow: &mut Flow,
        at: Duration,
        by: Direction,
        how: Closed,
    ) -> io::Result<()> {
        let other = match by {
            Direction::FromClient => Direction::ToClient,
            Direction::ToClient => Direction::FromClient,
        };
        match how {
            Closed::Reset => self.segment(flow, at, Segment::bare(by, RST | ACK)),
            Closed::Finished => {
                self.segment(flow, at, Segment::bare(by, FIN | ACK))?;
                self.segment(flow, at, Segment::bare(other, FIN | ACK))?;
                self.segment(flow, at, Segment::bare(by, ACK))
            }
        }
    }

    fn segment(&mut self, flow: &mut Flow, at: Duration, segment: Segment<'_>) -> io::Result<()> {
        let frame = flow.frame(&segment, self.written);
        self.written = self.written.wrapping_add(1);
        flow.advance(&segment);

        let since_epoch = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        // Until the year 2554.
        let nanoseconds = (since_epoch + at).as_nanos() as u64;
        let mut block = BytesMut::with_capacity(frame.len() + 64);
        block.put_u32_le(0);
        block.put_u32_le((nanoseconds >> 32) as u32);
        block.put_u32_le(nanoseconds as u32);
        block.put_u32_le(frame.len() as u32);
        block.put_u32_le(frame.len() as u32);
        put_padded(&mut block, &frame);
        let notes = std::mem::take(&mut flow.notes);
        let comments: Vec<String> = notes.into_iter().chain(segment.comment).collect();
        for comment in &comments {
            put_option(&mut block, 1, comment.as_bytes());
        }
        if !comments.is_empty() {
            put_option(&mut block, 0, b"");
        }
        put_block(&mut self.out, 6, &block)
    }
}

impl<'a> Segment<'a> {
    const fn bare(from: Direction, flags: u8) -> Self {
        Self {
            from,
            flags,
            payload: &[],
            comment: None,
        }
    }
}

impl Flow {
    const fn new(number: u32) -> Self {
        Self {
            number,
            client: 1_000,
            broker: 2_000,
            notes: Vec::new(),
        }
    }

    fn advance(&mut self, segment: &Segment<'_>) {
        let marks = segment.flags & (SYN | FIN);
        let length = segment.payload.len() as u32 + u32::from(marks != 0);
        let next = match segment.from {
            Direction::FromClient => &mut self.client,
            Direction::ToClient => &mut self.broker,
        };
        *next = next.wrapping_add(length);
    }

    /// The segment in TCP, IP and Ethernet.
    fn frame(&self, segment: &Segment<'_>, identification: u16) -> BytesMut {
        let index = self.number.saturating_sub(1);
        let port = FIRST_CLIENT_PORT + (index % CLIENT_PORTS) as u16;
        let [a, b, c] = CLIENT_NETWORK;
        let client_address = [a, b, c, (1 + index / CLIENT_PORTS % 254) as u8];
        let (source, target, source_port, target_port, sequence, acknowledged) = match segment.from
        {
            Direction::FromClient => (
                client_address,
                BROKER_ADDRESS,
                port,
                BROKER_PORT,
                self.client,
                self.broker,
            ),
            Direction::ToClient => (
                BROKER_ADDRESS,
                client_address,
                BROKER_PORT,
                port,
                self.broker,
                self.client,
            ),
        };

        let mut tcp = BytesMut::with_capacity(20 + segment.payload.len());
        tcp.put_u16(source_port);
        tcp.put_u16(target_port);
        tcp.put_u32(sequence);
        tcp.put_u32(match segment.flags & ACK {
            0 => 0,
            _ => acknowledged,
        });
        // A header of five words.
        tcp.put_u8(5 << 4);
        tcp.put_u8(segment.flags);
        tcp.put_u16(u16::MAX);
        tcp.put_u32(0);
        tcp.extend_from_slice(segment.payload);
        let mut pseudo = BytesMut::with_capacity(12);
        pseudo.extend_from_slice(&source);
        pseudo.extend_from_slice(&target);
        pseudo.put_u16(6);
        pseudo.put_u16(tcp.len() as u16);
        let checksum = checksum(&[&pseudo, &tcp]);
        tcp[16..18].copy_from_slice(&checksum.to_be_bytes());

        let mut frame = BytesMut::with_capacity(14 + 20 + tcp.len());
        let ethernet = |address: [u8; 4]| [2, 0, address[0], address[1], address[2], address[3]];
        frame.extend_from_slice(&ethernet(target));
        frame.extend_from_slice(&ethernet(source));
        frame.put_u16(0x0800);
        let start = frame.len();
        frame.put_u16(0x4500);
        frame.put_u16(20 + tcp.len() as u16);
        frame.put_u16(identification);
        // Not to be cut into fragments; 64 hops; TCP.
        frame.put_u16(0x4000);
        frame.put_u16(0x4006);
        frame.put_u16(0);
        frame.extend_from_slice(&source);
        frame.extend_from_slice(&target);
        let checksum = self::checksum(&[&frame[start..]]);
        frame[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
        frame.unsplit(tcp);
        frame
    }
}

/// The checksum of IP and TCP over parts of which all but the last are of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | word.get(1).map_or(0, |low| u32::from(*low)))
        .fold(0, |sum, word| {
            let sum = sum + word;
            (sum & 0xFFFF) + (sum >> 16)
        });
    sum = (sum & 0xFFFF) + (sum >> 16);
    !(sum as u16)
}

fn put_block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

/// An option; code 0 ends the list of them. What is longer than an option can be is cut.
fn put_option(block: &mut BytesMut, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(0xFFFC)];
    block.put_u16_le(code);
    block.put_u16_le(value.len() as u16);
    put_padded(block, value);
}

fn put_padded(block: &mut BytesMut, bytes: &[u8]) {
    block.extend_from_slice(bytes);
    block.put_bytes(0, bytes.len().next_multiple_of(4) - bytes.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_example_in_rfc_1071() {
        let bytes = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7];
        assert_eq!(checksum(&[&bytes]), !0xDDF2);
        assert_eq!(checksum(&[&bytes[..4], &bytes[4..]]), !0xDDF2);
        assert_eq!(checksum(&[&[0xFF]]), !0xFF00);
    }

    #[test]
    fn a_comment_that_is_too_long_is_cut() {
        let mut block = BytesMut::new();
        put_option(&mut block, 1, &[b'a'; 70_000]);
        assert_eq!(block.len(), 4 + 0xFFFC);
    }
}

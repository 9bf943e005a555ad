//! All that the broker saw and did, in its order: decoded, raw, by whom and when.

#[cfg(feature = "scenario")]
pub mod json;
mod pcap;
mod record;
mod transcript;

pub use pcap::Capture;
pub(crate) use record::{Record, Source};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{DecodeError, Packet, PacketType, Version};

use crate::Received;
use crate::matcher::{Match, Tally};
use crate::received::decode;
use crate::transport::TransportKind;

/// What a broker saw and did up to a moment; the moment of [`MockBroker::journal`].
///
/// Its `Display` is a transcript, one line an entry: `→` is what clients do, `←` what the broker
/// does. `{:#}` adds the time of each entry, in seconds since the broker started, and its bytes.
///
/// ```text
/// → #1 CONNECT v5 client="c1" clean_start
/// ← #1 CONNACK success
/// → #1 PUBLISH id=1 qos=1 topic="t" 3 bytes
/// ← #1 PUBACK id=1 0x97 quota exceeded [rule quota]
/// ```
///
/// [`MockBroker::journal`]: crate::MockBroker::journal
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Vec<Entry>,
    forgotten: u64,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    number: u64,
    source: Source,
    direction: Direction,
    at: Duration,
    rule: Option<Arc<str>>,
    kind: EntryKind,
    raw: Bytes,
    error: Option<DecodeError>,
    note: Option<Arc<str>>,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Direction {
    /// The client: it sent this, or opened or closed the connection.
    FromClient,
    /// The broker: it sent this, or closed the connection.
    ToClient,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// The client opened the connection.
    Opened,
    /// Bytes came from the client, or were sent to it: one packet, or what is not one. What was sent
    /// is written as the faults of the wire let it; of what
    /// [`close_after`](crate::action::close_after) and [`reset_after`](crate::action::reset_after)
    /// cut off, an entry of its own says how much it was.
    Packet,
    /// Something happened below MQTT, in a handshake of TLS or WebSocket or in their framing, or a
    /// fault of the wire began or ended, or the broker stopped or resumed listening: [`Entry::note`]
    /// says what.
    Transport,
    /// The base behaviour, or the upstream broker, was about to send this packet, and a
    /// [rule](Entry::rule) took it: what was sent instead, if anything, follows.
    Withheld,
    /// Something for the client was dropped: the queue of the base behaviour was full, the message
    /// larger than the client accepts, or the broker's side of the connection closed already.
    Dropped,
    /// The connection ended.
    Closed(Closed),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Closed {
    /// In good order (FIN).
    Finished,
    /// By a reset (RST), or another failure of the transport.
    Reset,
}

impl Journal {
    /// The entries in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing happened.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries were forgotten because the journal is bounded: the oldest go first.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What came from clients, without openings and closings.
    pub fn received(&self) -> impl Iterator<Item = &Entry> {
        self.packets(Direction::FromClient)
    }

    /// What was sent to clients, without closings.
    pub fn sent(&self) -> impl Iterator<Item = &Entry> {
        self.packets(Direction::ToClient)
    }

    /// The packets that are picked by the matcher, whichever way they went; its counts, as
    /// [`nth`](crate::matcher::PacketMatcher::nth), begin with the journal.
    pub fn matching<'a, M: Match + 'a>(&'a self, matcher: M) -> impl Iterator<Item = &'a Entry> {
        let mut tally = Tally::default();
        self.entries
            .iter()
            .filter(move |entry| entry.is_picked(&matcher, &mut tally))
    }

    /// Only what happened on this connection.
    pub fn on_connection(&self, number: u32) -> Self {
        let entries = self.entries.iter();
        Self {
            entries: entries
                .filter(|entry| entry.source.connection == number)
                .cloned()
                .collect(),
            forgotten: self.forgotten,
        }
    }

    fn packets(&self, direction: Direction) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.direction == direction && entry.kind == EntryKind::Packet)
    }
}

impl<'a> IntoIterator for &'a Journal {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Journal {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Entry {
    /// Its place in the journal; the first entry of a broker is 0.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// On which connection; the first that a broker accepts is 1. What is about none of them (that
    /// the broker no longer listens, say) has 0.
    pub const fn connection(&self) -> u32 {
        self.source.connection
    }

    /// Whose connection, once its CONNECT has come; this CONNECT itself included.
    pub fn client_id(&self) -> Option<&str> {
        self.source.client_id.as_deref()
    }

    /// What the connection spoke at that time; before its CONNECT, MQTT 5.0.
    pub const fn version(&self) -> Version {
        self.source.version
    }

    /// What the connection goes over.
    pub const fn transport(&self) -> TransportKind {
        self.source.transport
    }

    /// Who did it.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// When, by tokio's clock, since the broker started.
    pub const fn at(&self) -> Duration {
        self.at
    }

    /// What happened.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The name of the rule that took the packet, or that sent it; where the rule has no name,
    /// what it is about.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// What happened, in words, where it is [below MQTT](EntryKind::Transport).
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The bytes, as they came or were sent; none of openings and closings.
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The packet; `None` where there is none, or what there is is not one.
    pub fn packet(&self) -> Option<Packet<'_>> {
        self.decode()?.ok()
    }

    /// The type of the packet, if there is one.
    pub fn packet_type(&self) -> Option<PacketType> {
        self.packet().map(|packet| packet.packet_type())
    }

    /// What is wrong with the bytes, if they are not a packet of the connection's version.
    pub fn decode_error(&self) -> Option<DecodeError> {
        self.decode()?.err()
    }

    /// The packet as matchers see it, if it came from a client.
    pub fn received(&self) -> Option<Received<'_>> {
        match self.direction {
            Direction::FromClient => self.on_its_way(),
            Direction::ToClient => None,
        }
    }

    /// The packet as matchers see it, whichever way it went.
    pub fn on_its_way(&self) -> Option<Received<'_>> {
        match self.kind {
            EntryKind::Packet => Received::new(&self.source, self.direction, &self.raw, self.error),
            _ => None,
        }
    }

    /// Whether the matcher picks it, of all that it was asked about in this tally.
    pub(crate) fn is_picked(&self, matcher: &impl Match, tally: &mut Tally) -> bool {
        if self.kind == EntryKind::Withheld {
            return false;
        }
        let Some(received) = self.judged() else {
            return false;
        };
        matcher.interest().includes(&received)
            && matcher.matches(&received)
            && tally.count(matcher.turns(), received.connection())
    }

    /// What rules were asked about.
    pub(crate) fn judged(&self) -> Option<Received<'_>> {
        match self.kind {
            EntryKind::Opened => Some(Received::opened(&self.source)),
            EntryKind::Withheld => {
                Received::new(&self.source, self.direction, &self.raw, self.error)
            }
            _ => self.on_its_way(),
        }
    }

    /// How much of the journal's bound it takes, in bytes.
    fn size(&self) -> usize {
        self.raw.len() + self.note.as_ref().map_or(0, |note| note.len())
    }

    fn decode(&self) -> Option<Result<Packet<'_>, DecodeError>> {
        match self.error {
            Some(error) => Some(Err(error)),
            None => decode(&self.raw, self.source.version),
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.forgotten > 0 {
            writeln!(f, "… {} earlier entries are forgotten", self.forgotten)?;
        }
        for entry in &self.entries {
            entry.fmt(f)?;
            f.write_str("\n")?;
        }
        Ok(())
    }
}

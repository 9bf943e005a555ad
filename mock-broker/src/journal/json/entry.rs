//! One entry of the journal: when, where, who, what.

use std::time::Duration;

use nack_codec::{Packet, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::packet::DecodedPacket;
use crate::journal::{Closed, Direction, Entry, EntryKind};

/// One thing that happened, as [`Entry`] has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Its place in the journal; the first entry of a broker is 0.
    pub number: u64,
    /// When, in milliseconds since the broker started.
    pub at_ms: f64,
    /// On which connection; the first that the broker accepts is 1, and 0 is none of them.
    pub connection: u32,
    /// Whose connection, once its CONNECT has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What the connection speaks: `5.0` or `3.1.1`. Before its CONNECT nothing, but that bytes which
    /// came are read as those of `5.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What the connection goes over: `tcp`, `tls`, `websocket`, …
    pub transport: String,
    /// Who did it.
    pub direction: EntryDirection,
    /// What happened.
    pub kind: EntryEvent,
    /// All of it in one line, for people.
    pub text: String,
    /// The rule that took the packet or sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The packet, where the bytes are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet: Option<DecodedPacket>,
    /// What is wrong with the bytes, where they are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed: Option<Malformed>,
    /// How many bytes there are.
    pub length: usize,
    /// The bytes in hexadecimal: all of them, or as many as are shown of a large packet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw: String,
    /// Whether there is more of it than is shown here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum EntryDirection {
    /// The client.
    FromClient,
    /// The broker.
    ToClient,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryEvent {
    /// The client opened the connection.
    Opened,
    /// A packet, or bytes that are none.
    Packet,
    /// Something below MQTT, which `text` has in words.
    Transport,
    /// A message for the client was dropped.
    Dropped,
    /// The connection ended in good order (FIN).
    Closed,
    /// The connection ended by a reset (RST), or a failure of the transport.
    Reset,
    /// What a later version of the broker tells of.
    Other,
}

/// Why bytes are not a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Malformed {
    /// What is wrong.
    pub error: String,
    /// The statement of the standard that is not met.
    pub statement: String,
    /// The reason code that a peer is told.
    pub reason_code: u8,
    /// Where, in bytes from the beginning of the packet.
    pub offset: usize,
}

impl From<&Entry> for JournalEntry {
    fn from(entry: &Entry) -> Self {
        Self::cut_to(entry, usize::MAX)
    }
}

impl JournalEntry {
    /// The entry with at most so many bytes of the packet, and of its payload.
    pub fn cut_to(entry: &Entry, room: usize) -> Self {
        let raw = entry.raw();
        let shown = &raw[..raw.len().min(room)];
        let cut = raw.len() > room;
        Self {
            number: entry.number(),
            at_ms: milliseconds(entry.at()),
            connection: entry.connection(),
            client_id: entry.client_id().map(str::to_owned),
            version: (entry.client_id().is_some() || !raw.is_empty())
                .then(|| version(entry.version()).to_owned()),
            transport: entry.transport().to_string(),
            direction: entry.direction().into(),
            kind: entry.kind().into(),
            text: entry.what().to_string(),
            rule: entry.rule().map(str::to_owned),
            // The fields of a packet may be as large as the packet: a list of filters, say.
            packet: entry
                .packet()
                .filter(|packet| !cut || matches!(packet, Packet::Publish(_)))
                .map(|packet| DecodedPacket::of(&packet, entry.version(), room)),
            malformed: entry.decode_error().map(|error| Malformed {
                error: error.kind().to_string(),
                statement: error.statement().to_owned(),
                reason_code: error.reason_code() as u8,
                offset: error.offset(),
            }),
            length: raw.len(),
            raw: hex::encode(shown),
            cut,
        }
    }
}

impl From<Direction> for EntryDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::FromClient => Self::FromClient,
            Direction::ToClient => Self::ToClient,
        }
    }
}

impl From<EntryKind> for EntryEvent {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Opened => Self::Opened,
            EntryKind::Packet => Self::Packet,
            EntryKind::Transport => Self::Transport,
            EntryKind::Dropped => Self::Dropped,
            EntryKind::Closed(Closed::Finished) => Self::Closed,
            EntryKind::Closed(Closed::Reset) => Self::Reset,
            #[allow(unreachable_patterns, reason = "kinds that are still to come")]
            _ => Self::Other,
        }
    }
}

/// The version as entries have it.
pub(crate) const fn version(version: Version) -> &'static str {
    match version {
        Version::V311 => "3.1.1",
        Version::V5 => "5.0",
    }
}

/// Milliseconds, to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

//! The journal while it is written: bounded, the oldest entries go first.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use nack_codec::{DecodeError, Version};
use tokio::time::Instant;

use super::{Direction, Entry, EntryKind, Journal};
use crate::TransportKind;

/// The entries that are kept, newest last.
pub(crate) struct Record {
    started: Instant,
    entries: VecDeque<Entry>,
    /// How many bytes of packets and notes the entries hold.
    bytes: usize,
    /// The number of the next entry.
    next: u64,
    /// The number of the first entry that was not forgotten on purpose.
    first: u64,
    most_entries: usize,
    most_bytes: usize,
}

/// Whose connection an entry is about.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) connection: u32,
    pub(crate) client_id: Option<Arc<str>>,
    pub(crate) version: Version,
    pub(crate) transport: TransportKind,
    /// The how manieth of this client; 0 as long as the client is not known.
    pub(crate) connection_of_client: u32,
}

impl Source {
    /// The broker itself, whatever its connections do.
    pub(crate) const fn broker() -> Self {
        Self::stranger(0, TransportKind::Memory)
    }

    /// Of a connection of which nothing is known yet.
    pub(crate) const fn stranger(connection: u32, transport: TransportKind) -> Self {
        Self {
            connection,
            client_id: None,
            version: Version::V5,
            transport,
            connection_of_client: 0,
        }
    }
}

impl Record {
    pub(crate) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self {
            started: Instant::now(),
            entries: VecDeque::new(),
            bytes: 0,
            next: 0,
            first: 0,
            most_entries,
            most_bytes,
        }
    }

    pub(crate) fn add(
        &mut self,
        source: &Source,
        direction: Direction,
        kind: EntryKind,
        raw: Bytes,
        error: Option<DecodeError>,
        rule: Option<Arc<str>>,
    ) {
        self.push(Entry {
            error,
            rule,
            raw,
            ..self.entry(source, direction, kind)
        });
    }

    /// Something that happened below MQTT.
    pub(crate) fn note(&mut self, source: &Source, direction: Direction, note: Arc<str>) {
        self.note_of_rule(source, direction, note, None);
    }

    /// Something that the broker did which is about no connection.
    pub(crate) fn note_of_broker(&mut self, note: Arc<str>, rule: Option<Arc<str>>) {
        self.note_of_rule(&Source::broker(), Direction::ToClient, note, rule);
    }

    /// Something that happened below MQTT because a rule said so.
    pub(crate) fn note_of_rule(
        &mut self,
        source: &Source,
        direction: Direction,
        note: Arc<str>,
        rule: Option<Arc<str>>,
    ) {
        self.push(Entry {
            note: Some(note),
            rule,
            ..self.entry(source, direction, EntryKind::Transport)
        });
    }

    fn entry(&self, source: &Source, direction: Direction, kind: EntryKind) -> Entry {
        Entry {
            number: self.next,
            source: source.clone(),
            direction,
            at: self.started.elapsed(),
            rule: None,
            kind,
            raw: Bytes::new(),
            error: None,
            note: None,
        }
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push_back(entry);
        self.next += 1;
        while self.entries.len() > self.most_entries
            || (self.bytes > self.most_bytes && self.entries.len() > 1)
        {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= oldest.size();
            }
        }
    }

    /// For how long it is written.
    #[cfg(feature = "control")]
    pub(crate) fn uptime(&self) -> std::time::Duration {
        self.started.elapsed()
    }

    /// Forgets all entries; numbers go on.
    #[cfg(feature = "control")]
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.first = self.next;
    }

    /// The number of the next entry.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The entries from this number on, as far as they are kept.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Entry> {
        let oldest = self.next - self.entries.len() as u64;
        let skip = usize::try_from(number.saturating_sub(oldest)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip)
    }

    pub(crate) fn snapshot(&self) -> Journal {
        Journal {
            entries: self.entries.iter().cloned().collect(),
            forgotten: self.next - self.first - self.entries.len() as u64,
        }
    }
}

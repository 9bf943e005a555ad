//! What a step's `on` picks: a packet matcher, and what only data can ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{PropertyId, TopicFilter, Version};
use tokio::time::Instant;

use super::name::PropertyName;
use crate::Received;
use crate::action::answer::encode_value;
use crate::matcher::{Interest, Match, PacketMatcher, Tally, Turns};

/// Picks the packets that a step is about.
pub(super) struct Matching {
    pub(super) packet: PacketMatcher,
    /// The versions of the scenario; of all, if there are none.
    pub(super) versions: Vec<Version>,
    /// Properties that must be there, with their values as they lie on the wire.
    pub(super) properties: Vec<(PropertyId, Vec<u8>)>,
    pub(super) window: Option<Window>,
    /// What is opened by the packet that is picked.
    pub(super) opens: Option<Opens>,
}

/// The time in which a packet is forbidden. It begins when the step before was hit.
pub(super) struct Window {
    pub(super) opening: Opening,
    pub(super) length: Option<Duration>,
    /// What was picked, so that it can be picked again when the failure is told.
    picked: Mutex<Vec<(u32, Bytes)>>,
}

/// When the window opened; set by the step before.
#[derive(Clone, Default)]
pub(super) struct Opening(Arc<Mutex<Option<Instant>>>);

/// Opens the window of the step behind, once a packet was picked whose turn it was.
pub(super) struct Opens {
    opening: Opening,
    picked: Mutex<Tally>,
}

/// As many as a failure shows, and some more.
const PICKED_KEPT: usize = 16;

impl Opening {
    /// An opening that has happened.
    pub(super) fn now() -> Self {
        let opening = Self::default();
        opening.open();
        opening
    }

    /// Opens it, if that has not happened.
    pub(super) fn open(&self) {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.get_or_insert_with(Instant::now);
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opens {
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            opening,
            picked: Mutex::default(),
        }
    }

    fn count(&self, turns: Turns, connection: u32) {
        let mut picked = self.picked.lock().unwrap_or_else(PoisonError::into_inner);
        if picked.count(turns, connection) {
            self.opening.open();
        }
    }
}

impl Window {
    pub(super) const fn new(opening: Opening, length: Option<Duration>) -> Self {
        Self {
            opening,
            length,
            picked: Mutex::new(Vec::new()),
        }
    }

    fn is_open(&self) -> bool {
        self.opening
            .since()
            .is_some_and(|since| self.length.is_none_or(|length| since.elapsed() <= length))
    }

    fn picks(&self, received: &Received<'_>) -> bool {
        let mut picked = self.picked.lock().unwrap_or_else(PoisonError::into_inner);
        let this = (received.connection(), received.raw());
        // The journal holds the very bytes that came, not a copy.
        let is_this = |(connection, raw): &(u32, Bytes)| {
            *connection == this.0 && raw.as_ptr() == this.1.as_ptr()
        };
        if picked.iter().any(is_this) {
            return true;
        }
        let picks = self.is_open();
        if picks && picked.len() < PICKED_KEPT {
            picked.push((this.0, this.1.clone()));
        }
        picks
    }
}

impl Matching {
    fn speaks(&self, received: &Received<'_>) -> bool {
        self.versions.is_empty() || self.versions.contains(&received.version())
    }

    fn has(received: &Received<'_>, id: PropertyId, value: &[u8]) -> bool {
        received.properties().is_some_and(|properties| {
            properties
                .iter()
                .any(|property| property.id() == id && encode_value(property) == value)
        })
    }
}

impl Match for Matching {
    fn matches(&self, received: &Received<'_>) -> bool {
        let matches = self.packet.matches(received)
            && self.speaks(received)
            && self
                .properties
                .iter()
                .all(|(id, value)| Self::has(received, *id, value))
            && self
                .window
                .as_ref()
                .is_none_or(|window| window.picks(received));
        if matches && let Some(opens) = &self.opens {
            opens.count(self.packet.turns(), received.connection());
        }
        matches
    }

    fn interest(&self) -> Interest {
        self.packet.interest()
    }

    fn topic_filter(&self) -> Option<TopicFilter<&str>> {
        self.packet.topic_filter()
    }

    fn turns(&self) -> Turns {
        self.packet.turns()
    }

    fn describe(&self) -> String {
        let mut text = self.packet.describe();
        for (id, value) in &self.properties {
            let name = PropertyName(*id).word();
            text.push_str(&format!(", {name} \"{}\"", value.escape_ascii()));
        }
        if let Some(window) = &self.window {
            text.push_str(" after the step before");
            if let Some(length) = window.length {
                text.push_str(&format!(", for {length:?}"));
            }
        }
        text
    }

    fn misses(&self, received: &Received<'_>) -> Option<Vec<String>> {
        let mut misses = self.packet.misses(received)?;
        if !self.speaks(received) {
            misses.push(format!(
                "the connection speaks {}, which the scenario is not about",
                received.version()
            ));
        }
        for (id, value) in &self.properties {
            if !Self::has(received, *id, value) {
                misses.push(format!("it has no {id} of \"{}\"", value.escape_ascii()));
            }
        }
        if misses.is_empty() && self.window.is_some() {
            misses.push("it came when it was allowed to".to_owned());
        }
        Some(misses)
    }
}

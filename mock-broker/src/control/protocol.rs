//! What is said over the control API, in both directions: the bodies of requests and answers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Listen;
use crate::journal::json::JournalEntry;
use crate::scenario::{Drive, OneOrMany, Step};

/// What is done to a client unasked: one thing, or a list of them in their order.
pub type Injection = OneOrMany<Drive>;

/// That the broker is there, and how much it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The version of the broker.
    pub version: String,
    /// For how many milliseconds it runs.
    pub uptime_ms: f64,
    /// Where MQTT clients may connect to.
    pub urls: Vec<String>,
    /// Whether they can; they are refused by the system otherwise.
    pub listening: bool,
    /// How many connections are open.
    pub connections: usize,
    /// How many rules are in force.
    pub rules: usize,
    /// The number that the next entry of the journal will have.
    pub journal_next: u64,
}

/// A rule that is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RuleStatus {
    /// Its number, by which it is removed.
    pub id: u64,
    /// What it is called; where it has no name, what it is about.
    pub title: String,
    /// Which packets it is about, in words.
    pub given: String,
    /// How many packets it acted on, or, if it only watches, how many it saw.
    pub hits: u32,
    /// After how many hits it is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How often it is expected to be hit, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What it was made from; absent where it was made by Rust code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Box<Step>>,
}

/// Whether the broker listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Listening {
    /// Whether clients can connect; the system refuses them otherwise, as where no broker runs.
    pub listening: bool,
    /// After how many milliseconds it listens again, where it is not to listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
}

impl Listening {
    /// Clients can connect.
    pub const ON: Self = Self {
        listening: true,
        for_ms: None,
    };

    /// Clients are refused, until something else is said.
    pub const OFF: Self = Self {
        listening: false,
        for_ms: None,
    };

    /// Clients are refused for so many milliseconds.
    pub const fn off_for_ms(milliseconds: u64) -> Self {
        Self {
            listening: false,
            for_ms: Some(milliseconds),
        }
    }

    /// What changes; `None` where it makes no sense.
    pub(super) fn change(self) -> Option<Listen> {
        match (self.listening, self.for_ms.map(Duration::from_millis)) {
            (true, None) => Some(Listen::Resume),
            (true, Some(_)) => None,
            (false, None) => Some(Listen::Stop),
            (false, Some(duration)) => Some(Listen::StopFor(duration)),
        }
    }
}

/// A connection that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ClientStatus {
    /// Its number; the first that the broker accepted is 1.
    pub connection: u32,
    /// Whose it is, once its CONNECT has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it speaks: `5.0` or `3.1.1`, once its CONNECT has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it goes over: `tcp`, `tls`, `websocket`, …
    pub transport: String,
}

/// Which part of the journal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "what a query can say")]
pub struct JournalQuery {
    /// The number of the first entry that is wanted.
    pub since: u64,
    /// For how many milliseconds to wait for such an entry: at most 60,000.
    pub wait_ms: u64,
    /// How many entries at the most: 1 to 10,000.
    pub limit: usize,
}

impl JournalQuery {
    /// The longest wait, in milliseconds: below what proxies take for a dead connection.
    pub const LONGEST_WAIT_MS: u64 = 60_000;

    /// The most entries that one answer holds.
    pub const MOST_ENTRIES: usize = 10_000;

    /// From this entry on, as far as there is something now.
    pub const fn since(number: u64) -> Self {
        Self {
            since: number,
            wait_ms: 0,
            limit: 1_000,
        }
    }

    /// Waits for so many milliseconds until there is an entry.
    pub const fn wait_ms(mut self, milliseconds: u64) -> Self {
        self.wait_ms = milliseconds;
        self
    }

    /// At most so many entries.
    pub const fn limit(mut self, entries: usize) -> Self {
        self.limit = entries;
        self
    }
}

/// A part of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JournalPage {
    /// The entries, oldest first.
    pub entries: Vec<JournalEntry>,
    /// What to ask for next: `since` this number.
    pub next: u64,
    /// Whether there are more entries than this answer holds.
    pub more: bool,
    /// How many entries that were asked for are not there any more, since the journal is bounded.
    pub forgotten: u64,
}

/// Whether what was expected came to pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Verification {
    /// Whether it did.
    pub met: bool,
    /// What did not.
    pub failures: Vec<Failure>,
    /// All of it for people, with what happened; empty where all is well.
    pub text: String,
}

/// An expectation that is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Failure {
    /// The rule that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What was expected, and what came.
    pub what: String,
    /// What it is about, and what came nearest, line by line.
    pub details: Vec<String>,
}

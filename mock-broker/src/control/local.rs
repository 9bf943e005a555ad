//! Control of a broker in this process.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::{
    ClientStatus, Control, ControlError, Failure, Health, Injection, JournalPage, JournalQuery,
    Listening, RuleStatus, Verification,
};
use crate::journal::json::{JournalEntry, version};
use crate::rule::Mounted;
use crate::scenario::{Step, unasked};
use crate::shared::Shared;
use crate::{Capture, Entry, MockBroker, Target};

/// Controls a [`MockBroker`] of this process. It is cheap to clone, and does not keep the broker
/// running: once the broker was dropped, there are no connections any more.
#[derive(Clone)]
pub struct Local {
    shared: Arc<Shared>,
    urls: Arc<[String]>,
}

/// How many bytes of a packet are shown. A capture file has all of them.
const BYTES_SHOWN: usize = 16 * 1024;

/// How many bytes of packets one part of the journal holds at the most.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// How long it takes at the most to notice a connection that was opened just when all others were
/// ended.
const LATECOMER: Duration = Duration::from_millis(10);

impl Local {
    /// Controls this broker.
    pub fn new(broker: &MockBroker) -> Self {
        Self {
            shared: broker.shared().clone(),
            urls: broker.urls().into(),
        }
    }

    /// Writes a capture file (pcapng) of all that happens, from the beginning of the journal on,
    /// while it happens. It ends when the future is dropped, or the writer fails.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    ///
    /// # Cancel safety
    ///
    /// What was written is a whole capture file at each `.await`.
    pub async fn record(&self, out: impl Write) -> io::Result<()> {
        let mut changes = self.shared.changes();
        let mut capture = Capture::new(out, self.started())?;
        let mut next = 0;
        loop {
            let (entries, _) = self.entries(next, JournalQuery::MOST_ENTRIES);
            for entry in &entries {
                capture.add(entry)?;
                next = entry.number() + 1;
            }
            capture.flush()?;
            // The sender lives as long as `self`.
            if entries.is_empty() && changes.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Entries from this number on, as many as one answer holds; and the number of the next entry.
    fn entries(&self, since: u64, limit: usize) -> (Vec<Entry>, u64) {
        let state = self.shared.state();
        let mut room = PAGE_BYTES;
        let entries = state.record.since(since).take(limit);
        let entries = entries.take_while(|entry| {
            // One is always taken, or else nobody would get past it.
            let fits = room > 0;
            room = room.saturating_sub(entry.raw().len().min(BYTES_SHOWN) + 256);
            fits
        });
        (entries.cloned().collect(), state.record.next())
    }

    fn page(&self, query: JournalQuery) -> JournalPage {
        let limit = query.limit.clamp(1, JournalQuery::MOST_ENTRIES);
        let (entries, end) = self.entries(query.since, limit);
        let first = entries.first().map_or(end, Entry::number);
        let next = entries.last().map_or(end, |entry| entry.number() + 1);
        JournalPage {
            more: next < end,
            forgotten: first.saturating_sub(query.since),
            next,
            entries: entries
                .iter()
                .map(|entry| JournalEntry::cut_to(entry, BYTES_SHOWN))
                .collect(),
        }
    }

    /// When the broker started, by the clock on the wall.
    fn started(&self) -> SystemTime {
        let uptime = self.shared.state().record.uptime();
        let now = SystemTime::now();
        now.checked_sub(uptime).unwrap_or(now)
    }

    fn find(&self, id: u64) -> Result<Arc<Mounted>, ControlError> {
        let rules = self.shared.rules.in_force();
        let rule = rules.into_iter().find(|rule| rule.id() == id);
        rule.ok_or(ControlError::NoSuchRule { id })
    }
}

impl Control for Local {
    async fn health(&self) -> Result<Health, ControlError> {
        let rules = self.shared.rules.in_force().len();
        let state = self.shared.state();
        Ok(Health {
            status: "ok".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_ms: state.record.uptime().as_micros() as f64 / 1000.0,
            urls: self.urls.to_vec(),
            listening: self.shared.doors.are_open(),
            connections: state.links.len(),
            rules,
            journal_next: state.record.next(),
        })
    }

    async fn add_rule(&self, step: Step) -> Result<RuleStatus, ControlError> {
        let rule = step.rule().map_err(|error| ControlError::BadStep {
            detail: error.to_string(),
        })?;
        let mounted = self.shared.rules.mount_for_good(rule);
        // Whoever watches the rules looks again.
        self.shared.announce();
        Ok(status(&mounted))
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ControlError> {
        let rules = self.shared.rules.in_force();
        Ok(rules.iter().map(|rule| status(rule)).collect())
    }

    async fn rule(&self, id: u64) -> Result<RuleStatus, ControlError> {
        Ok(status(&*self.find(id)?))
    }

    async fn remove_rule(&self, id: u64) -> Result<(), ControlError> {
        let rule = self.find(id)?;
        self.shared.rules.remove(&rule);
        Ok(())
    }

    async fn remove_rules(&self) -> Result<(), ControlError> {
        for rule in self.shared.rules.in_force() {
            self.shared.rules.remove(&rule);
        }
        Ok(())
    }

    async fn clients(&self) -> Result<Vec<ClientStatus>, ControlError> {
        let state = self.shared.state();
        let mut clients: Vec<ClientStatus> = state
            .links
            .iter()
            .map(|(number, link)| ClientStatus {
                connection: *number,
                client_id: link.client_id.as_deref().map(str::to_owned),
                version: link.version.map(|it| version(it).to_owned()),
                transport: link.transport.to_string(),
            })
            .collect();
        clients.sort_by_key(|client| client.connection);
        Ok(clients)
    }

    async fn send(&self, target: Target, what: Injection) -> Result<(), ControlError> {
        let actions = unasked(&what).map_err(|error| ControlError::BadStep {
            detail: error.to_string(),
        })?;
        Ok(self.shared.command(target, actions).await?)
    }

    async fn set_listening(&self, listening: Listening) -> Result<(), ControlError> {
        let Some(change) = listening.change() else {
            return Err(ControlError::BadStep {
                detail:
                    "`for_ms` says how long the broker does not listen: it has no place beside \
                         `\"listening\": true`"
                        .to_owned(),
            });
        };
        let changed = self.shared.set_listening(change);
        changed.map_err(|error| ControlError::CannotListen {
            detail: error.to_string(),
        })
    }

    async fn journal(&self, query: JournalQuery) -> Result<JournalPage, ControlError> {
        let mut changes = self.shared.changes();
        let wait = query.wait_ms.min(JournalQuery::LONGEST_WAIT_MS);
        let deadline = Instant::now() + Duration::from_millis(wait);
        loop {
            let page = self.page(query);
            // Who asks for what was forgotten, or for what is far ahead of us because another broker
            // is meant, is told at once where the journal is.
            if !page.entries.is_empty() || query.since != page.next || wait == 0 {
                return Ok(page);
            }
            match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                _ => return Ok(self.page(query)),
            }
        }
    }

    async fn capture(&self) -> Result<Bytes, ControlError> {
        let started = self.started();
        let journal = self.shared.state().record.snapshot();
        let mut capture = Vec::new();
        let written = journal.write_pcapng(started, &mut capture);
        written.map_err(|error| ControlError::Nonsense {
            detail: error.to_string(),
        })?;
        Ok(capture.into())
    }

    async fn verify(&self) -> Result<Verification, ControlError> {
        Ok(match self.shared.verify() {
            Ok(()) => Verification {
                met: true,
                failures: Vec::new(),
                text: String::new(),
            },
            Err(unmet) => Verification {
                met: false,
                failures: unmet
                    .parts()
                    .map(|(rule, what, details)| Failure {
                        rule: rule.map(str::to_owned),
                        what: what.to_owned(),
                        details: details.to_vec(),
                    })
                    .collect(),
                text: unmet.to_string(),
            },
        })
    }

    async fn reset(&self) -> Result<(), ControlError> {
        self.shared.rules.clear();
        let mut changes = self.shared.changes();
        // What a connection does when it ends is done before all is forgotten, or else it would be
        // the first thing that is remembered.
        while self.shared.abort_connections() {
            let soon = Instant::now() + LATECOMER;
            let _ = timeout_at(soon, changes.changed()).await;
        }
        self.shared.forget();
        let listens = self.shared.doors.set(true);
        listens.map_err(|error| ControlError::CannotListen {
            detail: error.to_string(),
        })?;
        Ok(())
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

fn status(mounted: &Mounted) -> RuleStatus {
    let rule = mounted.rule();
    RuleStatus {
        id: mounted.id(),
        title: mounted.title(),
        given: rule.matcher.describe(),
        hits: mounted.hits(),
        times: rule.limit,
        expected: mounted.expected().map(|times| times.to_string()),
        step: rule.step().cloned().map(Box::new),
    }
}

//! What the body of a case has to its hands: a broker of its own, a subject, and a place for what
//! it finds.

use std::sync::Arc;
use std::time::Duration;

use nack_codec::{PacketType, Version};
use nack_mock_broker::matcher::Match;
use nack_mock_broker::{Entry, EntryKind, Journal, MockBroker, Rule};
use tokio::time::Instant;

use crate::Capability;
use crate::outcome::Finding;
use crate::statement::version_name;
use crate::subject::{Connect, Connected, Endpoint, Event, Hello, Launcher, Subject};

/// How long something may take that is to happen, and how long is waited for what is not to
/// happen, by the clock of the case.
const WAIT: Duration = Duration::from_secs(5);
const SETTLE: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(1);

/// What the body of a case has to its hands.
pub struct Stage {
    version: Version,
    hello: Hello,
    broker: Arc<MockBroker>,
    subject: Box<dyn Subject>,
    findings: Vec<Finding>,
}

impl Stage {
    pub(crate) fn set(version: Version, launcher: &dyn Launcher) -> Self {
        let broker = Arc::new(MockBroker::in_memory());
        let door = Arc::clone(&broker);
        let endpoint = Endpoint::Memory(Box::new(move || door.connect()));
        Self {
            version,
            hello: launcher.hello(),
            broker,
            subject: launcher.launch(endpoint),
            findings: Vec::new(),
        }
    }

    /// Tells what was found, and the conversation.
    pub(crate) fn clear(mut self, last: Option<Finding>) -> (Vec<Finding>, Vec<String>) {
        self.findings.extend(last);
        let journal = self.broker.journal();
        (
            self.findings,
            journal.iter().map(|entry| format!("{entry:#}")).collect(),
        )
    }

    /// The version that the case runs in.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The client under test.
    pub fn subject(&mut self) -> &mut dyn Subject {
        &mut *self.subject
    }

    /// Whether the client can do this; a case that cannot do without it requires it instead.
    pub fn has(&self, capability: Capability) -> bool {
        self.hello.has(capability)
    }

    /// The broker of the case.
    pub fn broker(&self) -> &MockBroker {
        &self.broker
    }

    /// Puts a rule behind those that the broker has, for as long as the case runs. Whether the
    /// client comes so far that it fires is for the case to judge.
    pub fn rule(&self, rule: Rule) {
        rule.expect(..).mount(&self.broker).forget();
    }

    /// Keeps a finding, and goes on: for what is not grave enough to end the case.
    pub fn note(&mut self, result: Result<(), Finding>) {
        self.findings.extend(result.err());
    }

    /// The command that connects the subject as most cases want it: the version of the case, a
    /// clean start, no keep alive, no reconnecting.
    pub fn connect_command(&self) -> Connect {
        Connect {
            version: Some(self.version.level()),
            client_id: Some(format!("case-{}", version_name(self.version))),
            clean_start: Some(true),
            keep_alive: Some(0),
            auto_reconnect: Some(false),
            ..Connect::default()
        }
    }

    /// Connects the subject.
    ///
    /// # Errors
    ///
    /// Where that fails, the case is inconclusive: it is about something else.
    pub async fn connect(&mut self) -> Result<Connected, Finding> {
        let command = self.connect_command();
        let answer = self.subject.connect(command).await;
        answer.map_err(|failure| Finding::inconclusive("the subject connects", failure.to_string()))
    }

    /// All that went over the wire up to now.
    pub fn journal(&self) -> Journal {
        self.broker.journal()
    }

    /// Waits until a packet of the client is picked by `matcher`, and returns the first such.
    ///
    /// # Errors
    ///
    /// Where none comes, the case is inconclusive.
    pub async fn sees(&self, what: &str, matcher: impl Match + Clone) -> Result<Entry, Finding> {
        let found = self
            .until(|journal| journal.matching(matcher.clone()).next().cloned())
            .await;
        found.ok_or_else(|| {
            Finding::inconclusive(format!("the broker sees {what}"), "it did not come")
        })
    }

    /// Waits until `look` finds something in the journal; gives up when that takes too long.
    pub async fn until<T>(&self, look: impl Fn(&Journal) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + WAIT;
        let mut pause = LOOK;
        loop {
            if let Some(found) = look(&self.broker.journal()) {
                return Some(found);
            }
            if Instant::now() >= deadline {
                return None;
            }
            // What is to happen mostly does so at once; what does not is looked for less and less.
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Waits until nothing more happens by itself: what was not to happen has then not happened.
    pub async fn settle(&self) {
        tokio::time::sleep(SETTLE).await;
    }

    /// Waits for an event that `pick` picks; others before it are passed over. `None` where that
    /// takes too long, or there will be none any more.
    pub async fn event<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + WAIT;
        loop {
            let next = tokio::time::timeout_at(deadline, self.subject.next_event());
            let event = next.await.ok()??;
            if let Some(picked) = pick(event) {
                return Some(picked);
            }
        }
    }

    /// An event that has come already and that `pick` picks; others before it are passed over.
    pub async fn event_at_hand<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> Option<T> {
        // A deadline that has passed: what is there is taken, and nothing is waited for.
        let now = Instant::now();
        loop {
            let next = tokio::time::timeout_at(now, self.subject.next_event());
            let event = next.await.ok()??;
            if let Some(picked) = pick(event) {
                return Some(picked);
            }
        }
    }

    /// How many connections the client has opened.
    pub fn connections(&self) -> usize {
        let journal = self.journal();
        journal
            .iter()
            .filter(|entry| entry.kind() == EntryKind::Opened)
            .count()
    }

    /// Waits until the client has closed this connection, which the broker does not; false where
    /// that takes too long.
    pub async fn is_closed(&self, connection: u32) -> bool {
        let closed = |entry: &Entry| {
            entry.connection() == connection && matches!(entry.kind(), EntryKind::Closed(_))
        };
        self.until(|journal| journal.iter().any(closed).then_some(()))
            .await
            .is_some()
    }

    /// What the client sent on this connection, by packet type; `None` for what is no packet.
    pub fn sent_by_client(&self, connection: u32) -> Vec<Option<PacketType>> {
        let journal = self.journal();
        let packets = journal
            .received()
            .filter(|entry| entry.connection() == connection);
        packets.map(Entry::packet_type).collect()
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

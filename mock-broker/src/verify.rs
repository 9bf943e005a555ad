//! Whether what was expected came to pass, and if not: what was expected, what came instead, and
//! what came nearest.

use std::cmp::Reverse;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nack_codec::PacketType;

use crate::matcher::Match;
use crate::rule::{Count, Mounted};
use crate::shared::Shared;
use crate::{Entry, Journal};

/// What was expected of the rules and did not come to pass.
///
/// Its `Display` says for each such rule what was expected, what came instead, and what came
/// nearest; and then all that happened.
///
/// ```text
/// rule quota: expected once, came not at all
///   given    PUBLISH with topic "sensors/#", QoS 1
///   nearest  → #1 PUBLISH id=1 qos=1 topic="sensor/1" 3 bytes
///            the topic is "sensor/1" and must match "sensors/#"
/// all that happened:
///   → #1 opened
///   …
/// ```
#[derive(Clone, Debug)]
pub struct Unmet {
    failures: Vec<Failure>,
    journal: Journal,
}

#[derive(Clone, Debug)]
struct Failure {
    /// The rule that it is about; a wait is about none.
    rule: Option<String>,
    what: String,
    details: Vec<String>,
}

/// How many packets are shown of those that a rule is about.
const PACKETS_SHOWN: usize = 5;

/// How many entries of the journal are shown: the last ones.
const ENTRIES_SHOWN: usize = 60;

impl Unmet {
    /// The names of the rules that failed, in the order in which they were mounted; where a rule
    /// has no name, where it was mounted.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.failures
            .iter()
            .filter_map(|failure| failure.rule.as_deref())
    }

    /// Each failure: the rule, what is wrong, and the details line by line.
    #[cfg(feature = "control")]
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Option<&str>, &str, &[String])> {
        let failures = self.failures.iter();
        failures.map(|it| (it.rule.as_deref(), it.what.as_str(), &it.details[..]))
    }

    /// All that happened up to then.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }
}

impl std::error::Error for Unmet {}

impl Shared {
    pub(crate) fn verify(&self) -> Result<(), Unmet> {
        self.failed(|rule| {
            rule.tell();
            true
        })
    }

    /// What failed and was not told before.
    pub(crate) fn untold(&self) -> Option<Unmet> {
        self.failed(|rule| !rule.tell()).err()
    }

    /// The text for a wait for this many hits that was in vain.
    pub(crate) fn explain(&self, rule: &Mounted, least: u32) -> Unmet {
        let journal = self.state().record.snapshot();
        let failure = Failure {
            rule: Some(name(rule)),
            what: format!(
                "expected at least {}, came {} in {:?}",
                Count(least),
                Count(rule.hits()),
                self.patience
            ),
            details: details(rule, &journal),
        };
        Unmet {
            failures: vec![failure],
            journal,
        }
    }

    /// The text for a wait for a packet that was in vain.
    pub(crate) fn explain_missing(&self, matcher: &dyn Match) -> Unmet {
        let journal = self.state().record.snapshot();
        let failure = Failure {
            rule: None,
            what: format!("no {} came in {:?}", matcher.describe(), self.patience),
            details: nearest(matcher, &journal),
        };
        Unmet {
            failures: vec![failure],
            journal,
        }
    }

    /// The text for a wait for anything else that was in vain.
    pub(crate) fn explain_missing_entry(&self) -> Unmet {
        let failure = Failure {
            rule: None,
            what: format!("what was waited for did not happen in {:?}", self.patience),
            details: Vec::new(),
        };
        Unmet {
            failures: vec![failure],
            journal: self.state().record.snapshot(),
        }
    }

    /// What failed, of the rules whose failure is to be reported.
    fn failed(&self, mut report: impl FnMut(&Mounted) -> bool) -> Result<(), Unmet> {
        let journal = self.state().record.snapshot();
        let mut failures = Vec::new();
        for rule in self.rules.all().iter() {
            let of_this = failures_of(rule, &journal);
            if !of_this.is_empty() && report(rule) {
                failures.extend(of_this);
            }
        }
        if failures.is_empty() {
            return Ok(());
        }
        Err(Unmet { failures, journal })
    }
}

fn failures_of(rule: &Mounted, journal: &Journal) -> Vec<Failure> {
    let mut failures = Vec::new();
    for message in rule.panics() {
        failures.push(Failure {
            rule: Some(name(rule)),
            what: format!("a closure panicked: {message}"),
            details: Vec::new(),
        });
    }
    if !failures.is_empty() {
        // How often it was hit follows from that.
        return failures;
    }
    let hits = rule.hits();
    if let Some(expected) = rule.expected()
        && !expected.contains(hits)
    {
        failures.push(Failure {
            rule: Some(name(rule)),
            what: format!("expected {expected}, came {}", Count(hits)),
            details: details(rule, journal),
        });
    }
    failures
}

fn name(rule: &Mounted) -> String {
    match &rule.rule().name {
        Some(name) => name.clone(),
        None => format!("at {}", rule.place()),
    }
}

fn details(rule: &Mounted, journal: &Journal) -> Vec<String> {
    let matcher = rule.rule().matcher.as_ref();
    let mut lines = vec![format!("given    {}", matcher.describe())];
    if rule.matches() == 0 {
        lines.extend(nearest(matcher, journal));
        return lines;
    }
    let matching = |entry: &&Entry| {
        let picked = entry
            .judged()
            .filter(|it| matcher.interest().includes(it))
            .and_then(|it| quiet(|| matcher.matches(&it)));
        picked == Some(true)
    };
    for (index, entry) in journal.iter().filter(matching).enumerate() {
        if index == PACKETS_SHOWN {
            lines.push("         …".to_owned());
            break;
        }
        let label = if index == 0 { "came    " } else { "        " };
        lines.push(format!("{label} {entry}"));
    }
    lines
}

/// The packet that fails the fewest criteria, the latest of several, and why it does.
fn nearest(matcher: &dyn Match, journal: &Journal) -> Vec<String> {
    let candidates = journal.iter().filter_map(|entry| {
        let received = entry.judged()?;
        if !matcher.interest().includes(&received) {
            return None;
        }
        let misses = quiet(|| matcher.misses(&received))??;
        (!misses.is_empty()).then_some((entry, misses))
    });
    let nearest = candidates.min_by_key(|(entry, misses)| (misses.len(), Reverse(entry.number())));
    let Some((entry, misses)) = nearest else {
        return vec![format!("nearest  nothing of the kind: {}", came(journal))];
    };
    let mut lines = vec![format!("nearest  {entry}")];
    lines.extend(misses.into_iter().map(|miss| format!("         {miss}")));
    lines
}

/// The kinds of packets that came, each with its count.
fn came(journal: &Journal) -> String {
    let kinds = PacketType::ALL.iter().copied().map(Some).chain([None]);
    let counts: Vec<String> = kinds
        .filter_map(|kind| {
            let of_kind = |entry: &&Entry| entry.packet_type() == kind;
            match journal.received().filter(of_kind).count() {
                0 => None,
                count => Some(format!(
                    "{count} {}",
                    kind.map_or("malformed", PacketType::name)
                )),
            }
        })
        .collect();
    match counts.is_empty() {
        true => "no packet came".to_owned(),
        false => format!("{} came", counts.join(", ")),
    }
}

/// Runs a closure of the user's where a panic of it has been told, or would hide what is told.
fn quiet<T>(closure: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(closure)).ok()
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            if let Some(rule) = &failure.rule {
                write!(f, "rule {rule}: ")?;
            }
            writeln!(f, "{}", failure.what)?;
            for line in &failure.details {
                writeln!(f, "  {line}")?;
            }
        }
        f.write_str("all that happened:")?;
        let skipped = self.journal.len().saturating_sub(ENTRIES_SHOWN);
        let hidden = self.journal.forgotten() + skipped as u64;
        if hidden > 0 {
            write!(f, "\n  … {hidden} earlier entries")?;
        }
        if self.journal.is_empty() {
            return f.write_str(" nothing");
        }
        for entry in self.journal.iter().skip(skipped) {
            write!(f, "\n  {entry}")?;
        }
        Ok(())
    }
}

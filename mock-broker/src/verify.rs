//! Whether what was expected came to pass, and if not: what was expected, what came instead, and
//! what came nearest.

use std::fmt;

use nack_codec::PacketType;

use crate::matcher::Match;
use crate::rule::{Count, Mounted};
use crate::shared::Shared;
use crate::{Direction, Entry, EntryKind, Journal};

/// What was expected of the rules and did not come to pass.
///
/// Its `Display` says for each such rule what was expected, what came instead, and what came
/// nearest; and then all that came.
#[derive(Clone, Debug)]
pub struct Unmet {
    failures: Vec<Failure>,
    journal: Journal,
}

#[derive(Clone, Debug)]
struct Failure {
    title: String,
    what: String,
    details: Vec<String>,
}

/// How many packets are shown of those that hit a rule.
const HITS_SHOWN: usize = 5;

/// How many lines of the journal are shown: the last ones.
const LINES_SHOWN: usize = 60;

impl Unmet {
    /// The names of the rules that failed, in the order in which they were mounted; where a rule
    /// has no name, where it was mounted.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.failures.iter().map(|failure| failure.title.as_str())
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
            let _ = rule.tell();
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
        let what = format!(
            "expected {}, came {}",
            AtLeast(least),
            Count(rule.hits())
        );
        let failures = vec![Failure {
            title: title(rule),
            what,
            details: details(rule, &journal),
        }];
        Unmet { failures, journal }
    }

    /// The text for a wait for a packet that was in vain.
    pub(crate) fn explain_missing(&self, matcher: &dyn Match) -> Unmet {
        let journal = self.state().record.snapshot();
        let failures = vec![Failure {
            title: "wait".to_owned(),
            what: format!("no {} came", matcher.describe()),
            details: nearest(matcher, &journal),
        }];
        Unmet { failures, journal }
    }

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
            title: title(rule),
            what: format!("a closure panicked: {message}"),
            details: Vec::new(),
        });
    }
    let hits = rule.hits();
    if let Some(expected) = rule.expected()
        && !expected.contains(hits)
    {
        failures.push(Failure {
            title: title(rule),
            what: format!("expected {expected}, came {}", Count(hits)),
            details: details(rule, journal),
        });
    }
    failures
}

fn title(rule: &Mounted) -> String {
    match &rule.rule().name {
        Some(name) => name.clone(),
        None => format!("at {}", rule.place()),
    }
}

fn details(rule: &Mounted, journal: &Journal) -> Vec<String> {
    let matcher = rule.rule().matcher.as_ref();
    let mut lines = vec![format!("given    {}", matcher.describe())];
    if let (Some(nth), matches) = (matcher.nth(), rule.matches())
        && matches > 0
    {
        lines.push(format!(
            "matched  {}, and number {nth} was meant",
            Count(matches)
        ));
    }
    if rule.hits() == 0 {
        if rule.matches() == 0 {
            lines.extend(nearest(matcher, journal));
        }
        return lines;
    }
    let hits = journal
        .iter()
        .filter(|entry| entry.received().is_some_and(|it| matcher.matches(&it)));
    for (index, entry) in hits.take(HITS_SHOWN).enumerate() {
        let label = if index == 0 { "came    " } else { "        " };
        lines.push(format!("{label} {entry}"));
    }
    lines
}

/// The packet that fails the fewest criteria, the latest of several, and why it does.
fn nearest(matcher: &dyn Match, journal: &Journal) -> Vec<String> {
    let candidates = journal.iter().filter_map(|entry| {
        let misses = matcher.misses(&entry.received()?)?;
        (!misses.is_empty()).then_some((entry, misses))
    });
    let Some((entry, misses)) = candidates.min_by_key(|(entry, misses)| {
        (misses.len(), std::cmp::Reverse(entry.number()))
    }) else {
        return vec![format!("nearest  nothing of the kind: {}", came(journal))];
    };
    let mut lines = vec![format!("nearest  {entry}")];
    lines.extend(misses.into_iter().map(|miss| format!("         {miss}")));
    lines
}

/// The kinds of packets that came, each with its count.
fn came(journal: &Journal) -> String {
    let count = |packet: Option<PacketType>| {
        let of_kind = |entry: &&Entry| entry.packet_type() == packet;
        journal.received().filter(of_kind).count()
    };
    let kinds = PacketType::ALL.iter().copied().map(Some).chain([None]);
    let counts: Vec<String> = kinds
        .filter_map(|packet| {
            let name = packet.map_or("malformed", PacketType::name);
            match count(packet) {
                0 => None,
                count => Some(format!("{count} {name}")),
            }
        })
        .collect();
    if counts.is_empty() {
        return "no packet came".to_owned();
    }
    format!("{} came", counts.join(", "))
}

struct AtLeast(u32);

impl fmt::Display for AtLeast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at least {}", Count(self.0))
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "rule {}: {}", failure.title, failure.what)?;
            for line in &failure.details {
                writeln!(f, "  {line}")?;
            }
        }
        writeln!(f, "all that happened:")?;
        let skipped = self.journal.len().saturating_sub(LINES_SHOWN);
        if skipped > 0 || self.journal.forgotten() > 0 {
            let skipped = self.journal.forgotten() + skipped as u64;
            writeln!(f, "  … {skipped} earlier entries")?;
        }
        if self.journal.is_empty() {
            return f.write_str("  nothing");
        }
        for (index, entry) in self.journal.iter().skip(skipped).enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}  {entry}")?;
        }
        Ok(())
    }
}

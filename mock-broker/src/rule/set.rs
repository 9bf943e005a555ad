//! The rules of a broker in their order, and which of them wins.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::action::{Action, Verdict};
use super::{Rule, Times};
use crate::Received;

/// All rules that were ever mounted: those that ended stay, to be verified.
#[derive(Default)]
pub(crate) struct RuleSet {
    /// Copied on change, so that closures run without any lock held.
    rules: Mutex<Arc<[Arc<Mounted>]>>,
}

/// A rule in force, with its counts.
pub(crate) struct Mounted {
    rule: Rule,
    place: &'static Location<'static>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Packets that matched, before `nth` picks one of them.
    matches: u32,
    hits: u32,
    ended: bool,
    kept: bool,
    /// What closures of the rule panicked with; the first few.
    panics: Vec<String>,
    /// Whether `verify` has told that the expectation is not met.
    told: bool,
}

/// More panics than these are of no use to anybody.
const PANICS_KEPT: usize = 8;

impl RuleSet {
    pub(super) fn mount(&self, rule: Rule, place: &'static Location<'static>) -> Arc<Mounted> {
        let mounted = Arc::new(Mounted {
            rule,
            place,
            counts: Mutex::default(),
        });
        let mut rules = lock(&self.rules);
        *rules = rules.iter().cloned().chain([mounted.clone()]).collect();
        mounted
    }

    pub(super) fn end(&self, rule: &Arc<Mounted>) {
        let mut counts = lock(&rule.counts);
        counts.ended = !counts.kept;
        let forgettable = counts.ended && rule.rule.expected.is_none() && counts.panics.is_empty();
        drop(counts);
        if forgettable {
            let mut rules = lock(&self.rules);
            *rules = rules
                .iter()
                .filter(|other| !Arc::ptr_eq(other, rule))
                .cloned()
                .collect();
        }
    }

    pub(crate) fn all(&self) -> Arc<[Arc<Mounted>]> {
        lock(&self.rules).clone()
    }

    /// Asks all rules in their order. All of them count; the first that does not pass wins, and
    /// says what is to be done.
    pub(crate) fn judge(&self, received: &Received<'_>) -> Option<(Arc<Mounted>, Vec<Action>)> {
        let mut winner = None;
        for rule in self.all().iter() {
            if !rule.picks(received) {
                continue;
            }
            if rule.rule.responses.is_empty() {
                rule.try_hit();
            } else if winner.is_none()
                && let Some(actions) = rule.act(received)
            {
                winner = Some((rule.clone(), actions));
            }
        }
        winner
    }
}

impl Mounted {
    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(crate) const fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn expected(&self) -> Option<Times> {
        self.rule.expected
    }

    /// Its name, or what it is about.
    pub(crate) fn title(&self) -> String {
        match &self.rule.name {
            Some(name) => name.clone(),
            None => self.rule.matcher.describe(),
        }
    }

    pub(crate) fn hits(&self) -> u32 {
        self.counts().hits
    }

    pub(crate) fn matches(&self) -> u32 {
        self.counts().matches
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        self.counts().panics.clone()
    }

    /// Marks that the failure of this rule was told; whether it had been before.
    pub(crate) fn tell(&self) -> bool {
        std::mem::replace(&mut self.counts().told, true)
    }

    pub(super) fn keep(&self) {
        self.counts().kept = true;
    }

    /// Whether the rule is about this packet; counts it.
    fn picks(&self, received: &Received<'_>) -> bool {
        if self.counts().ended {
            return false;
        }
        let matches = self.guarded(|| self.rule.matcher.matches(received));
        if matches != Some(true) {
            return false;
        }
        let mut counts = self.counts();
        counts.matches = counts.matches.saturating_add(1);
        self.rule
            .matcher
            .nth()
            .is_none_or(|nth| nth == counts.matches)
    }

    /// What the rule does; `None` where it passes.
    fn act(&self, received: &Received<'_>) -> Option<Vec<Action>> {
        // The hit is taken before the closures are asked, so that two connections cannot both take
        // the last one.
        if !self.try_hit() {
            return None;
        }
        let verdicts = self.guarded(|| {
            let responses = self.rule.responses.iter();
            responses
                .map(|response| response.respond(received))
                .collect::<Vec<_>>()
        });
        let mut acts = false;
        let mut actions = Vec::new();
        for verdict in verdicts.into_iter().flatten() {
            if let Verdict::Answer(more) = verdict {
                acts = true;
                actions.extend(more);
            }
        }
        if acts {
            return Some(actions);
        }
        self.counts().hits -= 1;
        None
    }

    fn try_hit(&self) -> bool {
        let mut counts = self.counts();
        if self.rule.limit.is_some_and(|limit| counts.hits >= limit) {
            return false;
        }
        counts.hits = counts.hits.saturating_add(1);
        true
    }

    /// Runs closures of the user's; `None` where one panicked, which is kept for `verify`.
    fn guarded<T>(&self, closures: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(closures)) {
            Ok(value) => Some(value),
            Err(panic) => {
                let message = panic
                    .downcast_ref::<&str>()
                    .map(|message| (*message).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "a panic without a message".to_owned());
                let mut counts = self.counts();
                if counts.panics.len() < PANICS_KEPT {
                    counts.panics.push(message);
                }
                None
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

/// Counts stay right whoever panicked while they were locked: each change is one assignment.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

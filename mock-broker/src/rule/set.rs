//! The rules of a broker in their order, and which of them wins.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
#[cfg(feature = "control")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::action::{Action, Verdict};
use super::index::Index;
use super::matcher::Tally;
use super::{Rule, Times};
use crate::Received;

/// All rules that were ever mounted: those that ended stay, to be verified.
#[derive(Default)]
pub(crate) struct RuleSet {
    /// Copied on change, so that closures run without any lock held.
    rules: Mutex<Arc<Ordered>>,
    /// The number of the next rule, less one.
    #[cfg(feature = "control")]
    numbers: AtomicU64,
}

/// The rules in their order, and which of them can be about what.
#[derive(Clone, Default)]
struct Ordered {
    all: Vec<Arc<Mounted>>,
    /// Those of them that have not ended.
    index: Index,
    /// Those of them that count each connection by itself.
    per_connection: Vec<u32>,
}

/// A rule in force, with its counts.
pub(crate) struct Mounted {
    #[cfg(feature = "control")]
    number: u64,
    rule: Rule,
    place: &'static Location<'static>,
    ended: AtomicBool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Packets that matched, before their turns are looked at.
    matches: Tally,
    hits: u32,
    kept: bool,
    /// What closures of the rule panicked with; the first few.
    panics: Vec<String>,
    /// Whether `verify` has told that the expectation is not met.
    told: bool,
}

/// More panics than these are of no use to anybody.
const PANICS_KEPT: usize = 8;

impl Ordered {
    fn add(&mut self, rule: Arc<Mounted>) {
        // Nobody has more rules than there are numbers.
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let matcher = &rule.rule.matcher;
        if !rule.is_over() {
            self.index
                .add(place, matcher.interest(), matcher.topic_filter());
        }
        if matcher.turns().are_per_connection() {
            self.per_connection.push(place);
        }
        self.all.push(rule);
    }

    /// Asks these rules, in their order.
    fn judge<'r>(
        received: &Received<'_>,
        rules: impl Iterator<Item = &'r Arc<Mounted>>,
    ) -> Option<(Arc<Mounted>, Vec<Action>)> {
        let mut winner = None;
        for rule in rules {
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

impl RuleSet {
    pub(super) fn mount(&self, rule: Rule, place: &'static Location<'static>) -> Arc<Mounted> {
        let mounted = Arc::new(Mounted {
            #[cfg(feature = "control")]
            number: 1 + self.numbers.fetch_add(1, Ordering::Relaxed),
            rule,
            place,
            ended: AtomicBool::new(false),
            counts: Mutex::default(),
        });
        Arc::make_mut(&mut lock(&self.rules)).add(mounted.clone());
        mounted
    }

    pub(super) fn end(&self, rule: &Arc<Mounted>) {
        let counts = lock(&rule.counts);
        if counts.kept {
            return;
        }
        rule.ended.store(true, Ordering::Relaxed);
        let forgettable = rule.rule.expected().is_none() && counts.panics.is_empty();
        drop(counts);
        let mut rules = lock(&self.rules);
        let mut left = Ordered::default();
        for other in &rules.all {
            if !(forgettable && Arc::ptr_eq(other, rule)) {
                left.add(other.clone());
            }
        }
        *rules = Arc::new(left);
    }

    /// Mounts a rule that stays until it is [removed](Self::remove).
    #[cfg(feature = "control")]
    #[track_caller]
    pub(crate) fn mount_for_good(&self, rule: Rule) -> Arc<Mounted> {
        let mounted = self.mount(rule, Location::caller());
        mounted.keep();
        mounted
    }

    /// The rules that have not ended.
    #[cfg(feature = "control")]
    pub(crate) fn in_force(&self) -> Vec<Arc<Mounted>> {
        let all = self.all();
        let in_force = all
            .iter()
            .filter(|rule| !rule.ended.load(Ordering::Relaxed));
        in_force.cloned().collect()
    }

    /// Ends a rule, whoever holds its guard.
    #[cfg(feature = "control")]
    pub(crate) fn remove(&self, rule: &Arc<Mounted>) {
        rule.counts().kept = false;
        self.end(rule);
    }

    /// Ends all rules, and expects nothing of them any more.
    #[cfg(feature = "control")]
    pub(crate) fn clear(&self) {
        let rules = std::mem::take(&mut *lock(&self.rules));
        for rule in rules.all.iter() {
            rule.ended.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Mounted>> {
        self.ordered().all.clone()
    }

    /// Whether some rule can be about these bytes on their way to a client.
    pub(crate) fn are_about_sent(&self, packet: &[u8]) -> bool {
        lock(&self.rules).index.is_about_sent(packet)
    }

    /// Forgets what was counted of a connection that has ended.
    pub(crate) fn forget(&self, connection: u32) {
        let rules = self.ordered();
        for place in &rules.per_connection {
            let rule = &rules.all[*place as usize];
            rule.counts().matches.forget(connection);
        }
    }

    /// Asks all rules that can be about it, in their order. All of them count; the first that does
    /// not pass wins, and says what is to be done.
    pub(crate) fn judge(&self, received: &Received<'_>) -> Option<(Arc<Mounted>, Vec<Action>)> {
        self.judge_by(received, |_| true)
    }

    /// Asks those that are also about what other rules answer with.
    pub(crate) fn judge_answer(
        &self,
        received: &Received<'_>,
    ) -> Option<(Arc<Mounted>, Vec<Action>)> {
        self.judge_by(received, |rule| rule.judges_answers)
    }

    fn judge_by(
        &self,
        received: &Received<'_>,
        is_asked: impl Fn(&Rule) -> bool,
    ) -> Option<(Arc<Mounted>, Vec<Action>)> {
        let rules = self.ordered();
        let candidates = rules.index.candidates(received);
        let candidates = candidates.iter().map(|place| &rules.all[*place as usize]);
        Ordered::judge(received, candidates.filter(|it| is_asked(&it.rule)))
    }

    fn ordered(&self) -> Arc<Ordered> {
        lock(&self.rules).clone()
    }
}

impl Mounted {
    /// Its number; the first rule of a broker is 1.
    #[cfg(feature = "control")]
    pub(crate) const fn id(&self) -> u64 {
        self.number
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(crate) const fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn expected(&self) -> Option<Times> {
        self.rule.expected()
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
        self.counts().matches.all()
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        self.counts().panics.clone()
    }

    /// Marks that the failure of this rule was told; whether it had been before.
    pub(crate) fn tell(&self) -> bool {
        std::mem::replace(&mut self.counts().told, true)
    }

    /// Whether its guard was dropped.
    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub(super) fn keep(&self) {
        self.counts().kept = true;
    }

    /// Whether the rule is about this packet; counts it.
    fn picks(&self, received: &Received<'_>) -> bool {
        if self.is_over() {
            return false;
        }
        let matches = self.guarded(|| self.rule.matcher.matches(received));
        if matches != Some(true) {
            return false;
        }
        let turns = self.rule.matcher.turns();
        self.counts().matches.count(turns, received.connection())
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

#[cfg(test)]
mod tests;

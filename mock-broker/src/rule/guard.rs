//! What keeps a mounted rule in force.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use super::Mounted;
use crate::shared::Shared;

/// Keeps a rule in force: the rule ends when this is dropped. What was expected of it stays to be
/// verified by the broker.
#[must_use = "the rule ends when its guard is dropped: keep the guard, or `forget` it"]
pub struct RuleGuard {
    rule: Arc<Mounted>,
    shared: Arc<Shared>,
}

impl RuleGuard {
    pub(super) const fn new(rule: Arc<Mounted>, shared: Arc<Shared>) -> Self {
        Self { rule, shared }
    }

    /// How often the rule was hit: how many packets it acted on, or, if it only watches, how many
    /// it saw.
    pub fn hits(&self) -> u32 {
        self.rule.hits()
    }

    /// Waits until the rule was hit as often as is expected of it at the least; once, if nothing
    /// is.
    ///
    /// # Panics
    ///
    /// If that has not happened within the broker's [patience](crate::Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    #[track_caller]
    pub fn wait_until_satisfied(&self) -> impl Future<Output = ()> + Send + '_ {
        let caller = Location::caller();
        async move {
            let least = self.rule.expected().map_or(1, super::Times::least);
            let satisfied = || (self.rule.hits() >= least).then_some(());
            if self.shared.wait_until(satisfied).await.is_none() {
                let unmet = self.shared.explain(&self.rule, least);
                panic!("waited in vain at {caller}\n{unmet}");
            }
        }
    }

    /// Leaves the rule in force for as long as the broker lives.
    pub fn forget(self) {
        // The drop that follows ends only rules that are not kept.
        self.rule.keep();
    }
}

impl Drop for RuleGuard {
    fn drop(&mut self) {
        self.shared.rules.end(&self.rule);
    }
}

impl fmt::Debug for RuleGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleGuard")
            .field("rule", &self.rule.title())
            .field("hits", &self.hits())
            .finish()
    }
}

//! Steps become rules.

mod actions;
mod bad_step;
mod carries;
mod matcher;
mod mutations;
mod reply;

#[cfg(feature = "control")]
pub(crate) use actions::unasked;
pub use bad_step::BadStep;

use std::time::Duration;

use nack_codec::{QoS, Version};

use super::matching::{Matching, Opening, Opens, Window};
use super::{Expect, On, Scenario, Step};
use crate::{Received, Rule};

/// What a step inherits from its scenario.
#[derive(Default)]
struct Place {
    versions: Vec<Version>,
    /// What chance begins with.
    seed: u64,
    /// Opened when the step before this one is hit; at once, where there is none.
    after: Option<Opening>,
    /// To be opened when this step is hit.
    opens: Option<Opening>,
}

impl Step {
    /// The rule that this step is.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub fn rule(&self) -> Result<Rule, BadStep> {
        self.rule_at(Place::default())
    }

    fn rule_at(&self, place: Place) -> Result<Rule, BadStep> {
        let runner = [
            ("client", self.client.is_some()),
            ("check", self.check.is_some()),
            ("reconnect", self.reconnect.is_some()),
        ];
        if let Some((key, _)) = runner.into_iter().find(|(_, there)| *there) {
            return Err(BadStep::ForTheRunner { key });
        }
        let mut rule = match (&self.on, &self.forbid) {
            (None, None) => return Err(BadStep::NoMatcher),
            (None, Some(forbid)) => self.forbidding(forbid, place)?,
            (Some(_), Some(_)) => return Err(BadStep::ForbidAndMore),
            (Some(on), None) => self.acting(on, place)?,
        };
        if let Some(name) = &self.name {
            rule = rule.named(name);
        }
        Ok(rule.with_step(self.clone()))
    }

    fn forbidding(&self, forbid: &On, place: Place) -> Result<Rule, BadStep> {
        let more = !self.reply.is_empty()
            || !self.drive.is_empty()
            || self.times.is_some()
            || self.expect.is_some();
        if more {
            return Err(BadStep::ForbidAndMore);
        }
        let opening = place.after.clone().unwrap_or_else(Opening::now);
        let length = forbid.for_ms.map(Duration::from_millis);
        let matching = Matching {
            window: Some(Window::new(opening, length)),
            ..forbid.matching(&place)?
        };
        Ok(Rule::given(matching).expect(Expect::NEVER))
    }

    fn acting(&self, on: &On, place: Place) -> Result<Rule, BadStep> {
        if on.for_ms.is_some() {
            return Err(BadStep::Misplaced {
                key: "for_ms",
                place: "`on`",
            });
        }
        if self.times == Some(0) {
            return Err(BadStep::OutOfRange {
                key: "times",
                range: "1 or more",
            });
        }
        let actions = self.seeded_actions(place.seed)?;
        let mut matching = on.matching(&place)?;
        let mut opens = place.opens;
        if actions.is_empty() {
            // A rule that only watches has no answer that could open anything.
            matching.opens = opens.take().map(Opens::new);
        }
        let mut rule = Rule::given(matching);
        match opens {
            None => {
                for action in actions {
                    rule = rule.then(action);
                }
            }
            Some(opening) => {
                rule = rule.then_with(move |_: &Received<'_>| {
                    opening.open();
                    actions.clone()
                });
            }
        }
        if let Some(times) = self.times {
            rule = rule.times(times);
        }
        Ok(rule.expect(self.expect.unwrap_or(Expect::AT_LEAST_ONCE)))
    }
}

impl Scenario {
    /// The rules that its steps are, in their order.
    ///
    /// # Errors
    ///
    /// Where a step is none: which, counted from 0, and why.
    pub fn rules(&self) -> Result<Vec<Rule>, (usize, BadStep)> {
        let versions: Vec<Version> = self.versions.iter().map(|version| version.0).collect();
        let mut after = None;
        let mut rules = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let is_followed = step.forbid.is_none()
                && self.steps[index + 1..]
                    .first()
                    .is_some_and(|next| next.forbid.is_some());
            let opens = is_followed.then(Opening::default);
            let place = Place {
                versions: versions.clone(),
                // Steps with the same probability are not to fall on the same packets.
                seed: self.seed.unwrap_or_default().wrapping_add(index as u64),
                after: after.clone(),
                opens: opens.clone(),
            };
            let rule = step.rule_at(place).map_err(|error| (index, error))?;
            rules.push(rule);
            if step.forbid.is_none() {
                after = opens;
            }
        }
        Ok(rules)
    }
}

fn qos(level: u8) -> Result<QoS, BadStep> {
    QoS::ALL
        .get(usize::from(level))
        .copied()
        .ok_or(BadStep::OutOfRange {
            key: "qos",
            range: "0, 1 or 2",
        })
}

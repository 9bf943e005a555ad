//! Rules: given a packet, then what the broker does about it, how often, and how often that is
//! expected to happen.

pub mod action;
mod guard;
mod index;
pub mod matcher;
mod set;
mod times;

pub use guard::RuleGuard;
pub(crate) use set::{Mounted, RuleSet};
pub(crate) use times::Count;
pub use times::Times;

use std::fmt;
use std::panic::Location;

use action::{Respond, Verdict};
use matcher::Match;

use crate::{MockBroker, Received};

/// What the broker does about the packets that a matcher picks.
///
/// ```
/// use nack_mock_broker::{MockBroker, QoS, Rule, action::puback, matcher::publish};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let broker = MockBroker::in_memory();
/// let quota = Rule::given(publish().topic("sensors/#").qos(QoS::AtLeastOnce).nth(2))
///     .then(puback(0x97).reason_string("over quota"))
///     .times(1)
///     .expect(..=1)
///     .named("quota")
///     .mount(&broker);
/// assert_eq!(quota.hits(), 0);
/// # }
/// ```
///
/// Rules are asked in the order in which they were mounted. The first that does not pass wins; if
/// all pass, the base behaviour answers. A rule without [`then`](Self::then) watches: it passes
/// always and counts each packet that matches, whoever answers it.
#[must_use = "a rule does nothing until it is mounted"]
pub struct Rule {
    pub(crate) matcher: Box<dyn Match>,
    pub(crate) responses: Vec<Box<dyn Respond>>,
    pub(crate) limit: Option<u32>,
    expected: Option<Times>,
    pub(crate) judges_answers: bool,
    pub(crate) name: Option<String>,
    /// What the rule was made from, where it was data.
    #[cfg(feature = "scenario")]
    pub(crate) step: Option<Box<crate::scenario::Step>>,
}

impl Rule {
    /// A rule about the packets that this matcher picks.
    pub fn given(matcher: impl Match + 'static) -> Self {
        Self {
            matcher: Box::new(matcher),
            responses: Vec::new(),
            limit: None,
            expected: None,
            judges_answers: false,
            name: None,
            #[cfg(feature = "scenario")]
            step: None,
        }
    }

    /// Does this about such a packet; called again, does this behind what comes before.
    pub fn then(mut self, response: impl Respond + 'static) -> Self {
        self.responses.push(Box::new(response));
        self
    }

    /// Does what the closure says about such a packet. [`then`](Self::then) takes closures too,
    /// which must name the type of their argument there.
    pub fn then_with<V: Into<Verdict>>(
        self,
        closure: impl Fn(&Received<'_>) -> V + Send + Sync + 'static,
    ) -> Self {
        self.then(closure)
    }

    /// Is used up after this many hits, and passes from then on.
    pub const fn times(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Is expected to be hit this often: a number or any range. [`MockBroker::verify`] says when
    /// it was not.
    ///
    /// Without this, a rule that does something is expected to do it at least once: one that never
    /// fired, because its matcher is wrong, or nothing came, must not look like a success. `..`
    /// says that it may fire or not. Of a rule that only watches, nothing is expected.
    pub fn expect(mut self, times: impl Into<Times>) -> Self {
        self.expected = Some(times.into());
        self
    }

    /// How often it is expected to be hit, if it is.
    pub(crate) fn expected(&self) -> Option<Times> {
        let was_to_fire = !self.responses.is_empty();
        self.expected.or_else(|| was_to_fire.then(|| (1..).into()))
    }

    /// Is also asked about what other rules answer clients with, which otherwise is not judged again:
    /// a rule about CONNACK then hears of each, whoever sends it. What such a rule sends itself is
    /// not judged any more.
    ///
    /// ```
    /// use nack_mock_broker::{Rule, action, matcher};
    ///
    /// let rule = Rule::given(matcher::connack().reason(0x00).to_client())
    ///     .then(action::as_usual())
    ///     .then(action::publish("news", "welcome"))
    ///     .also_about_answers();
    /// ```
    pub const fn also_about_answers(mut self) -> Self {
        self.judges_answers = true;
        self
    }

    /// What the rule is called in the journal and where it fails.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    #[cfg(feature = "scenario")]
    pub(crate) fn with_step(mut self, step: crate::scenario::Step) -> Self {
        self.step = Some(Box::new(step));
        self
    }

    /// The step that the rule was made from, if it was.
    #[cfg(feature = "scenario")]
    pub fn step(&self) -> Option<&crate::scenario::Step> {
        self.step.as_deref()
    }

    /// Puts the rule behind those that the broker has. It ends when the guard is dropped, or with
    /// the broker if the guard is [forgotten](RuleGuard::forget).
    #[track_caller]
    pub fn mount(self, broker: &MockBroker) -> RuleGuard {
        let shared = broker.shared();
        let mounted = shared.rules.mount(self, Location::caller());
        RuleGuard::new(mounted, shared.clone())
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("given", &self.matcher.describe())
            .field("responses", &self.responses.len())
            .field("times", &self.limit)
            .field("expect", &self.expected())
            .field("name", &self.name)
            .finish()
    }
}

//! What decides how a packet is answered: an action, or a closure.

use super::{Action, Answer, Release};
use crate::Received;

/// Decides what is done about a packet. Actions do, and so do closures:
///
/// ```
/// use nack_mock_broker::{Received, Rule, action, matcher};
///
/// // A PUBACK that is one off.
/// let rule = Rule::given(matcher::publish()).then(|received: &Received<'_>| {
///     let packet_id = received.packet_id().unwrap_or_default();
///     action::puback(0).packet_id(packet_id.wrapping_add(1))
/// });
/// ```
pub trait Respond: Send + Sync {
    /// What is to be done about this packet.
    ///
    /// A panic in here is caught, counts as [`Verdict::Pass`], and is reported by
    /// [`MockBroker::verify`](crate::MockBroker::verify).
    fn respond(&self, received: &Received<'_>) -> Verdict;
}

/// What a rule says about a packet.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a rule acts or it does not")]
pub enum Verdict {
    /// Nothing: the next rule is asked, and the base behaviour behind the last.
    Pass,
    /// To do this, in this order. Nobody else is asked.
    Answer(Vec<Action>),
}

impl From<Action> for Verdict {
    fn from(action: Action) -> Self {
        Self::Answer(vec![action])
    }
}

impl<P> From<Answer<P>> for Verdict {
    fn from(answer: Answer<P>) -> Self {
        Action::from(answer).into()
    }
}

impl From<Release> for Verdict {
    fn from(release: Release) -> Self {
        Action::from(release).into()
    }
}

impl From<Vec<Action>> for Verdict {
    fn from(actions: Vec<Action>) -> Self {
        Self::Answer(actions)
    }
}

/// `None` passes.
impl<V: Into<Self>> From<Option<V>> for Verdict {
    fn from(verdict: Option<V>) -> Self {
        verdict.map_or(Self::Pass, Into::into)
    }
}

impl Respond for Action {
    fn respond(&self, _: &Received<'_>) -> Verdict {
        self.clone().into()
    }
}

impl Respond for Release {
    fn respond(&self, _: &Received<'_>) -> Verdict {
        (*self).into()
    }
}

impl<P: Clone + Send + Sync> Respond for Answer<P> {
    fn respond(&self, _: &Received<'_>) -> Verdict {
        self.clone().into()
    }
}

impl<F, V> Respond for F
where
    F: Fn(&Received<'_>) -> V + Send + Sync,
    V: Into<Verdict>,
{
    fn respond(&self, received: &Received<'_>) -> Verdict {
        self(received).into()
    }
}

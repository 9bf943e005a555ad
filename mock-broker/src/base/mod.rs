//! What happens when no rule matches.

mod silent;

use crate::Builder;

/// What the broker does about packets that no rule answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Base {
    /// A small broker of both versions that does what the standards say: sessions, subscriptions,
    /// retained messages, wills, QoS 0 to 2, keep alive.
    #[default]
    Accept,
    /// Accepts connections and says nothing, whatever comes.
    Silent,
}

pub(crate) enum Behaviour {
    Silent,
}

impl Behaviour {
    pub(crate) fn new(_builder: &Builder) -> Self {
        Self::Silent
    }
}

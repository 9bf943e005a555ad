//! Why a step is no rule.

/// A step that cannot be what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadStep {
    /// It does not say which packet it is about.
    #[error("a step needs `on`, which packet it is about, or `forbid`")]
    NoMatcher,
    /// It is about a packet, and forbids another.
    #[error("`forbid` only watches: put it into a step of its own")]
    ForbidAndMore,
    /// It tells a client what to do, which a broker cannot.
    #[error(
        "`{key}` is for the conformance runner, which holds the client: the mock broker only \
         answers; use `on` with `reply`, `drive` or `expect`"
    )]
    ForTheRunner {
        /// `client`, `check` or `reconnect`.
        key: &'static str,
    },
    /// A key stands where it has no meaning.
    #[error("`{key}` has no place in {place}")]
    Misplaced {
        /// The key.
        key: &'static str,
        /// Where it stands.
        place: &'static str,
    },
    /// It waits for what the packet cannot have.
    #[error("{packet} never has {what}; these have: {packets}")]
    NeverThere {
        /// The key that asks for it.
        key: &'static str,
        /// The packet.
        packet: &'static str,
        /// A reason code or a property, in words.
        what: String,
        /// The packets that have it, in words.
        packets: String,
    },
    /// A packet needs what is not there.
    #[error("{packet} needs `{key}`")]
    Missing {
        /// The packet.
        packet: &'static str,
        /// The key.
        key: &'static str,
    },
    /// No broker sends such a packet.
    #[error("a broker does not send {packet}; send its bytes with `send_hex`")]
    NotFromBroker {
        /// The packet.
        packet: &'static str,
    },
    /// No client sends such a packet.
    #[error(
        "a client does not send {packet}: use `to_client = true` where it is on its way to one"
    )]
    NotFromClient {
        /// The packet.
        packet: &'static str,
    },
    /// A topic filter is not one.
    #[error("`{filter}` is not a topic filter: {reason}")]
    TopicFilter {
        /// What was written.
        filter: String,
        /// Why not.
        reason: String,
    },
    /// A number is outside of its range.
    #[error("`{key}` must be {range}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// `reply` stands beside a list of things to do, so that their order cannot be told.
    #[error("`reply` beside a list of `drive` has no place in its order: put it into the list")]
    ReplyBesideList,
    /// It changes how something is sent, and sends nothing.
    #[error("`{key}` changes what is sent, and `hold` sends nothing")]
    NothingSent {
        /// The key.
        key: &'static str,
    },
    /// It answers, and never answers.
    #[error("`hold` never answers, and `{key}` beside it does: leave one of them away")]
    HoldBesideAnswer {
        /// The key that answers.
        key: &'static str,
    },
    /// It does nothing.
    #[error("this does nothing: say what is to be done (`reply`, `close`, …)")]
    DoesNothing,
    /// It changes how something is sent, and does not say what.
    #[error("`{key}` changes what is sent, and nothing is: add `reply` or `send_hex`")]
    NothingToChange {
        /// The key.
        key: &'static str,
    },
}

impl BadStep {
    /// The key that is wrong, if it is one.
    pub(crate) fn key(&self) -> Option<&'static str> {
        match self {
            Self::NoMatcher => None,
            Self::DoesNothing => Some("drive"),
            Self::ForbidAndMore => Some("forbid"),
            Self::ReplyBesideList => Some("reply"),
            Self::NotFromBroker { .. } | Self::NotFromClient { .. } | Self::Missing { .. } => {
                Some("packet")
            }
            Self::TopicFilter { .. } => Some("topic"),
            Self::ForTheRunner { key }
            | Self::Misplaced { key, .. }
            | Self::NeverThere { key, .. }
            | Self::OutOfRange { key, .. }
            | Self::NothingSent { key }
            | Self::HoldBesideAnswer { key }
            | Self::NothingToChange { key } => Some(key),
        }
    }
}

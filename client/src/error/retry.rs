//! What may be tried after an error.

/// What may be tried after an error. Computed from the reason code, the packet and the phase, never
/// from text.
///
/// It is advice. For refusals it comes from a [`RetryTable`](super::RetryTable), which a caller that
/// knows its broker better can change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same request will fail again: the request, the configuration or the permissions must
    /// change first.
    Never,
    /// The same request may pass later. Back off first, with jitter, and a limit.
    Later,
    /// The connection is gone, and the request may pass on a new one.
    Reconnect,
    /// Ask another server; this one, if the broker named it.
    Elsewhere(Option<String>),
    /// The two sides disagree about the session: connect again with clean start.
    NewSession,
    /// The standard does not say whether the refusal lasts. Do not repeat it automatically.
    CallerDecides,
}

impl Retry {
    /// Whether the same operation on the same server may pass without anything else changing:
    /// [`Later`](Self::Later) or [`Reconnect`](Self::Reconnect).
    pub const fn is_worthwhile(&self) -> bool {
        matches!(self, Self::Later | Self::Reconnect)
    }
}

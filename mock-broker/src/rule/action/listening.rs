//! Whether the broker can be reached at all.

use std::time::Duration;

use super::{Action, Step};

/// A change of whether the broker listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    Stop,
    StopFor(Duration),
    Resume,
}

/// Listens nowhere any more: the system refuses who connects (`ECONNREFUSED`), as where no broker
/// runs, and resets the connections that nobody accepted yet. Those that there are go on.
///
/// The broker's ports stay its own. It listens again with [`resume_listening`], or
/// [`MockBroker::resume_listening`](crate::MockBroker::resume_listening). In memory, connections are
/// at their end as they begin.
pub const fn stop_listening() -> Action {
    Action(Step::Listen(Listen::Stop))
}

/// [Stops listening](stop_listening) for this long, by tokio's clock.
///
/// A broker that restarts:
///
/// ```
/// use std::time::Duration;
/// use nack_mock_broker::{Rule, action, matcher};
///
/// let rule = Rule::given(matcher::publish().nth(3))
///     .then(action::refuse_connections(Duration::from_secs(5)))
///     .then(action::reset());
/// ```
pub const fn refuse_connections(duration: Duration) -> Action {
    Action(Step::Listen(Listen::StopFor(duration)))
}

/// Listens again, everywhere.
pub const fn resume_listening() -> Action {
    Action(Step::Listen(Listen::Resume))
}

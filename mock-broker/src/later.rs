//! Times to come, however far away they are.

use std::time::Duration;

use tokio::time::Instant;

/// Nobody waits for longer than this, and every clock can say when it is over.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// So long after `now`; what is later than in a century is in a century.
pub(crate) fn later(now: Instant, wait: Duration) -> Instant {
    now + wait.min(CENTURY)
}

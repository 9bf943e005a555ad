//! Until when a connection must have been made.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{ConnectError, Operation, TimedOut};

/// What stands for a time that never comes: the clock cannot count on for ever.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// Until when a connection must have been made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    after: Duration,
}

impl Deadline {
    /// So much later than now.
    pub(crate) fn after(after: Duration) -> Self {
        let at = Instant::now() + after.min(FAR);
        Self { at, after }
    }

    /// Waits for `future`, and gives it up when the time has come.
    pub(crate) async fn bound<F: Future>(&self, future: F) -> Result<F::Output, ConnectError> {
        timeout_at(self.at, future).await.map_err(|_| {
            let (operation, after) = (Operation::Connect, self.after);
            ConnectError::Timeout(TimedOut { operation, after })
        })
    }

    pub(super) fn at(&self) -> std::time::Instant {
        self.at.into_std()
    }
}

//! Tests fail where they would wait for ever.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

/// How long a test waits, by the clock on the wall.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest single wait by a paused clock; the broker's own timers are shorter.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the future gives; `None` where that never comes. Under a paused clock that is where nobody
/// is waiting for anything any more, however long that took by that clock.
pub(crate) async fn in_time<F: Future>(future: F) -> Option<F::Output> {
    let begun = Instant::now();
    let mut future = pin!(future);
    let mut patience = PATIENCE;
    loop {
        match timeout(patience, future.as_mut()).await {
            Ok(output) => return Some(output),
            Err(_) if begun.elapsed() < PATIENCE && patience < LONGEST => patience *= 2,
            Err(_) => return None,
        }
    }
}

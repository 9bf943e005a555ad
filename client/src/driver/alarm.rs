//! A timer for a time that is mostly put off.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// Waits for a time that is named at every look. One that has become later costs nothing: the timer
/// stays as it was set, and is set again when that has passed.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Waits for this time; for ever, where there is none.
    pub(super) fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else {
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() == at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_the_time_that_was_named_last() {
        let begin = Instant::now();
        let mut alarm = Alarm::default();
        let mut look = async |seconds: u64, waits: bool| {
            let at = begin + Duration::from_secs(seconds);
            let mut now = Poll::Pending;
            poll_fn(|cx| {
                if waits {
                    return alarm.poll(Some(at), cx);
                }
                now = alarm.poll(Some(at), cx);
                Poll::Ready(())
            })
            .await;
            (now, begin.elapsed())
        };
        // Put off, and brought forward.
        for seconds in [30, 60, 10, 20] {
            assert_eq!(look(seconds, false).await.0, Poll::Pending);
        }
        assert_eq!(look(25, true).await.1, Duration::from_secs(25));
        assert_eq!(look(25, false).await.0, Poll::Ready(()));
        assert_eq!(look(70, true).await.1, Duration::from_secs(70));
        // One that has passed.
        assert_eq!(look(5, true).await.1, Duration::from_secs(70));
    }
}

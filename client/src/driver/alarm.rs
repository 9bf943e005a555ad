//! A timer for a time that is mostly put off.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// Waits for a time that is named at every look. One that has become later costs nothing: the timer
/// stays as it was set, and is set again when that has passed. Nor does a look at one that runs.
///
/// One task looks at it, as it is the one that is woken.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether it runs, and will wake the task.
    runs: bool,
}

impl Alarm {
    /// Waits for this time; for ever, where there is none.
    pub(super) fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        } else if self.runs && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        self.runs = false;
        loop {
            // Where the task has had its turn, the timer is not asked, and will not wake it.
            let is_asked = has_budget_remaining();
            if sleep.as_mut().poll(cx).is_pending() {
                self.runs = is_asked;
                return Poll::Pending;
            }
            if sleep.deadline() == at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::time::Duration;

    use tokio::task::coop::consume_budget;
    use tokio::task::yield_now;
    use tokio::time::timeout;

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

    #[tokio::test(start_paused = true)]
    async fn a_task_that_has_had_its_turn_is_woken_all_the_same() {
        let begin = Instant::now();
        let at = begin + Duration::from_secs(10);
        let mut alarm = Alarm::default();
        let looked = tokio::spawn(async move {
            poll_fn(|cx| {
                while has_budget_remaining() {
                    let mut turn = pin!(consume_budget());
                    let _ = turn.as_mut().poll(cx);
                }
                let looked = alarm.poll(Some(at), cx);
                assert!(looked.is_pending());
                Poll::Ready(())
            })
            .await;
            // Its next turn begins.
            yield_now().await;
            poll_fn(|cx| alarm.poll(Some(at), cx)).await;
            begin.elapsed()
        });
        let woken = timeout(Duration::from_secs(60), looked).await;
        assert_eq!(woken.unwrap().unwrap(), Duration::from_secs(10));
    }
}

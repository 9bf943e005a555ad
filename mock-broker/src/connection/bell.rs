//! Wakes a connection from outside of its task, any number of rings at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Rung by others, heard by one task.
#[derive(Default)]
pub(crate) struct Bell(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    rung: bool,
    waker: Option<Waker>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let waker = {
            let mut heard = self.heard();
            heard.rung = true;
            heard.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ready once for all rings since it was ready last.
    pub(crate) fn poll_rung(&self, cx: &Context<'_>) -> Poll<()> {
        let mut heard = self.heard();
        if std::mem::take(&mut heard.rung) {
            return Poll::Ready(());
        }
        heard.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_heard_once_however_many_there_were() {
        let bell = Bell::default();
        let cx = Context::from_waker(Waker::noop());
        assert!(bell.poll_rung(&cx).is_pending());
        bell.ring();
        bell.ring();
        assert!(bell.poll_rung(&cx).is_ready());
        assert!(bell.poll_rung(&cx).is_pending());
    }
}

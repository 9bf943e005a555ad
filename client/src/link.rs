//! Whether a client has a connection: the one thing that handle and driver share.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, mpsc, watch};

use crate::driver::{Command, Signals, Takers};
use crate::error::{ConnectionLost, Reentrant};
use crate::session::Session;

/// Whether there is a connection, and why there is none any more.
#[derive(Debug)]
pub(crate) struct Link {
    state: Mutex<State>,
    ended: watch::Sender<Option<ConnectionLost>>,
    /// Told when the link is down.
    down: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// How many attempts there were: whose claim on the link is still good.
    attempt: u64,
}

/// Where the link is.
///
/// ```text
///          begin               connected
///   Down ─────────▶ Connecting ─────────▶ Up
///    ▲                  │                 │
///    │  ended           ▼  ending         │
///    └─────────────── Ending ◀────────────┘
/// ```
#[derive(Debug)]
enum Phase {
    /// What was kept, if there was a connection before, waits for the next one.
    Down(Option<Box<Kept>>),
    /// Somebody is about to connect.
    Connecting,
    /// There is a connection.
    Up {
        /// The way to its driver.
        commands: mpsc::Sender<Command>,
        /// The way for what is said in passing, which always has room.
        signals: Signals,
        abandoned: Arc<AtomicBool>,
    },
    /// It is over, and everybody may know. The driver still has the transport and the session;
    /// whoever wants to connect again waits for that.
    Ending,
}

/// What outlives a connection.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) session: Session,
    pub(crate) takers: Takers,
}

impl Link {
    pub(crate) fn new() -> Self {
        let state = State {
            phase: Phase::Down(None),
            attempt: 0,
        };
        Self {
            state: Mutex::new(state),
            ended: watch::Sender::new(None),
            down: Notify::new(),
        }
    }

    /// Claims the link for an attempt to connect, once the connection before it is closed.
    ///
    /// Dropping the future claims nothing.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Attempt, Reentrant> {
        loop {
            // Made before the look at the phase, so that a change in between is not missed.
            let down = self.down.notified();
            if let Some(result) = self.try_begin() {
                return result;
            }
            down.await;
        }
    }

    fn try_begin(self: &Arc<Self>) -> Option<Result<Attempt, Reentrant>> {
        let mut state = self.state();
        let kept = match &mut state.phase {
            Phase::Connecting => return Some(Err(Reentrant::Connecting)),
            Phase::Up { .. } => return Some(Err(Reentrant::Connected)),
            Phase::Ending => return None,
            Phase::Down(kept) => kept.take(),
        };
        state.phase = Phase::Connecting;
        state.attempt += 1;
        Some(Ok(Attempt {
            link: Arc::downgrade(self),
            number: state.attempt,
            kept,
            accepted: false,
            over: false,
            abandoned: Arc::default(),
        }))
    }

    /// Whether there is a connection; if there is none, why.
    pub(crate) fn check(&self) -> Result<(), Option<ConnectionLost>> {
        match self.is_up() {
            true => Ok(()),
            false => Err(self.cause()),
        }
    }

    /// The way to the driver, or why there is none.
    pub(crate) fn commands(&self) -> Result<mpsc::Sender<Command>, Option<ConnectionLost>> {
        match &self.state().phase {
            Phase::Up { commands, .. } => Ok(commands.clone()),
            Phase::Down(_) | Phase::Connecting | Phase::Ending => Err(self.cause()),
        }
    }

    /// The same, with the way for what is said in passing.
    pub(crate) fn ways(&self) -> Result<(mpsc::Sender<Command>, Signals), Option<ConnectionLost>> {
        match &self.state().phase {
            Phase::Up {
                commands, signals, ..
            } => Ok((commands.clone(), signals.clone())),
            Phase::Down(_) | Phase::Connecting | Phase::Ending => Err(self.cause()),
        }
    }

    /// Why the last connection ended; `None` if there was none, or it has not ended.
    pub(crate) fn cause(&self) -> Option<ConnectionLost> {
        self.ended.borrow().clone()
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state().phase, Phase::Up { .. })
    }

    /// Has the driver end the connection as a failing application does.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        if let Phase::Up { abandoned, .. } = &state.phase {
            abandoned.store(true, Ordering::Release);
            // The driver ends when nobody can reach it any more.
            state.phase = Phase::Ending;
        }
    }

    pub(crate) async fn ended(&self) -> ConnectionLost {
        let mut ended = self.ended.subscribe();
        let cause = ended.wait_for(Option::is_some).await;
        cause
            .ok()
            .and_then(|cause| cause.clone())
            .expect("the sender lives in this link")
    }

    /// No code of ours panics while it holds this lock, and its value is whole at every moment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt to connect, and then the connection: who holds it owns the session. However it ends,
/// it leaves the client ready for another one.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Weak, as the driver ends when all handles are gone.
    link: Weak<Link>,
    number: u64,
    /// `None` for a client that never connected, and while the driver has it.
    pub(crate) kept: Option<Box<Kept>>,
    /// Whether there was a connection, so that its end is to be told.
    accepted: bool,
    /// Whether that end was told.
    over: bool,
    abandoned: Arc<AtomicBool>,
}

impl Attempt {
    /// What its caller holds on to while the driver has the attempt: dropping it gives it up.
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            link: self.link.clone(),
            number: self.number,
            kept: false,
        }
    }

    /// The broker has accepted the connection.
    pub(crate) fn connected(&mut self, commands: mpsc::Sender<Command>, signals: Signals) {
        let Some(link) = self.link.upgrade() else {
            return;
        };
        let mut state = link.state();
        // Otherwise the caller has given up meanwhile, and `commands` goes with that.
        if matches!(state.phase, Phase::Connecting) {
            let abandoned = Arc::clone(&self.abandoned);
            state.phase = Phase::Up {
                commands,
                signals,
                abandoned,
            };
            self.accepted = true;
            link.ended.send_replace(None);
        }
    }

    /// Whether the application fails, and the broker is to publish the will.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// The connection is over, for this reason; or the attempt is, which has none.
    pub(crate) fn ending(&mut self, cause: Option<ConnectionLost>) {
        self.over = true;
        if let Some(link) = self.link.upgrade() {
            link.state().phase = Phase::Ending;
            if self.accepted && cause.is_some() {
                link.ended.send_replace(cause);
            }
        }
    }

    /// The transport is closed, and what is kept is back.
    pub(crate) fn ended(mut self, kept: Kept) {
        self.kept = Some(Box::new(kept));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(link) = self.link.upgrade() else {
            return;
        };
        if self.accepted && !self.over {
            link.ended.send_replace(Some(stopped()));
        }
        link.state().phase = Phase::Down(self.kept.take());
        link.down.notify_waiters();
    }
}

/// The caller's part of an attempt.
#[derive(Debug)]
pub(crate) struct Claim {
    link: Weak<Link>,
    number: u64,
    kept: bool,
}

impl Claim {
    /// The caller knows how the attempt went.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(link) = self.link.upgrade() else {
            return;
        };
        let mut state = link.state();
        let is_open = matches!(state.phase, Phase::Connecting | Phase::Up { .. });
        if !self.kept && is_open && state.attempt == self.number {
            state.phase = Phase::Ending;
        }
    }
}

/// The cause where the task of the connection is gone and could not say why: its runtime was shut
/// down, or its transport panicked.
pub(crate) fn stopped() -> ConnectionLost {
    let error = io::Error::other("the task of the connection was stopped");
    ConnectionLost::Io(Arc::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(link: &Arc<Link>) -> Attempt {
        link.try_begin().unwrap().unwrap()
    }

    #[test]
    fn a_caller_who_has_given_up_is_not_connected_any_more() {
        let link = Arc::new(Link::new());
        let mut attempt = attempt(&link);
        drop(attempt.claim());
        let (commands, mut receiver) = mpsc::channel(1);
        attempt.connected(commands, Signals::default());
        assert!(!link.is_up());
        // Nobody can reach the driver, which is how it knows.
        let disconnected = Err(mpsc::error::TryRecvError::Disconnected);
        assert_eq!(receiver.try_recv().map(drop), disconnected);
        // The transport is not closed yet.
        assert!(link.try_begin().is_none());
        drop(attempt);
        assert!(link.try_begin().is_some());
        assert!(link.cause().is_none());
    }

    #[test]
    fn a_claim_is_good_for_its_own_attempt_alone() {
        let link = Arc::new(Link::new());
        let first = attempt(&link);
        let claim = first.claim();
        drop(first);
        let second = attempt(&link);
        drop(claim);
        assert_eq!(
            link.try_begin().unwrap().unwrap_err(),
            Reentrant::Connecting
        );
        drop(second);
    }

    #[test]
    fn the_end_of_an_attempt_is_no_end_of_a_connection() {
        let link = Arc::new(Link::new());
        let mut attempt = attempt(&link);
        attempt.ending(Some(ConnectionLost::ByClient));
        drop(attempt);
        assert!(link.cause().is_none());
    }

    #[test]
    fn a_connection_whose_task_is_gone_has_ended() {
        let link = Arc::new(Link::new());
        let mut attempt = attempt(&link);
        let (commands, _receiver) = mpsc::channel(1);
        attempt.connected(commands, Signals::default());
        assert!(link.is_up());
        drop(attempt);
        assert!(!link.is_up());
        assert!(matches!(link.cause(), Some(ConnectionLost::Io(_))));
    }
}

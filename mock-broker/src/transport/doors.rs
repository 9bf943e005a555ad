//! All places where a broker listens, open or shut together.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

use super::door::Door;

/// Whether clients are let in, wherever they knock.
pub(crate) struct Doors {
    state: Mutex<State>,
}

struct State {
    doors: Vec<Arc<Door>>,
    open: bool,
    /// How often this was changed.
    changes: u64,
    /// Opens them at its time.
    timer: Option<AbortHandle>,
}

/// Which change of them it was: a timer opens what was shut by its own change alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change(u64);

impl Doors {
    pub(crate) const fn new(open: bool) -> Self {
        Self {
            state: Mutex::new(State {
                doors: Vec::new(),
                open,
                changes: 0,
                timer: None,
            }),
        }
    }

    pub(super) fn add(&self, door: Arc<Door>) {
        self.state().doors.push(door);
    }

    pub(crate) fn are_open(&self) -> bool {
        self.state().open
    }

    /// Has all of them let clients in from now on, or nobody. A timer from before does nothing any
    /// more.
    ///
    /// # Errors
    ///
    /// Where the system does not do so for one of them; the others are as they were to be.
    pub(crate) fn set(&self, open: bool) -> io::Result<Change> {
        let mut state = self.state();
        state.set(open)?;
        Ok(Change(state.changes))
    }

    /// This task opens them.
    pub(crate) fn set_timer(&self, timer: AbortHandle) {
        self.state().timer = Some(timer);
    }

    /// Lets clients in again because the time is over; `None` where there was another change
    /// meanwhile.
    pub(crate) fn open_after(&self, change: Change) -> Option<io::Result<()>> {
        let mut state = self.state();
        if Change(state.changes) != change {
            return None;
        }
        // Or else it would stop itself, who is asking.
        state.timer = None;
        Some(state.set(true))
    }

    /// Nothing opens them any more.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.doors.clear();
        // There is nothing left that could fail.
        let _ = state.set(false);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, open: bool) -> io::Result<()> {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        self.changes += 1;
        self.open = open;
        let set = |door: &Arc<Door>| if open { door.open() } else { door.shut() };
        // All of them, whatever becomes of the first.
        let results: Vec<io::Result<()>> = self.doors.iter().map(set).collect();
        results.into_iter().collect()
    }
}

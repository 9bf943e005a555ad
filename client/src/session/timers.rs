//! What the session waits for, and until when.

use std::time::{Duration, Instant};

/// What can become due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Timer {
    /// CONNACK must have come.
    Connack,
    /// A packet must be sent, so that the broker knows that the client is there.
    Ping,
    /// PINGRESP must have come.
    Pingresp,
    /// The oldest request must have been answered.
    Operation,
    /// The last bytes must have been written.
    Close,
}

impl Timer {
    const ALL: [Self; 5] = [
        Self::Connack,
        Self::Ping,
        Self::Pingresp,
        Self::Operation,
        Self::Close,
    ];
}

/// One table of all timers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) const fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    /// Sets a timer for so much later than now. A time that the clock cannot tell never comes.
    pub(super) fn set_after(&mut self, timer: Timer, now: Instant, after: Duration) {
        self.0[timer as usize] = now.checked_add(after);
    }

    /// Sets a timer that is not set, or is set for later.
    pub(super) fn set_earliest(&mut self, timer: Timer, at: Instant) {
        let slot = &mut self.0[timer as usize];
        *slot = Some(slot.map_or(at, |set| set.min(at)));
    }

    pub(super) const fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn stop_all(&mut self) {
        *self = Self::default();
    }

    pub(super) const fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
    }

    /// The next time at which something is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes a timer that is due.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.0[*timer as usize].is_some_and(|at| at <= now))?;
        self.stop(timer);
        Some(timer)
    }
}

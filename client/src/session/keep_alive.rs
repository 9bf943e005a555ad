//! Keep alive (section 3.1.2.10): when a PINGREQ is due, and when its answer is overdue.

use std::time::{Duration, Instant};

use super::timers::{Timer, Timers};

/// The keep alive of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeepAlive {
    interval: Option<Duration>,
    ping_timeout: Duration,
    /// Whether a PINGREQ has no answer yet.
    unanswered: bool,
    /// Whether the driver does not read; then silence is not the broker's.
    paused: bool,
}

impl KeepAlive {
    /// `seconds`: what the broker demands, or what the client asked for; 0 turns it off.
    pub(super) fn new(seconds: u16, ping_timeout: Duration) -> Self {
        let interval = Duration::from_secs(u64::from(seconds));
        Self {
            interval: (seconds > 0).then_some(interval),
            ping_timeout,
            unanswered: false,
            paused: false,
        }
    }

    /// Something was sent: the next PINGREQ is due that much later (`[MQTT-3.1.2-20]`).
    pub(super) fn sent(&self, timers: &mut Timers, now: Instant) {
        if let Some(interval) = self.interval {
            // A quarter early, so that a delay on the way does not break the rule.
            timers.set_after(Timer::Ping, now, interval * 3 / 4);
        }
    }

    /// A PINGREQ was sent.
    pub(super) fn pinged(&mut self, timers: &mut Timers, now: Instant) {
        self.unanswered = true;
        if !self.paused && !timers.is_set(Timer::Pingresp) {
            timers.set_after(Timer::Pingresp, now, self.ping_timeout);
        }
    }

    /// PINGRESP came.
    pub(super) const fn answered(&mut self, timers: &mut Timers) {
        self.unanswered = false;
        timers.stop(Timer::Pingresp);
    }

    /// A packet came. Whatever it is, the broker is there: an answer may have to wait behind a
    /// large message.
    pub(super) fn heard(&self, timers: &mut Timers, now: Instant) {
        if timers.is_set(Timer::Pingresp) {
            timers.set_after(Timer::Pingresp, now, self.ping_timeout);
        }
    }

    /// The driver stops reading: an answer cannot be missed.
    pub(super) const fn pause(&mut self, timers: &mut Timers) {
        self.paused = true;
        timers.stop(Timer::Pingresp);
    }

    /// The driver reads again: an answer that is still missing has as long as any. It need not be
    /// asked for again, as what was sent before lies in the transport.
    pub(super) fn resume(&mut self, timers: &mut Timers, now: Instant) {
        self.paused = false;
        if self.unanswered {
            timers.set_after(Timer::Pingresp, now, self.ping_timeout);
        }
    }

    /// How long a PINGREQ may stay unanswered.
    pub(super) const fn ping_timeout(&self) -> Duration {
        self.ping_timeout
    }
}

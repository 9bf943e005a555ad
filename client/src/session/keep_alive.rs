//! Keep alive (section 3.1.2.10): when a PINGREQ is due, and when its answer is overdue.

use std::time::{Duration, Instant};

use super::timers::{Timer, Timers};

/// The keep alive of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeepAlive {
    interval: Option<Duration>,
    ping_timeout: Duration,
}

impl KeepAlive {
    /// `seconds`: what the broker demands, or what the client asked for; 0 turns it off.
    pub(super) fn new(seconds: u16, ping_timeout: Duration) -> Self {
        let interval = Duration::from_secs(u64::from(seconds));
        Self {
            interval: (seconds > 0).then_some(interval),
            ping_timeout,
        }
    }

    /// Something was sent: the next PINGREQ is due that much later (`[MQTT-3.1.2-20]`).
    pub(super) fn sent(&self, timers: &mut Timers, now: Instant) {
        if let Some(interval) = self.interval {
            // A quarter early, so that a delay on the way does not break the rule.
            timers.set(Timer::Ping, now + interval * 3 / 4);
        }
    }

    /// A PINGREQ was sent.
    pub(super) fn pinged(&self, timers: &mut Timers, now: Instant) {
        timers.set(Timer::Pingresp, now + self.ping_timeout);
    }

    /// A packet came. Whatever it is, the broker is there: an answer may have to wait behind a
    /// large message.
    pub(super) fn heard(&self, timers: &mut Timers, now: Instant) {
        if timers.is_set(Timer::Pingresp) {
            self.pinged(timers, now);
        }
    }

    /// How long a PINGREQ may stay unanswered.
    pub(super) const fn ping_timeout(&self) -> Duration {
        self.ping_timeout
    }
}

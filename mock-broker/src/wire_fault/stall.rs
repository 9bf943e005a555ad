//! Stops reading, writing, or both.

use tokio::time::Instant;

/// What does not move.
#[derive(Debug, Default)]
pub(super) struct Stall {
    not_reading: bool,
    not_writing: bool,
    until: Option<Instant>,
}

impl Stall {
    pub(super) const fn reading(&mut self, reads: bool) {
        self.not_reading = !reads;
    }

    pub(super) const fn writing(&mut self, writes: bool) {
        self.not_writing = !writes;
    }

    /// Neither reads nor writes until then.
    pub(super) const fn until(&mut self, time: Instant) {
        self.until = Some(time);
    }

    pub(super) fn reads(&self, now: Instant) -> bool {
        !self.not_reading && !self.is_stalled(now)
    }

    /// Until when nothing is written, if nothing is; `None` in it where nobody knows.
    pub(super) fn holds_writing(&self, now: Instant) -> Option<Option<Instant>> {
        if self.not_writing {
            return Some(None);
        }
        self.is_stalled(now).then_some(self.until)
    }

    /// When it is over, if it ends by itself.
    pub(super) const fn over(&self) -> Option<Instant> {
        self.until
    }

    fn is_stalled(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stall_is_over_by_itself_and_a_stop_is_not() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut stall = Stall::default();
        assert!(stall.reads(now));
        assert_eq!(stall.holds_writing(now), None);
        stall.until(later);
        assert!(!stall.reads(now));
        assert_eq!(stall.holds_writing(now), Some(Some(later)));
        assert!(stall.reads(later));
        assert_eq!(stall.holds_writing(later), None);
        stall.writing(false);
        assert_eq!(stall.holds_writing(later), Some(None));
        assert!(stall.reads(later));
        stall.reading(false);
        assert!(!stall.reads(later));
    }
}

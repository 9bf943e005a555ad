//! Holds back bytes until so many packets are there, and lets them go at once.

/// How far may be written.
#[derive(Debug, Default)]
pub(super) struct Coalesce {
    /// How many packets go together; of one or none nothing is held back.
    packets: usize,
    /// How many are held back.
    held: usize,
    /// Up to where nothing is.
    open: u64,
    /// Whether it is over with the next packets that go together.
    once: bool,
}

impl Coalesce {
    /// Begins at this place. Packets that are held back already count: a rule that begins it with
    /// each packet that it is about has them go together all the same.
    pub(super) const fn begin(&mut self, packets: usize, once: bool, place: u64) {
        if !self.holds() {
            self.held = 0;
            self.open = place;
        }
        self.packets = packets;
        self.once = once;
        self.let_go(place);
    }

    /// Whether packets are held back.
    const fn holds(&self) -> bool {
        self.packets > 1 && self.held > 0
    }

    /// A packet was sent, and ends at this place.
    pub(super) const fn packet(&mut self, end: u64) {
        self.held += 1;
        self.let_go(end);
    }

    /// Lets go what ends at this place, if it is enough.
    const fn let_go(&mut self, end: u64) {
        if self.held < self.packets {
            return;
        }
        if self.once && self.held > 0 {
            self.packets = 0;
        }
        self.held = 0;
        self.open = end;
    }

    /// Up to where may be written, of what ends at this place.
    pub(super) const fn limit(&self, end: u64) -> u64 {
        if self.packets > 1 { self.open } else { end }
    }

    pub(super) const fn finish(&mut self) {
        self.packets = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_together() {
        let mut coalesce = Coalesce::default();
        assert_eq!(coalesce.limit(10), 10);
        coalesce.begin(3, false, 10);
        for (end, limit) in [(20, 10), (30, 10), (40, 40), (50, 40), (60, 40), (70, 70)] {
            coalesce.packet(end);
            assert_eq!(coalesce.limit(end), limit);
        }
        coalesce.packet(80);
        coalesce.finish();
        assert_eq!(coalesce.limit(80), 80);
    }

    #[test]
    fn what_is_held_counts_when_it_begins_again() {
        let mut coalesce = Coalesce::default();
        for (end, limit) in [(20, 10), (30, 30), (40, 30), (50, 50)] {
            coalesce.begin(2, false, end - 10);
            coalesce.packet(end);
            assert_eq!(coalesce.limit(end), limit);
        }
        coalesce.packet(60);
        // So many are there already.
        coalesce.begin(1, false, 60);
        assert_eq!(coalesce.limit(60), 60);
    }

    #[test]
    fn what_goes_together_once_is_followed_by_packets_alone() {
        let mut coalesce = Coalesce::default();
        coalesce.begin(2, true, 10);
        coalesce.packet(20);
        assert_eq!(coalesce.limit(20), 10);
        for end in [30, 40, 50] {
            coalesce.packet(end);
            assert_eq!(coalesce.limit(end), end);
        }
        coalesce.begin(2, true, 50);
        coalesce.packet(60);
        assert_eq!(coalesce.limit(60), 50);
    }
}

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
}

impl Coalesce {
    /// Begins at this place.
    pub(super) const fn begin(&mut self, packets: usize, place: u64) {
        self.packets = packets;
        self.held = 0;
        self.open = place;
    }

    /// A packet was sent, and ends at this place.
    pub(super) const fn packet(&mut self, end: u64) {
        self.held += 1;
        if self.held >= self.packets {
            self.held = 0;
            self.open = end;
        }
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
        coalesce.begin(3, 10);
        for (end, limit) in [(20, 10), (30, 10), (40, 40), (50, 40), (60, 40), (70, 70)] {
            coalesce.packet(end);
            assert_eq!(coalesce.limit(end), limit);
        }
        coalesce.packet(80);
        coalesce.finish();
        assert_eq!(coalesce.limit(80), 80);
    }
}

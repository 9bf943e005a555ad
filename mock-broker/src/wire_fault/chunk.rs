//! Splits what is sent into writes of given sizes.

use std::collections::VecDeque;

/// Where writes end.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Single places, the first first.
    places: VecDeque<u64>,
    /// From a place on, each so many bytes.
    every: Option<(u64, u64)>,
}

impl Chunk {
    /// Splits behind each of these sizes, one after the other, beginning at this place.
    pub(super) fn at(&mut self, start: u64, sizes: &[usize]) {
        let sizes = sizes.iter().filter(|size| **size > 0);
        let ends = sizes.scan(start, |place, size| {
            *place = place.saturating_add(*size as u64);
            Some(*place)
        });
        // What was sent before is a write of its own.
        self.places = std::iter::once(start).chain(ends).collect();
    }

    /// Splits each so many bytes, beginning at this place; for 0 no more.
    pub(super) fn every(&mut self, start: u64, size: usize) {
        self.every = (size > 0).then_some((start, size as u64));
    }

    /// The next end of a write behind this place.
    pub(super) fn next_after(&mut self, place: u64) -> Option<u64> {
        while self.places.front().is_some_and(|first| *first <= place) {
            self.places.pop_front();
        }
        let every = self.every.map(|(start, size)| match place < start {
            true => start,
            false => place.saturating_add(size - (place - start) % size),
        });
        let single = self.places.front().copied();
        [single, every].into_iter().flatten().min()
    }

    /// Whether a write ends at this place.
    pub(super) fn ends_at(&self, place: u64) -> bool {
        let every = self
            .every
            .is_some_and(|(start, size)| place >= start && (place - start).is_multiple_of(size));
        every || self.places.contains(&place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_each_other_and_then_all_is_whole() {
        let mut chunk = Chunk::default();
        chunk.at(10, &[2, 0, 3]);
        assert_eq!(chunk.next_after(0), Some(10));
        assert_eq!(chunk.next_after(10), Some(12));
        assert_eq!(chunk.next_after(11), Some(12));
        assert!(chunk.ends_at(12));
        assert_eq!(chunk.next_after(12), Some(15));
        assert_eq!(chunk.next_after(15), None);
    }

    #[test]
    fn what_was_sent_before_is_not_split() {
        let mut chunk = Chunk::default();
        chunk.every(5, 2);
        let mut ends = Vec::new();
        let mut place = 0;
        while place < 10 {
            place = chunk.next_after(place).unwrap();
            assert!(chunk.ends_at(place));
            ends.push(place);
        }
        assert_eq!(ends, [5, 7, 9, 11]);
        chunk.every(11, 0);
        assert_eq!(chunk.next_after(11), None);
    }
}

//! Which of the packets that match are meant: the n-th, each n-th, or some by chance.

use std::collections::HashMap;
use std::fmt;

/// Which of the packets that match are meant, by their count: all of them unless said otherwise.
///
/// The counts begin with 1, and go over all connections unless
/// [`per_connection`](Self::per_connection) says otherwise. Of several conditions all must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turns {
    nth: Option<u32>,
    every: Option<u32>,
    chance: Option<Chance>,
    per_connection: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Chance {
    probability: f64,
    seed: u64,
}

impl Turns {
    /// All of them.
    pub const ALL: Self = Self {
        nth: None,
        every: None,
        chance: None,
        per_connection: false,
    };

    /// Only the n-th; the first is 1.
    pub const fn nth(mut self, nth: u32) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Only each n-th: of 3 the third, the sixth, and so on.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub const fn every(mut self, n: u32) -> Self {
        assert!(n > 0, "every 0th is none: say 1 or more");
        self.every = Some(n);
        self
    }

    /// Each with this probability, from 0.0 (none) to 1.0 (all). The same seed picks the same ones
    /// again, by their count.
    ///
    /// # Panics
    ///
    /// If the probability is below 0, above 1, or not a number.
    #[track_caller]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "a probability goes from 0.0 to 1.0, and {probability} does not"
        );
        self.chance = Some(Chance { probability, seed });
        self
    }

    /// Counts each connection by itself.
    pub const fn per_connection(mut self) -> Self {
        self.per_connection = true;
        self
    }

    pub(crate) const fn are_per_connection(self) -> bool {
        self.per_connection
    }

    fn include(self, count: u32, connection: u32) -> bool {
        self.nth.is_none_or(|nth| nth == count)
            && self.every.is_none_or(|n| count.is_multiple_of(n))
            && self.chance.is_none_or(|chance| {
                let connection = if self.per_connection { connection } else { 0 };
                chance.falls(count, connection)
            })
    }
}

impl Chance {
    /// A die of its own for each count, so that one that is thrown again falls as before.
    fn falls(self, count: u32, connection: u32) -> bool {
        // Odd numbers without a pattern, so that neighbours share nothing.
        let which = u64::from(count).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ u64::from(connection).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        let mut die = fastrand::Rng::with_seed(self.seed.wrapping_add(which));
        die.f64() < self.probability
    }
}

/// What stands behind the packet: `PUBLISH` *, number 2 of them*.
impl fmt::Display for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_what = if self.per_connection {
            "of each connection"
        } else {
            "of them"
        };
        if let Some(nth) = self.nth {
            write!(f, ", number {nth} {of_what}")?;
        }
        if let Some(n) = self.every {
            write!(f, ", one in {n} {of_what}")?;
        }
        if let Some(Chance { probability, seed }) = self.chance {
            write!(f, ", with probability {probability} (seed {seed})")?;
        }
        Ok(())
    }
}

/// How many packets have matched, over all and by connection.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: u32,
    by_connection: HashMap<u32, u32>,
}

impl Tally {
    /// Counts one more that matches; whether it is its turn.
    pub(crate) fn count(&mut self, turns: Turns, connection: u32) -> bool {
        self.all = self.all.saturating_add(1);
        let mut count = self.all;
        if turns.per_connection {
            let of_connection = self.by_connection.entry(connection).or_default();
            *of_connection = of_connection.saturating_add(1);
            count = *of_connection;
        }
        turns.include(count, connection)
    }

    pub(crate) const fn all(&self) -> u32 {
        self.all
    }

    /// Forgets a connection that has ended.
    pub(crate) fn forget(&mut self, connection: u32) {
        self.by_connection.remove(&connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns_of(turns: Turns, connections: &[u32]) -> Vec<bool> {
        let mut tally = Tally::default();
        let counted = connections.iter().map(|it| tally.count(turns, *it));
        counted.collect()
    }

    #[test]
    fn counts_go_over_all_connections_or_over_each() {
        let turns = Turns::ALL.nth(2);
        assert_eq!(turns_of(turns, &[1, 2, 1, 2]), [false, true, false, false]);
        let turns = turns.per_connection();
        assert_eq!(turns_of(turns, &[1, 2, 1, 2]), [false, false, true, true]);
        let turns = Turns::ALL.every(2);
        assert_eq!(turns_of(turns, &[1, 2, 1, 2]), [false, true, false, true]);
    }

    #[test]
    fn chance_is_about_what_it_says_and_falls_the_same_way_again() {
        let turns = Turns::ALL.probability(0.25, 7);
        let first = turns_of(turns, &[1; 10_000]);
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert_eq!(turns_of(turns, &[1; 10_000]), first);
        assert_ne!(
            turns_of(Turns::ALL.probability(0.25, 8), &[1; 10_000]),
            first
        );
        assert!(
            turns_of(Turns::ALL.probability(1.0, 7), &[1; 100])
                .iter()
                .all(|hit| *hit)
        );
        assert!(
            turns_of(Turns::ALL.probability(0.0, 7), &[1; 100])
                .iter()
                .all(|hit| !hit)
        );
    }

    #[test]
    #[should_panic = "a probability goes from 0.0 to 1.0, and 2 does not"]
    fn a_probability_above_one_is_none() {
        let _ = Turns::ALL.probability(2.0, 0);
    }
}

//! Sends what is held back.

use super::{Action, Step};

/// Sends what was [held back](super::hold) on the connection, and holds nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a release does nothing until a rule or `MockBroker::send` does it"]
pub struct Release {
    order: Order,
    least: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AsHeld,
    Reversed,
    Shuffled(u64),
}

impl Release {
    pub(super) const fn new() -> Self {
        Self {
            order: Order::AsHeld,
            least: 0,
        }
    }

    /// The last first.
    pub const fn reversed(mut self) -> Self {
        self.order = Order::Reversed;
        self
    }

    /// In any order. The same seed gives the same order again.
    pub const fn shuffled(mut self, seed: u64) -> Self {
        self.order = Order::Shuffled(seed);
        self
    }

    /// Only once so many packets are held; does nothing before.
    pub const fn once_held(mut self, packets: usize) -> Self {
        self.least = packets;
        self
    }

    /// Those that are released, in their order; the others stay.
    pub(crate) fn take<T>(self, held: &mut Vec<T>) -> Vec<T> {
        if held.len() < self.least {
            return Vec::new();
        }
        let mut released = std::mem::take(held);
        match self.order {
            Order::AsHeld => {}
            Order::Reversed => released.reverse(),
            Order::Shuffled(seed) => fastrand::Rng::with_seed(seed).shuffle(&mut released),
        }
        released
    }
}

impl From<Release> for Action {
    fn from(release: Release) -> Self {
        Self(Step::Release(release))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_in_the_order_that_was_asked_for() {
        let take = |release: Release| release.take(&mut vec![1, 2, 3]);
        assert_eq!(take(Release::new()), [1, 2, 3]);
        assert_eq!(take(Release::new().reversed()), [3, 2, 1]);
        let shuffled = take(Release::new().shuffled(7));
        assert_eq!(take(Release::new().shuffled(7)), shuffled);
        let mut sorted = shuffled;
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3]);
    }

    #[test]
    fn too_few_stay_held() {
        let mut held = vec![1, 2];
        let release = Release::new().reversed().once_held(3);
        assert!(release.take(&mut held).is_empty());
        held.push(3);
        assert_eq!(release.take(&mut held), [3, 2, 1]);
        assert!(held.is_empty());
    }
}

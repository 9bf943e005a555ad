//! How often something is to happen: a number or any range.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// How often a rule is expected to be hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    least: u32,
    /// The first count that is too many; `None` where there is no limit.
    limit: Option<u32>,
}

impl Times {
    /// Whether this many are as many as there should be.
    pub fn contains(self, count: u32) -> bool {
        count >= self.least && self.limit.is_none_or(|limit| count < limit)
    }

    pub(crate) const fn least(self) -> u32 {
        self.least
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.least;
        match self.limit.map(|limit| limit.saturating_sub(1)) {
            Some(0) => f.write_str("never"),
            Some(1) if least == 1 => f.write_str("once"),
            Some(most) if least == most => write!(f, "{most} times"),
            Some(most) if least == 0 => write!(f, "at most {}", Count(most)),
            Some(most) => write!(f, "{least} to {most} times"),
            None if least == 0 => f.write_str("any number of times"),
            None => write!(f, "at least {}", Count(least)),
        }
    }
}

/// A count in words: `once`, `2 times`.
pub(crate) struct Count(pub(crate) u32);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("not at all"),
            1 => f.write_str("once"),
            count => write!(f, "{count} times"),
        }
    }
}

impl From<u32> for Times {
    fn from(count: u32) -> Self {
        (count..=count).into()
    }
}

impl From<RangeInclusive<u32>> for Times {
    fn from(range: RangeInclusive<u32>) -> Self {
        Self {
            least: *range.start(),
            limit: range.end().checked_add(1),
        }
    }
}

impl From<Range<u32>> for Times {
    fn from(range: Range<u32>) -> Self {
        Self {
            least: range.start,
            limit: Some(range.end),
        }
    }
}

impl From<RangeFrom<u32>> for Times {
    fn from(range: RangeFrom<u32>) -> Self {
        Self {
            least: range.start,
            limit: None,
        }
    }
}

impl From<RangeTo<u32>> for Times {
    fn from(range: RangeTo<u32>) -> Self {
        (0..range.end).into()
    }
}

impl From<RangeToInclusive<u32>> for Times {
    fn from(range: RangeToInclusive<u32>) -> Self {
        (0..=range.end).into()
    }
}

impl From<RangeFull> for Times {
    fn from(_: RangeFull) -> Self {
        (0..).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: impl Into<Times>, text: &str, yes: &[u32], no: &[u32]) {
        let times = times.into();
        assert_eq!(times.to_string(), text);
        for count in yes {
            assert!(times.contains(*count), "{text} holds {count}");
        }
        for count in no {
            assert!(!times.contains(*count), "{text} does not hold {count}");
        }
    }

    #[test]
    fn numbers_and_ranges_mean_what_they_mean_in_rust() {
        check(0, "never", &[0], &[1]);
        check(1, "once", &[1], &[0, 2]);
        check(3, "3 times", &[3], &[2, 4]);
        check(1..=2, "1 to 2 times", &[1, 2], &[0, 3]);
        check(1..3, "1 to 2 times", &[1, 2], &[0, 3]);
        check(2.., "at least 2 times", &[2, u32::MAX], &[1]);
        check(..2, "at most once", &[0, 1], &[2]);
        check(..=2, "at most 2 times", &[0, 2], &[3]);
        check(.., "any number of times", &[0, u32::MAX], &[]);
        check(u32::MAX, "at least 4294967295 times", &[u32::MAX], &[0]);
    }
}

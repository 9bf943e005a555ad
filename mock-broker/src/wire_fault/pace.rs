//! Writes so many bytes a second.

use std::time::Duration;

use tokio::time::Instant;

/// A rate, and when it allows more.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes a second; not 0.
    rate: u32,
    next: Option<Instant>,
}

/// Into how many writes a second is divided, so that bytes come evenly.
const WRITES_A_SECOND: u32 = 20;

impl Pace {
    /// `None` for a rate of 0.
    pub(super) fn new(rate: u32) -> Option<Self> {
        (rate > 0).then_some(Self { rate, next: None })
    }

    /// How many bytes may be written, or when some may.
    pub(super) fn room(&mut self, now: Instant) -> Result<usize, Instant> {
        match self.next {
            Some(next) if next > now => Err(next),
            _ => Ok((self.rate / WRITES_A_SECOND).max(1) as usize),
        }
    }

    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        let time = Duration::from_secs(1).mul_f64(bytes as f64 / f64::from(self.rate));
        self.next = Some(now + time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_takes_as_many_bytes_as_told() {
        for rate in [1, 7, 1_000, 1_000_000] {
            let mut pace = Pace::new(rate).unwrap();
            let begun = Instant::now();
            let (mut now, mut written) = (begun, 0);
            while now < begun + Duration::from_secs(10) {
                match pace.room(now) {
                    Ok(bytes) => {
                        pace.wrote(bytes, now);
                        written += bytes as u64;
                    }
                    Err(next) => now = next,
                }
            }
            let expected = u64::from(rate) * 10;
            assert!(
                written.abs_diff(expected) <= expected / 20 + 1,
                "{rate}: {written}"
            );
        }
        assert!(Pace::new(0).is_none());
    }
}

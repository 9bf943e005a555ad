//! Flips bits, some here and some there.

use bytes::{Bytes, BytesMut};

/// A bit in some of the bytes.
#[derive(Debug)]
pub(super) struct Flip {
    probability: f64,
    die: fastrand::Rng,
}

impl Flip {
    pub(super) fn new(probability: f64, seed: u64) -> Self {
        Self {
            probability,
            die: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn apply(&mut self, packet: Bytes) -> Bytes {
        let mut bytes = BytesMut::from(&packet[..]);
        for byte in bytes.iter_mut() {
            if self.die.f64() < self.probability {
                *byte ^= 1 << self.die.u8(0..8);
            }
        }
        bytes.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_bytes_as_told_lose_one_bit_each_and_the_same_again() {
        let zeros = Bytes::from(vec![0; 10_000]);
        let flipped = Flip::new(0.1, 3).apply(zeros.clone());
        let hit = flipped.iter().filter(|byte| **byte != 0);
        let count = hit.clone().count();
        assert!((800..1200).contains(&count), "{count}");
        assert!(hit.clone().all(|byte| byte.count_ones() == 1));
        assert_eq!(Flip::new(0.1, 3).apply(zeros.clone()), flipped);
        assert_ne!(Flip::new(0.1, 4).apply(zeros.clone()), flipped);
        assert_eq!(Flip::new(0.0, 3).apply(zeros.clone()), zeros);
    }
}

//! Ends the connection in the midst of what is sent.

use crate::Closed;

/// Where, and how.
#[derive(Debug)]
pub(super) struct Truncate {
    at: u64,
    how: Closed,
}

impl Truncate {
    pub(super) const fn new(at: u64, how: Closed) -> Self {
        Self { at, how }
    }

    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) const fn how(&self) -> Closed {
        self.how
    }
}

//! The messages that no subscription claims.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::queue::{Sender, queue};
use super::takers::Delivered;
use crate::Messages;
use crate::error::Reentrant;

/// The stream of messages that no subscription claims; it outlives connections.
#[derive(Debug)]
pub(crate) struct Unclaimed {
    capacity: usize,
    taker: Mutex<Option<Sender<Delivered>>>,
    dropped: AtomicU64,
}

impl Unclaimed {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            taker: Mutex::new(None),
            dropped: AtomicU64::new(0),
        }
    }

    pub(crate) fn take(&self) -> Result<Messages, Reentrant> {
        let mut taker = self.lock();
        if taker.as_ref().is_some_and(|taker| !taker.is_closed()) {
            return Err(Reentrant::Messages);
        }
        let (sender, receiver) = queue(self.capacity);
        *taker = Some(sender);
        Ok(Messages::new(receiver))
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taker(&self) -> Option<Sender<Delivered>> {
        let taker = self.lock();
        taker.as_ref().filter(|taker| !taker.is_closed()).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sender<Delivered>>> {
        self.taker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

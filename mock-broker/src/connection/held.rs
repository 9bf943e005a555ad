//! Packets that are held back on a connection until something releases them.

use std::sync::Arc;

use bytes::Bytes;

use crate::action::Release;

/// A packet that is held back.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) rule: Option<Arc<str>>,
}

/// All of them, in the order in which they were to be sent.
#[derive(Default)]
pub(super) struct HeldBack {
    packets: Vec<Held>,
    bytes: usize,
}

impl HeldBack {
    pub(super) fn push(&mut self, held: Held) {
        self.bytes += held.bytes.len();
        self.packets.push(held);
    }

    /// Those that are released, in their order; the others stay.
    pub(super) fn take(&mut self, release: Release) -> Vec<Held> {
        let released = release.take(&mut self.packets);
        let bytes: usize = released.iter().map(|held| held.bytes.len()).sum();
        self.bytes -= bytes;
        released
    }

    pub(super) const fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

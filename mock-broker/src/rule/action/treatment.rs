//! What is done to packets between being written and being sent.

use bytes::Bytes;
use nack_codec::Version;

use super::Mutation;

/// More copies than tell a client anything; they are made at once, with all others waiting.
const MOST_COPIES: u32 = 10_000;

/// How the packets of one action are sent.
#[derive(Clone, Debug)]
pub(crate) struct Treatment {
    mutations: Vec<Mutation>,
    /// How often each is sent.
    copies: u32,
    /// Whether they are held back until something releases them.
    hold: bool,
}

impl Default for Treatment {
    fn default() -> Self {
        Self {
            mutations: Vec::new(),
            copies: 1,
            hold: false,
        }
    }
}

impl Treatment {
    pub(super) fn add(&mut self, mutation: Mutation) {
        self.mutations.push(mutation);
    }

    pub(super) const fn repeat(&mut self, copies: u32) {
        self.copies = if copies < MOST_COPIES {
            copies
        } else {
            MOST_COPIES
        };
    }

    pub(super) const fn hold(&mut self) {
        self.hold = true;
    }

    pub(crate) const fn copies(&self) -> u32 {
        self.copies
    }

    pub(crate) const fn holds(&self) -> bool {
        self.hold
    }

    /// Whether packets are sent as they are.
    pub(crate) const fn is_none(&self) -> bool {
        self.mutations.is_empty() && self.copies == 1 && !self.hold
    }

    /// How many bytes it keeps.
    pub(crate) fn weight(&self) -> usize {
        self.mutations.iter().map(Mutation::weight).sum()
    }

    /// Whether it is to change the bytes of packets.
    pub(crate) const fn mutates(&self) -> bool {
        !self.mutations.is_empty()
    }

    pub(crate) fn mutate(&self, packet: Bytes, version: Version) -> Bytes {
        let mutations = self.mutations.iter();
        mutations.fold(packet, |packet, mutation| mutation.apply(packet, version))
    }
}

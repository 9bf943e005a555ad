//! What runs under callgrind: one codec, one workload, some batches.

use std::mem;

use super::{BATCHES, Pair};
use crate::peers::{Decoder, Encoder, Visitor, visit};
use crate::{Direction, Reading, Workload, Writing};

/// Every codec with every workload that it has a part in, in the order of reports.
pub fn pairs() -> Vec<Pair> {
    #[derive(Default)]
    struct Pairs(Vec<Pair>);

    impl Visitor for Pairs {
        fn decoder<D: Decoder>(&mut self) {
            self.0
                .extend(parts(Direction::Decode, D::NAME, D::left_out));
        }

        fn encoder<E: Encoder>(&mut self) {
            self.0
                .extend(parts(Direction::Encode, E::NAME, E::left_out));
        }
    }

    let mut found = Pairs::default();
    visit(&mut found);
    let order = |pair: &Pair| Workload::all().position(|workload| workload == pair.workload);
    found.0.sort_by_key(order);
    found.0
}

fn parts(
    direction: Direction,
    peer: &'static str,
    left_out: fn(Workload) -> Option<&'static str>,
) -> impl Iterator<Item = Pair> {
    Workload::all()
        .filter(move |found| found.direction() == direction && left_out(*found).is_none())
        .map(move |workload| Pair { workload, peer })
}

/// One run: `batches` are done of those that are prepared, which are always as many.
#[derive(Clone, Debug)]
pub struct Once {
    /// What is done.
    pub workload: Workload,
    /// By whom.
    pub peer: String,
    /// How often.
    pub batches: usize,
}

impl Once {
    /// Does it.
    ///
    /// # Errors
    ///
    /// Where there is no such codec, or it has no part in the workload.
    pub fn run(self) -> Result<(), UnknownPair> {
        let mut run = Run {
            once: &self,
            done: false,
        };
        visit(&mut run);
        if run.done {
            return Ok(());
        }
        Err(UnknownPair {
            workload: self.workload.id(),
            peer: self.peer,
        })
    }

    fn is(
        &self,
        direction: Direction,
        peer: &str,
        left_out: fn(Workload) -> Option<&'static str>,
    ) -> bool {
        self.workload.direction() == direction
            && self.peer == peer
            && left_out(self.workload).is_none()
    }
}

/// No codec of this name has a part in this workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no codec called {peer} has a part in {workload}")]
pub struct UnknownPair {
    /// What was to be done.
    pub workload: &'static str,
    /// By whom.
    pub peer: String,
}

struct Run<'a> {
    once: &'a Once,
    done: bool,
}

impl Visitor for Run<'_> {
    fn decoder<D: Decoder>(&mut self) {
        if !self.once.is(Direction::Decode, D::NAME, D::left_out) {
            return;
        }
        let mut prepared: Vec<_> = (0..2 * BATCHES)
            .map(|_| Reading::<D>::new(self.once.workload))
            .collect();
        for reading in prepared.iter_mut().take(self.once.batches) {
            reading.decode();
        }
        // To free what was read costs another amount than to free what was not.
        mem::forget(prepared);
        self.done = true;
    }

    fn encoder<E: Encoder>(&mut self) {
        if !self.once.is(Direction::Encode, E::NAME, E::left_out) {
            return;
        }
        let mut output = Writing::<E>::output(self.once.workload);
        let mut prepared: Vec<_> = (0..2 * BATCHES)
            .map(|_| Writing::<E>::new(self.once.workload))
            .collect();
        for writing in prepared.iter_mut().take(self.once.batches) {
            writing.encode(&mut output);
        }
        mem::forget(prepared);
        self.done = true;
    }
}

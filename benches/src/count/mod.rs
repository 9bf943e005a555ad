//! Instructions and allocations per packet: counted by callgrind, reported, and compared with what
//! was counted before.
//!
//! A codec does a workload in a process of its own, once some batches and once twice as many. The
//! difference, divided by the packets in it, has nothing of start and preparation in it, and is
//! the same in every run.

mod callgrind;
mod compare;
mod document;
mod once;
mod table;

pub use callgrind::{CountError, Totals};
pub use compare::{Comparison, Row, Verdict};
pub use document::{Document, DocumentError, Figure};
pub use once::{Once, UnknownPair, pairs};
pub use table::{comparison_table, figures_table};

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Workload;

/// The batches of the shorter run; the longer has twice as many. The first two show each branch
/// and each allocator bin what comes, so that the others are all alike.
const BATCHES: usize = 2;

/// A codec and what it is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// What is done.
    pub workload: Workload,
    /// By whom.
    pub peer: &'static str,
}

/// Counts each pair in turn, `jobs` of them at once, and tells `progress` when one is done.
///
/// # Errors
///
/// Where valgrind is missing, or a run under it fails.
pub fn count(
    pairs: &[Pair],
    jobs: NonZeroUsize,
    progress: impl Fn(&Figure) + Sync,
) -> Result<Vec<Figure>, CountError> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        while let Some((index, pair)) = take(pairs, &next) {
            let figure = count_one(pair)?;
            progress(&figure);
            found
                .lock()
                .expect("no worker panics")
                .push((index, figure));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.get()).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    let mut found = found.into_inner().expect("no worker panics");
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, figure)| figure).collect())
}

fn take(pairs: &[Pair], next: &AtomicUsize) -> Option<(usize, Pair)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    pairs.get(index).map(|pair| (index, *pair))
}

fn count_one(pair: Pair) -> Result<Figure, CountError> {
    let short = callgrind::run(pair, BATCHES)?;
    let long = callgrind::run(pair, 2 * BATCHES)?;
    let packets = (BATCHES * pair.workload.packets().len()) as f64;
    let per_packet = |short: u64, long: u64| {
        let exact = long.saturating_sub(short) as f64 / packets;
        (exact * 1000.0).round() / 1000.0
    };
    Ok(Figure {
        workload: pair.workload.id().to_owned(),
        peer: pair.peer.to_owned(),
        instructions_per_packet: per_packet(short.instructions, long.instructions),
        allocations_per_packet: per_packet(short.allocations, long.allocations),
    })
}

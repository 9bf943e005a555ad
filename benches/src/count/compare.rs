//! New figures beside old ones: what became slower, and whether the two can be compared at all.

use super::{Document, Figure};
use crate::peers::OURS;

/// Old figures beside new ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// A row a codec and workload that was counted now.
    pub rows: Vec<Row>,
    /// What differs between the two runs that is no change of ours; then nothing fails.
    pub differences: Vec<String>,
    /// By how many percent instructions may grow.
    pub threshold: f64,
}

/// One codec and workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was counted before, if it was.
    pub old: Option<Figure>,
    /// What was counted now.
    pub new: Figure,
    /// What this means.
    pub verdict: Verdict,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As before, or within the threshold.
    Same,
    /// Fewer instructions, by more than the threshold.
    Faster,
    /// More instructions, by more than the threshold, or more allocations.
    Slower,
    /// A peer's figure moved beyond the threshold: not ours to mend, but a sign that something
    /// else than our code has changed.
    PeerMoved,
    /// Not counted before.
    New,
}

impl Comparison {
    /// Compares `new` with `old`; instructions may grow by `threshold` percent.
    pub fn new(old: &Document, new: &Document, threshold: f64) -> Self {
        let rows = new.results.iter().map(|figure| {
            let before = old.figure(&figure.workload, &figure.peer);
            let verdict = before.map_or(Verdict::New, |before| verdict(before, figure, threshold));
            Row {
                old: before.cloned(),
                new: figure.clone(),
                verdict,
            }
        });
        Self {
            rows: rows.collect(),
            differences: differences(old, new),
            threshold,
        }
    }

    /// Whether something of ours became slower, and nothing but our code can be why.
    pub fn fails(&self) -> bool {
        self.differences.is_empty() && self.slower().next().is_some()
    }

    /// What of ours became slower.
    pub fn slower(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| row.verdict == Verdict::Slower)
    }
}

impl Row {
    /// New instructions by old ones; absent where there are no old ones.
    pub fn ratio(&self) -> Option<f64> {
        self.old.as_ref().map(|old| ratio(old, &self.new))
    }
}

fn ratio(old: &Figure, new: &Figure) -> f64 {
    // From nothing to something is no ratio, and much slower.
    if old.instructions_per_packet > 0.0 {
        new.instructions_per_packet / old.instructions_per_packet
    } else if new.instructions_per_packet > 0.0 {
        f64::INFINITY
    } else {
        1.0
    }
}

fn verdict(old: &Figure, new: &Figure, threshold: f64) -> Verdict {
    let ratio = ratio(old, new);
    let (most, least) = (1.0 + threshold / 100.0, 1.0 - threshold / 100.0);
    // One allocation a thousand packets is where a buffer grew once.
    let allocates_more = new.allocations_per_packet > old.allocations_per_packet + 0.01;
    let ours = new.peer.starts_with(OURS);
    match (ours, ratio > most || allocates_more, ratio < least) {
        (_, false, false) => Verdict::Same,
        (true, true, _) => Verdict::Slower,
        (true, false, true) => Verdict::Faster,
        (false, ..) => Verdict::PeerMoved,
    }
}

fn differences(old: &Document, new: &Document) -> Vec<String> {
    let fields = [
        ("compiler", &old.compiler, &new.compiler),
        ("target", &old.target, &new.target),
        ("profile", &old.profile, &new.profile),
        ("C library", &old.libc, &new.libc),
        ("valgrind", &old.valgrind, &new.valgrind),
    ];
    fields
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| format!("the {name} was {old} and is {new}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(compiler: &str, figures: &[(&str, f64, f64)]) -> Document {
        let figure = |(peer, instructions, allocations): &(&str, f64, f64)| Figure {
            workload: "D1".to_owned(),
            peer: (*peer).to_owned(),
            instructions_per_packet: *instructions,
            allocations_per_packet: *allocations,
        };
        let mut document = Document::new(figures.iter().map(figure).collect());
        document.compiler = compiler.to_owned();
        document
    }

    #[track_caller]
    fn check(old: (f64, f64), new: (f64, f64), peer: &str, expected: Verdict) {
        let old = document("rustc 1", &[(peer, old.0, old.1)]);
        let new = document("rustc 1", &[(peer, new.0, new.1)]);
        let comparison = Comparison::new(&old, &new, 3.0);
        assert_eq!(comparison.rows[0].verdict, expected);
        assert_eq!(comparison.fails(), expected == Verdict::Slower);
    }

    #[test]
    fn three_percent_more_instructions_pass_and_a_little_more_do_not() {
        check((100.0, 0.0), (103.0, 0.0), "nack", Verdict::Same);
        check((100.0, 0.0), (103.1, 0.0), "nack (owned)", Verdict::Slower);
        check((100.0, 0.0), (96.0, 0.0), "nack", Verdict::Faster);
        check((0.0, 0.0), (1.0, 0.0), "nack", Verdict::Slower);
    }

    #[test]
    fn an_allocation_more_is_slower_whatever_the_instructions() {
        check((100.0, 0.0), (90.0, 1.0), "nack", Verdict::Slower);
        check((100.0, 1.0), (100.0, 0.0), "nack", Verdict::Same);
    }

    #[test]
    fn a_peer_that_moves_fails_nothing() {
        check((100.0, 0.0), (200.0, 3.0), "mqttrs", Verdict::PeerMoved);
        check((100.0, 0.0), (50.0, 0.0), "mqttrs", Verdict::PeerMoved);
    }

    #[test]
    fn what_was_not_counted_before_is_new() {
        let new = document("rustc 1", &[("nack", 100.0, 0.0)]);
        let comparison = Comparison::new(&document("rustc 1", &[]), &new, 3.0);
        assert_eq!(comparison.rows[0].verdict, Verdict::New);
        assert!(!comparison.fails());
    }

    #[test]
    fn with_another_compiler_nothing_fails_and_the_difference_is_said() {
        let old = document("rustc 1", &[("nack", 100.0, 0.0)]);
        let new = document("rustc 2", &[("nack", 900.0, 0.0)]);
        let comparison = Comparison::new(&old, &new, 3.0);
        assert_eq!(comparison.slower().count(), 1);
        assert!(!comparison.fails());
        assert_eq!(
            comparison.differences,
            ["the compiler was rustc 1 and is rustc 2"]
        );
    }
}

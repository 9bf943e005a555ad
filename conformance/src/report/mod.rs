//! Reports: what was run and how it ended, for people and for programs.

mod json;
mod terminal;

pub use json::{write_json, write_list_json};
pub use terminal::{failure, table};

use crate::outcome::{Outcome, Strictness, Verdict};
use crate::selection::Run;
use crate::subject::Hello;

/// All that a report tells of.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "whoever runs cases makes one")]
pub struct Report<'a> {
    /// Who was judged.
    pub subject: &'a Hello,
    /// Which verdicts are failures.
    pub strictness: Strictness,
    /// What was run.
    pub runs: &'a [Run],
    /// How it ended, in the same order.
    pub outcomes: &'a [Outcome],
}

impl Report<'_> {
    /// How many runs ended so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.verdict == verdict)
            .count()
    }

    /// The runs that break a build, with how they ended.
    pub fn failures(&self) -> impl Iterator<Item = (&Run, &Outcome)> {
        let ended = self.runs.iter().zip(self.outcomes);
        ended.filter(|(_, outcome)| outcome.verdict.breaks_build(self.strictness))
    }
}

//! What a run of a case found: a verdict, and for each deviation the sentence, what was expected
//! and what was received.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::Capability;

/// How a case ended, from harmless to grave: of several findings the gravest is the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// All is as it should be.
    Pass,
    /// The standard leaves it open; this is what the subject did.
    Info,
    /// The subject says that it lacks a capability.
    Skipped,
    /// The subject does not know a command or a field that the case needs.
    Unsupported,
    /// A SHOULD is not obeyed.
    Weak,
    /// No sentence of the standard demands it, but an application cannot work without it.
    Api,
    /// The stimulus was never reached, so nothing was proved.
    Inconclusive,
    /// A MUST is broken.
    Fail,
    /// The case did not end.
    Timeout,
    /// The subject, or the case itself, panicked or died.
    Crash,
}

impl Verdict {
    /// Every verdict, from harmless to grave.
    pub const ALL: [Self; 10] = [
        Self::Pass,
        Self::Info,
        Self::Skipped,
        Self::Unsupported,
        Self::Weak,
        Self::Api,
        Self::Inconclusive,
        Self::Fail,
        Self::Timeout,
        Self::Crash,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Skipped => "skipped",
            Self::Unsupported => "unsupported",
            Self::Weak => "weak",
            Self::Api => "api",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Timeout => "timeout",
            Self::Crash => "crash",
        }
    }

    /// Whether a build breaks on it.
    pub const fn breaks_build(self, strictness: Strictness) -> bool {
        match self {
            Self::Pass | Self::Info | Self::Skipped | Self::Unsupported => false,
            Self::Weak | Self::Api => matches!(strictness, Strictness::Strict),
            Self::Inconclusive | Self::Fail | Self::Timeout | Self::Crash => true,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which verdicts are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "weak and api count, or they do not"
)]
pub enum Strictness {
    /// Broken MUSTs alone: what a client that we did not write is held to.
    Standard,
    /// SHOULDs, and what an application needs, too: what our own client is held to.
    Strict,
}

/// One deviation from what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How grave it is.
    pub verdict: Verdict,
    /// The sentence that it is judged by; `None` where the stimulus was not reached.
    pub statement: Option<&'static str>,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub received: String,
}

impl Finding {
    /// The case could not bring its subject to the point that it is about.
    pub fn inconclusive(expected: impl Into<String>, received: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            statement: None,
            expected: expected.into(),
            received: received.into(),
        }
    }

    pub(crate) fn crash(received: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Crash,
            statement: None,
            expected: "the case runs to its end".to_owned(),
            received: received.into(),
        }
    }

    pub(crate) fn timeout(limit: Duration) -> Self {
        Self {
            verdict: Verdict::Timeout,
            statement: None,
            expected: format!("the case ends within {limit:?}"),
            received: "it still waited".to_owned(),
        }
    }
}

/// The result of one run of a case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The gravest verdict of the findings.
    pub verdict: Verdict,
    /// Every deviation, in the order in which they were found.
    pub findings: Vec<Finding>,
    /// The capability that the subject lacks, where the case was skipped.
    pub lacking: Option<Capability>,
    /// The conversation on the wire, decoded, a line a packet.
    pub trace: Vec<String>,
    /// How long it took, by the wall clock.
    pub elapsed: Duration,
}

impl Outcome {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        let verdicts = findings.iter().map(|finding| finding.verdict);
        Self {
            verdict: verdicts.max().unwrap_or(Verdict::Pass),
            findings,
            lacking: None,
            trace: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    pub(crate) fn skipped(lacking: Capability) -> Self {
        Self {
            verdict: Verdict::Skipped,
            lacking: Some(lacking),
            ..Self::new(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_finding_is_the_verdict() {
        let weak = Finding {
            verdict: Verdict::Weak,
            ..Finding::inconclusive("a", "b")
        };
        let outcome = Outcome::new(vec![weak, Finding::crash("c")]);
        assert_eq!(outcome.verdict, Verdict::Crash);
        assert_eq!(Outcome::new(Vec::new()).verdict, Verdict::Pass);
    }

    #[test]
    fn verdicts_are_listed_from_harmless_to_grave() {
        assert!(Verdict::ALL.is_sorted());
    }

    #[test]
    fn what_the_standard_does_not_demand_breaks_a_build_only_if_strict() {
        let breaking = |strictness| {
            let breaking = |verdict: &Verdict| verdict.breaks_build(strictness);
            Verdict::ALL
                .into_iter()
                .filter(breaking)
                .map(Verdict::name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            breaking(Strictness::Standard),
            ["inconclusive", "fail", "timeout", "crash"]
        );
        let strict = ["weak", "api", "inconclusive", "fail", "timeout", "crash"];
        assert_eq!(breaking(Strictness::Strict), strict);
    }
}

//! What must happen: a demand names its sentence and how strictly that binds, and turns a
//! difference between expected and received into a finding.

use std::fmt::{Debug, Display};

use crate::outcome::{Finding, Verdict};

/// A sentence that a check rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a demand finds nothing until it is asked"]
pub struct Demand {
    statement: &'static str,
    verdict: Verdict,
}

/// The standard says MUST or MUST NOT.
pub const fn must(statement: &'static str) -> Demand {
    Demand {
        statement,
        verdict: Verdict::Fail,
    }
}

/// The standard says SHOULD or SHOULD NOT.
pub const fn should(statement: &'static str) -> Demand {
    Demand {
        statement,
        verdict: Verdict::Weak,
    }
}

/// No standard says it, and an application needs it.
pub const fn api(statement: &'static str) -> Demand {
    Demand {
        statement,
        verdict: Verdict::Api,
    }
}

/// The standard leaves it open, and it is worth knowing.
pub const fn may(statement: &'static str) -> Demand {
    Demand {
        statement,
        verdict: Verdict::Info,
    }
}

impl Demand {
    /// `what` is `expected`.
    ///
    /// # Errors
    ///
    /// Where it is not.
    pub fn equal<T: PartialEq + Debug + ?Sized>(
        self,
        what: impl Display,
        expected: &T,
        received: &T,
    ) -> Result<(), Finding> {
        if expected == received {
            return Ok(());
        }
        Err(self.broken(
            format!("{what}: {expected:?}"),
            format!("{what}: {received:?}"),
        ))
    }

    /// `holds` is true; `received` tells what there was instead.
    ///
    /// # Errors
    ///
    /// Where it is not.
    pub fn that<R: Into<String>>(
        self,
        expected: impl Into<String>,
        holds: bool,
        received: impl FnOnce() -> R,
    ) -> Result<(), Finding> {
        if holds {
            return Ok(());
        }
        Err(self.broken(expected, received()))
    }

    /// The finding that this demand is not met.
    pub fn broken(self, expected: impl Into<String>, received: impl Into<String>) -> Finding {
        Finding {
            verdict: self.verdict,
            statement: Some(self.statement),
            expected: expected.into(),
            received: received.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_what_was_expected_and_what_came() {
        assert_eq!(must("MQTT-4.3.3-4").equal("PUBRELs", &0, &0), Ok(()));
        let finding = must("MQTT-4.3.3-4").equal("PUBRELs", &0, &1).unwrap_err();
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.statement, Some("MQTT-4.3.3-4"));
        assert_eq!(finding.expected, "PUBRELs: 0");
        assert_eq!(finding.received, "PUBRELs: 1");
    }

    #[test]
    fn strictness_is_that_of_the_sentence() {
        let verdict = |demand: Demand| demand.broken("", "").verdict;
        assert_eq!(verdict(must("")), Verdict::Fail);
        assert_eq!(verdict(should("")), Verdict::Weak);
        assert_eq!(verdict(api("")), Verdict::Api);
        assert_eq!(verdict(may("")), Verdict::Info);
    }
}

//! The table at the end of a run: what each step came to, and how long it took.

use std::{fmt, time::Duration};

/// What a step came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed(Duration),
    /// Nothing failed, and this could not be checked.
    NotChecked(Duration, String),
    Failed(Duration, String),
    /// The user did not want it.
    LeftOut,
    /// An earlier step failed.
    NotReached,
}

impl Outcome {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::NotChecked(..) => "NOT CHECKED",
            Self::Failed(..) => "FAILED",
            Self::LeftOut => "left out",
            Self::NotReached => "not reached",
        }
    }

    fn time(&self) -> Option<Duration> {
        match self {
            Self::Passed(time) | Self::NotChecked(time, _) | Self::Failed(time, _) => Some(*time),
            Self::LeftOut | Self::NotReached => None,
        }
    }

    fn note(&self) -> &str {
        match self {
            Self::NotChecked(_, note) | Self::Failed(_, note) => note.lines().next().unwrap_or(""),
            _ => "",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict())?;
        if let Some(time) = self.time() {
            write!(f, " after {:.1} s", time.as_secs_f64())?;
        }
        if !self.note().is_empty() {
            write!(f, ": {}", self.note())?;
        }
        Ok(())
    }
}

/// The outcomes so far, in the order of the steps.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<(String, Outcome)>,
}

impl Summary {
    pub(crate) fn add(&mut self, step: String, outcome: Outcome) {
        self.rows.push((step, outcome));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|(step, _)| step.len())
            .max()
            .unwrap_or_default();
        for (step, outcome) in &self.rows {
            let time = outcome
                .time()
                .map(|time| format!("{:.1} s", time.as_secs_f64()));
            let time = time.unwrap_or_default();
            let row = format!(
                "{step:width$}  {:11}  {time:>9}  {}",
                outcome.verdict(),
                outcome.note()
            );
            writeln!(f, "{}", row.trim_end())?;
        }
        let total: Duration = self
            .rows
            .iter()
            .filter_map(|(_, outcome)| outcome.time())
            .sum();
        let total = format!("{:.1} s", total.as_secs_f64());
        writeln!(f, "{:width$}  {:11}  {total:>9}", "total", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_a_table_with_notes_and_a_total() {
        let mut summary = Summary::default();
        summary.add(
            "format".into(),
            Outcome::Passed(Duration::from_millis(1200)),
        );
        let note = "the compiler is another\nand more".into();
        summary.add(
            "msrv".into(),
            Outcome::NotChecked(Duration::from_millis(100), note),
        );
        summary.add(
            "deny".into(),
            Outcome::Failed(Duration::from_secs(90), "no licence".into()),
        );
        summary.add("tests".into(), Outcome::NotReached);
        let expected = "\
format  passed           1.2 s
msrv    NOT CHECKED      0.1 s  the compiler is another
deny    FAILED          90.0 s  no licence
tests   not reached
total                   91.3 s
";
        assert_eq!(summary.to_string(), expected);
    }
}

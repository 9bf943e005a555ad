//! The report for people: a table of counts, and each failure with all that is needed to
//! understand and to repeat it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nack_codec::Version;

use super::Report;
use crate::outcome::{Outcome, Verdict};
use crate::selection::Run;

/// A row for each group of cases in each version, a column for each verdict that occurred.
///
/// `pass` and `fail` are always there, so that a table without failures says so.
pub fn table(report: &Report<'_>) -> String {
    let mut rows: BTreeMap<(Version, usize), (&str, [usize; Verdict::ALL.len()])> = BTreeMap::new();
    let mut order: Vec<(Version, &str)> = Vec::new();
    for (run, outcome) in report.runs.iter().zip(report.outcomes) {
        let key = (run.version, run.case.group());
        let at = order
            .iter()
            .position(|known| *known == key)
            .unwrap_or_else(|| {
                order.push(key);
                order.len() - 1
            });
        let (_, counts) = rows
            .entry((run.version, at))
            .or_insert_with(|| (run.case.group(), [0; _]));
        counts[column(outcome.verdict)] += 1;
    }
    let mut total = [0; Verdict::ALL.len()];
    for (_, counts) in rows.values() {
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    let always = [Verdict::Pass, Verdict::Fail];
    let shown: Vec<Verdict> = Verdict::ALL
        .into_iter()
        .filter(|verdict| always.contains(verdict) || total[column(*verdict)] > 0)
        .collect();

    let mut text = format!("{:<FIRST$}", "");
    for verdict in &shown {
        let _ = write!(text, "{:>width$}", verdict.name(), width = width(*verdict));
    }
    text.push('\n');
    let mut version = None;
    for ((of, _), (group, counts)) in &rows {
        if version != Some(of) {
            let _ = writeln!(text, "{of}");
            version = Some(of);
        }
        line(&mut text, &format!("  {group}"), &shown, counts);
    }
    line(&mut text, "all", &shown, &total);
    text
}

/// One failure: what was expected and received by which sentence, what went over the wire, and the
/// command that repeats it alone, against the same saboteur if it was one.
pub fn failure(run: &Run, outcome: &Outcome, saboteur: Option<&str>) -> String {
    let name = run.name();
    let mut text = format!("{} {name}\n", outcome.verdict.name().to_uppercase());
    let _ = writeln!(text, "    {} ({})", run.case.title(), run.version);
    for finding in &outcome.findings {
        if let Some(statement) = finding.statement {
            let catalogue = crate::statement::Catalogue::of(run.version);
            let about = catalogue
                .find(statement)
                .map_or("", |statement| statement.about);
            let _ = writeln!(text, "  by        {statement}: {about}");
        }
        let _ = writeln!(text, "  expected  {}", indented(&finding.expected));
        let _ = writeln!(text, "  received  {}", indented(&finding.received));
    }
    if !outcome.trace.is_empty() {
        text.push_str("  wire\n");
        for packet in &outcome.trace {
            let _ = writeln!(text, "    {packet}");
        }
    }
    let _ = write!(
        text,
        "  repeat    cargo xtask conformance --filter '{name}'"
    );
    if let Some(saboteur) = saboteur {
        let _ = write!(text, " --saboteur {saboteur}");
    }
    text.push('\n');
    text
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n            ")
}

fn line(text: &mut String, name: &str, shown: &[Verdict], counts: &[usize]) {
    let _ = write!(text, "{name:<FIRST$}");
    for verdict in shown {
        // A zero would hide among the numbers that matter.
        let count = match counts[column(*verdict)] {
            0 => "-".to_owned(),
            count => count.to_string(),
        };
        let _ = write!(text, "{count:>width$}", width = width(*verdict));
    }
    text.push('\n');
}

/// How wide the column of names is, and that of a verdict.
const FIRST: usize = 14;

fn width(verdict: Verdict) -> usize {
    (verdict.name().len() + 2).max(8)
}

/// [`Verdict::ALL`] is in the order of the variants.
const fn column(verdict: Verdict) -> usize {
    verdict as usize
}

//! The report for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::outcome::{Finding, Strictness, Verdict};
use crate::selection::Run;
use crate::statement::version_name;
use crate::subject::Hello;

/// Writes the report as one JSON object.
///
/// `format` is 1, and grows when a field changes its meaning. `runs` has every run in the order of
/// the list; `trace` is there for those that did not pass.
///
/// # Errors
///
/// Where `writer` cannot be written to.
pub fn write_json(report: &Report<'_>, mut writer: impl Write) -> io::Result<()> {
    let runs = report
        .runs
        .iter()
        .zip(report.outcomes)
        .map(|(run, outcome)| RunReport {
            run: Listed::new(run),
            verdict: outcome.verdict,
            lacking: outcome.lacking.map(|capability| capability.name()),
            findings: &outcome.findings,
            trace: match outcome.verdict {
                Verdict::Pass => &[],
                _ => &outcome.trace,
            },
            elapsed_us: outcome.elapsed.as_micros(),
        });
    let counts = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict.name().to_owned(), report.count(verdict).into()));
    let whole = WholeReport {
        format: 1,
        subject: report.subject,
        strict: report.strictness == Strictness::Strict,
        counts: counts.collect(),
        failures: report.failures().count(),
        runs: runs.collect(),
    };
    serde_json::to_writer_pretty(&mut writer, &whole)?;
    writeln!(writer)
}

/// Writes what there is to run as one JSON object: `format` as in the report, and of each of `runs`
/// what the report says of it too.
///
/// # Errors
///
/// Where `writer` cannot be written to.
pub fn write_list_json(runs: &[Run], mut writer: impl Write) -> io::Result<()> {
    let list = List {
        format: 1,
        runs: runs.iter().map(Listed::new).collect(),
    };
    serde_json::to_writer_pretty(&mut writer, &list)?;
    writeln!(writer)
}

#[derive(Serialize)]
struct List<'a> {
    format: u32,
    runs: Vec<Listed<'a>>,
}

/// What a run is.
#[derive(Serialize)]
struct Listed<'a> {
    name: String,
    version: &'static str,
    group: &'a str,
    title: &'a str,
    statements: Vec<&'static str>,
}

impl<'a> Listed<'a> {
    fn new(run: &'a Run) -> Self {
        let citations = run.case.citations().iter();
        Self {
            name: run.name(),
            version: version_name(run.version),
            group: run.case.group(),
            title: run.case.title(),
            statements: citations
                .filter(|citation| citation.version == run.version)
                .map(|citation| citation.statement)
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct WholeReport<'a> {
    format: u32,
    subject: &'a Hello,
    strict: bool,
    counts: serde_json::Map<String, serde_json::Value>,
    failures: usize,
    runs: Vec<RunReport<'a>>,
}

#[derive(Serialize)]
struct RunReport<'a> {
    #[serde(flatten)]
    run: Listed<'a>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    lacking: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    trace: &'a [String],
    elapsed_us: u128,
}

//! The command line of the suite: list, pick, run, report.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nack_codec::Version;
use nack_conformance::report::{self, Report};
use nack_conformance::saboteur::Saboteur;
use nack_conformance::subject::{InProcess, Launcher};
use nack_conformance::{Filter, Run, Runner, Strictness, Verdict, cases, runs};

/// Drives an MQTT client against a mock broker and says, statement by statement of the two OASIS
/// standards, what the client does right.
///
/// The client is nack-client, in process, without sockets and with a clock that jumps: all cases
/// together take seconds. It is judged strictly: SHOULDs, and what no standard demands and an
/// application cannot work without, count as failures.
#[derive(Debug, Parser)]
#[command(name = "nack-conformance", disable_version_flag = true, after_help = AFTER_HELP)]
struct Arguments {
    /// Run only what this picks: a part of a name, or a whole name with `*` for anything.
    ///
    /// May be given more than once; what any of them picks is run.
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,

    /// Run only the cases of this version of MQTT.
    #[arg(long, value_name = "VERSION")]
    version: Option<VersionName>,

    /// Print the names of what would be run, and what each proves, and run nothing.
    #[arg(long)]
    list: bool,

    /// Write the report, or the list, as JSON too; `-` is the standard output, and then nothing else
    /// is written there.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// How many cases run at a time [default: one a processor].
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,

    /// Judge our client made wrong on purpose in this way, to see what a failure looks like.
    ///
    /// A wrong name lists the right ones.
    #[arg(long, value_name = "NAME")]
    saboteur: Option<String>,

    /// How many failures are shown in full; 0 for all.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    show: usize,
}

const AFTER_HELP: &str = "\
Names:
  A case is named packet/code/form, such as puback/0x97/reason-string; behind @ stands the version.
  Codes outside the tables of the standard are named packet/code/reserved, or …/misplaced if they
  belong to another packet; behind it -with-everything, if there are properties around the code.

Examples:
  nack-conformance                              everything
  nack-conformance --filter puback/0x97         every form of one refusal
  nack-conformance --filter 'connack/*@3.1.1'   one packet of one version
  nack-conformance --filter disconnect --list   what there is
  nack-conformance --json report.json           for other programs
  nack-conformance --saboteur leaks_quota       what a failure looks like

Exit codes:
  0  everything that was run passed
  1  something failed
  2  wrong usage, or a file could not be written
  3  nothing matched, so nothing was proved";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum VersionName {
    #[value(name = "3.1.1")]
    V311,
    #[value(name = "5")]
    V5,
}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOTHING_MATCHED: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        // Whoever reads us has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(FAILED),
        Err(error) => {
            eprintln!("nack-conformance: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let all = runs(&cases::all());
    let chosen = choose(arguments, &all);
    if chosen.is_empty() {
        eprintln!(
            "nack-conformance: nothing matched; `--list` shows all {} names",
            all.len()
        );
        return Ok(ExitCode::from(NOTHING_MATCHED));
    }
    if arguments.list {
        if arguments.json.as_deref() != Some("-".as_ref()) {
            list(&chosen)?;
        }
        if let Some(path) = &arguments.json {
            write_to(path, |out| report::write_list_json(&chosen, out))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(launcher) = launcher(arguments.saboteur.as_deref()) else {
        let names: Vec<&str> = Saboteur::all().iter().map(Saboteur::name).collect();
        eprintln!("nack-conformance: the saboteurs are {}", names.join(", "));
        return Ok(ExitCode::from(USAGE));
    };
    let subject = launcher.hello();
    let runner = Runner::new(launcher).jobs(jobs(arguments));
    let began = Instant::now();
    let progress = progress(chosen.len());
    let outcomes = runner.run(&chosen, |run, outcome| {
        if outcome.verdict.breaks_build(Strictness::Strict) {
            progress.println(format!(
                "{} {}",
                outcome.verdict.name().to_uppercase(),
                run.name()
            ));
        }
        progress.inc(1);
    });
    progress.finish_and_clear();
    let elapsed = began.elapsed();
    let report = Report {
        subject: &subject,
        strictness: Strictness::Strict,
        runs: &chosen,
        outcomes: &outcomes,
    };
    // The standard output is one JSON document, or one text.
    if arguments.json.as_deref() == Some("-".as_ref()) {
        show(&report, arguments, elapsed, &mut io::stderr().lock())?;
    } else {
        show(&report, arguments, elapsed, &mut io::stdout().lock())?;
    }
    if let Some(path) = &arguments.json {
        write_to(path, |out| report::write_json(&report, out))?;
    }
    Ok(match report.failures().next() {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(FAILED),
    })
}

/// Our client, or a saboteur if that is asked for; `None` where there is none of this name.
fn launcher(saboteur: Option<&str>) -> Option<Arc<dyn Launcher>> {
    let honest: Arc<dyn Launcher> = Arc::new(InProcess::new());
    let Some(name) = saboteur else {
        return Some(honest);
    };
    let all = Saboteur::all();
    let saboteur = all.iter().find(|saboteur| saboteur.name() == name)?;
    Some(saboteur.launcher(honest))
}

fn choose(arguments: &Arguments, all: &[Run]) -> Vec<Run> {
    let version = arguments.version.map(|version| match version {
        VersionName::V311 => Version::V311,
        VersionName::V5 => Version::V5,
    });
    let filters: Vec<Filter> = arguments.filter.iter().map(Filter::new).collect();
    let picks: Vec<Vec<Run>> = filters.iter().map(|filter| filter.pick(all)).collect();
    let is_picked = |run: &Run| {
        let mut picked = picks.iter().flatten();
        picks.is_empty()
            || picked
                .any(|picked| Arc::ptr_eq(&picked.case, &run.case) && picked.version == run.version)
    };
    let of_version = |run: &Run| version.is_none_or(|version| run.version == version);
    all.iter()
        .filter(|run| of_version(run) && is_picked(run))
        .cloned()
        .collect()
}

fn jobs(arguments: &Arguments) -> NonZeroUsize {
    let of_machine = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    arguments.jobs.unwrap_or_else(of_machine)
}

/// Drawn on a terminal only, so that a log stays readable.
fn progress(length: usize) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {elapsed}")
        .expect("the template is one");
    ProgressBar::with_draw_target(Some(length as u64), target).with_style(style)
}

fn list(runs: &[Run]) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for run in runs {
        let citations = run.case.citations().iter();
        let statements: Vec<&str> = citations
            .filter(|citation| citation.version == run.version)
            .map(|citation| citation.statement)
            .collect();
        writeln!(
            out,
            "{:<44} {} [{}]",
            run.name(),
            run.case.title(),
            statements.join(", ")
        )?;
    }
    writeln!(out, "{} cases", runs.len())?;
    out.flush()
}

/// Writes to a file, or to the standard output for `-`.
fn write_to(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if path.as_os_str() == "-" {
        return write(&mut io::stdout().lock());
    }
    let named = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("{} cannot be written: {error}", path.display()),
        )
    };
    let mut file = BufWriter::new(File::create(path).map_err(named)?);
    write(&mut file).and_then(|()| file.flush()).map_err(named)
}

fn show(
    report: &Report<'_>,
    arguments: &Arguments,
    elapsed: std::time::Duration,
    out: &mut impl Write,
) -> io::Result<()> {
    let failures = report.failures().count();
    let shown = match arguments.show {
        0 => failures,
        limit => limit.min(failures),
    };
    let saboteur = arguments.saboteur.as_deref();
    for (run, outcome) in report.failures().take(shown) {
        writeln!(out, "{}", report::failure(run, outcome, saboteur))?;
    }
    if shown < failures {
        writeln!(
            out,
            "… and {} more failures; `--show 0` shows all\n",
            failures - shown
        )?;
    }
    let subject = report.subject;
    writeln!(
        out,
        "{} {} ({})",
        subject.client, subject.version, subject.language
    )?;
    write!(out, "{}", report::table(report))?;
    let skipped = report.count(Verdict::Skipped) + report.count(Verdict::Unsupported);
    writeln!(
        out,
        "\n{} passed, {failures} failed, {skipped} skipped in {:.1} s",
        report.count(Verdict::Pass),
        elapsed.as_secs_f64()
    )
}

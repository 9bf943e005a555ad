//! Counts instructions and allocations per packet, of our codec and of published ones.

use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::{Parser, Subcommand};
use nack_benches::count::{
    Comparison, Document, Once, comparison_table, count, figures_table, pairs,
};
use nack_benches::peers::OURS;
use nack_benches::{Workload, report};

const AFTER_HELP: &str = "\
Each codec does each workload in a process of its own under valgrind's callgrind, once with some
packets and once with twice as many; the difference by packets is exact and the same in every run.
Build with --release: the figures of other profiles mean little.

  count                            every codec, every workload: some minutes
  count -w D1 -p nack              ours alone, on one workload: seconds
  count -w D1 --json               for programs
  count -p nack --save old.json    before a change, and after it:
  count -p nack --baseline old.json

Exit codes: 0 counted, and nothing of ours is slower than the baseline; 1 something is; 2 the
arguments are wrong or match nothing; 3 nothing could be counted or read. With another compiler,
C library or valgrind than the baseline's, the comparison is printed and fails nothing.";

/// Counts instructions and allocations per packet, of our codec and of published ones.
#[derive(Parser)]
#[command(name = "count", after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Only this workload, D1 to D9 or E1 to E8; may be given again.
    #[arg(short, long, value_name = "ID")]
    workload: Vec<Workload>,
    /// Only codecs whose name contains this; may be given again.
    #[arg(short, long, value_name = "NAME")]
    peer: Vec<String>,
    /// List what would be counted, and count nothing.
    #[arg(long)]
    list: bool,
    /// Print one JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// Write the same JSON document to a file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Take our figures from a document that was saved before, and count the other codecs alone.
    #[arg(long, value_name = "FILE")]
    ours: Option<PathBuf>,
    /// Compare with a document that was saved before, and exit with 1 if ours became slower.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// By how many percent instructions may grow before that is called slower.
    #[arg(long, value_name = "PERCENT", default_value_t = 3.0)]
    threshold: f64,
    /// How many processes at once; as many as there are processors, if not given.
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(subcommand)]
    inner: Option<Inner>,
}

/// What the program starts itself with, under valgrind.
#[derive(Subcommand)]
enum Inner {
    /// Does some batches and says nothing.
    #[command(hide = true)]
    Once {
        workload: Workload,
        peer: String,
        batches: usize,
    },
}

/// How the program ends; the numbers are in its help.
enum End {
    Fine,
    Slower,
    NothingMatched,
    Failed,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(match end {
            End::Fine => 0,
            End::Slower => 1,
            End::NothingMatched => 2,
            End::Failed => 3,
        })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.inner {
        Some(Inner::Once {
            workload,
            peer,
            batches,
        }) => Once {
            workload,
            peer,
            batches,
        }
        .run()
        .map(|()| End::Fine)
        .map_err(Into::into),
        None => run(&arguments),
    };
    match result {
        Ok(end) => end.into(),
        Err(error) => {
            eprintln!("{}", report("count", &*error));
            End::Failed.into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<End, Box<dyn std::error::Error>> {
    // Read first: nobody waits for minutes to learn that a name was mistyped.
    let baseline = arguments
        .baseline
        .as_deref()
        .map(Document::read)
        .transpose()?;
    let ours = arguments.ours.as_deref().map(Document::read).transpose()?;
    let mut chosen = pairs();
    let order = chosen.clone();
    chosen.retain(|pair| {
        let workload = &arguments.workload;
        let peer = &arguments.peer;
        (workload.is_empty() || workload.contains(&pair.workload))
            && (peer.is_empty() || peer.iter().any(|name| pair.peer.contains(name.as_str())))
            && (ours.is_none() || !pair.peer.starts_with(OURS))
    });
    let mut stdout = io::stdout().lock();
    if chosen.is_empty() {
        eprintln!("nothing matches; `count --list` says what there is");
        return Ok(End::NothingMatched);
    }
    if arguments.list {
        for pair in chosen {
            writeln!(
                stdout,
                "{}  {:<18}{}",
                pair.workload,
                pair.peer,
                pair.workload.text()
            )?;
        }
        return Ok(End::Fine);
    }
    let jobs = match arguments.jobs {
        Some(jobs) => jobs,
        None => thread::available_parallelism()?,
    };
    let mut results = count(&chosen, jobs, |figure| {
        let (workload, peer) = (&figure.workload, &figure.peer);
        eprintln!(
            "{workload}  {peer:<18}{:>14.1}",
            figure.instructions_per_packet
        );
    })?;
    if let Some(ours) = ours {
        let figures = ours.results.into_iter();
        results.extend(figures.filter(|figure| figure.peer.starts_with(OURS)));
        results.sort_by_key(|figure| {
            order
                .iter()
                .position(|pair| pair.workload.id() == figure.workload && pair.peer == figure.peer)
        });
    }
    let document = Document::new(results);
    if let Some(path) = &arguments.save {
        document.write(path)?;
    }
    let comparison =
        baseline.map(|baseline| Comparison::new(&baseline, &document, arguments.threshold));
    let table = comparison.as_ref().map(comparison_table);
    match (arguments.json, table) {
        (false, None) => stdout.write_all(figures_table(&document).as_bytes())?,
        (false, Some(table)) => stdout.write_all(table.as_bytes())?,
        (true, table) => {
            writeln!(stdout, "{}", document.to_json())?;
            eprint!("{}", table.unwrap_or_default());
        }
    }
    let slower = comparison.is_some_and(|comparison| comparison.fails());
    Ok(if slower { End::Slower } else { End::Fine })
}

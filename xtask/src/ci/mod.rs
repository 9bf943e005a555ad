//! `cargo xtask ci`: everything that must hold before a change is taken, step by step.

mod compiler;
mod features;
mod summary;

use std::time::Instant;

use clap::ValueEnum;

use crate::{
    bench, conformance, failure::Failure, fuzz, fuzz::FUZZ_MANIFEST, process, project, python,
    tidy, tool::CARGO_DENY,
};
use summary::{Outcome, Summary};

/// Check everything that must hold before a change is taken, and sum it up.
///
/// Stops at the first step that fails, unless --keep-going is given. What a step cannot check on
/// this machine (another compiler, no baseline) it says in the summary.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Run the other steps too when one fails.
    #[arg(long)]
    keep_going: bool,
    /// Leave out a step; may be given several times.
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
    /// Run this step alone; may be given several times.
    #[arg(long, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,
}

/// A step, in the order in which they run: the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// rustfmt would change nothing.
    Format,
    /// The invariants on the text of the sources hold.
    Tidy,
    /// clippy has nothing to say about any target.
    Clippy,
    /// The documentation builds without a warning.
    Docs,
    /// Each crate builds by itself, with none, the default, each, and all of its features.
    Features,
    /// The oldest supported compiler builds the workspace.
    Msrv,
    /// The dependencies' licences, duplicates and sources are as deny.toml allows.
    Deny,
    /// All tests pass.
    Tests,
    /// The conformance suite passes with our client.
    Conformance,
    /// The tests that are written in Python pass.
    Python,
    /// The fuzz targets build, and hold on every input of the corpus.
    FuzzReplay,
    /// The codec takes no more instructions than the committed baseline.
    Instructions,
}

/// How a step that did not fail went.
pub(crate) enum Verdict {
    Passed,
    /// It holds as far as this machine can tell; what was not checked.
    NotChecked(String),
}

impl Step {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no step is hidden");
        value.get_name().to_owned()
    }

    fn run(self) -> Result<Verdict, Failure> {
        match self {
            Self::Format => format()?,
            Self::Tidy => tidy::check()?,
            Self::Clippy => clippy()?,
            Self::Docs => {
                let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
                process::run(process::cargo(arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
            }
            Self::Features => features::check(&project::metadata()?.packages)?,
            Self::Msrv => return compiler::check(&project::metadata()?.packages),
            Self::Deny => deny()?,
            Self::Tests => process::run(&mut process::cargo(["test", "--workspace"]))?,
            Self::Conformance => conformance::run_suite()?,
            Self::Python => python::run_all()?,
            Self::FuzzReplay => fuzz::replay()?,
            Self::Instructions => return bench::check_instructions(),
        }
        Ok(Verdict::Passed)
    }

    fn is_wanted(self, arguments: &Arguments) -> bool {
        if arguments.only.is_empty() {
            !arguments.skip.contains(&self)
        } else {
            arguments.only.contains(&self)
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut summary = Summary::default();
    let mut failed = Vec::new();
    for step in Step::value_variants() {
        let name = step.name();
        if !step.is_wanted(arguments) {
            summary.add(name, Outcome::LeftOut);
            continue;
        }
        if !failed.is_empty() && !arguments.keep_going {
            summary.add(name, Outcome::NotReached);
            continue;
        }
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = match step.run() {
            Ok(Verdict::Passed) => Outcome::Passed(start.elapsed()),
            Ok(Verdict::NotChecked(what)) => Outcome::NotChecked(start.elapsed(), what),
            Err(failure) => {
                failure.report();
                failed.push(name.clone());
                Outcome::Failed(start.elapsed(), failure.to_string())
            }
        };
        eprintln!("== {name}: {outcome}");
        summary.add(name, outcome);
    }
    eprint!("\n{summary}");
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::Steps(failed))
    }
}

fn format() -> Result<(), Failure> {
    process::run(&mut process::cargo(["fmt", "--all", "--check"]))?;
    // A workspace of its own, which `--all` does not reach.
    let arguments = ["fmt", "--all", "--check", "--manifest-path", FUZZ_MANIFEST];
    process::run(&mut process::cargo(arguments))
}

fn clippy() -> Result<(), Failure> {
    let workspace = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let fuzz = ["clippy", "--all-targets", "--manifest-path", FUZZ_MANIFEST];
    for arguments in [&workspace[..], &fuzz] {
        process::run(process::cargo(arguments).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

fn deny() -> Result<(), Failure> {
    let program = CARGO_DENY.find_or_install()?;
    let mut command = std::process::Command::new(program);
    command.current_dir(project::root());
    // Advisories are left out: their database lives elsewhere and changes under a commit's feet.
    process::run(command.args([
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ]))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        ci: Arguments,
    }

    fn wanted(arguments: &[&str]) -> Vec<String> {
        let line = CommandLine::parse_from([&["ci"], arguments].concat());
        let steps = Step::value_variants().iter();
        steps
            .filter(|step| step.is_wanted(&line.ci))
            .map(|step| step.name())
            .collect()
    }

    #[test]
    fn steps_are_all_run_unless_told_otherwise() {
        assert_eq!(wanted(&[]).len(), Step::value_variants().len());
        let without = wanted(&["--skip", "tests", "--skip", "conformance"]);
        assert_eq!(without.len(), Step::value_variants().len() - 2);
        assert!(!without.contains(&"tests".to_owned()));
        assert_eq!(
            wanted(&["--only", "tidy", "--only", "format"]),
            ["format", "tidy"]
        );
    }

    #[test]
    fn unknown_step_is_refused() {
        assert!(CommandLine::try_parse_from(["ci", "--skip", "test"]).is_err());
    }
}

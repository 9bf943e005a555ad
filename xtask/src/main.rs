//! The project's own commands, a file each: `cargo xtask --help` lists them.

mod bench;
mod ci;
mod conformance;
mod failure;
mod fuzz;
mod images;
mod process;
mod program;
mod project;
mod python;
mod tidy;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The commands of this project.
///
/// They run from any folder of the workspace and say what they start.
/// The exit code is 0 when all went well, 2 for wrong usage, and else that of the program that
/// failed, or 1.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Conformance(conformance::Arguments),
    Bench(bench::Arguments),
    Fuzz(fuzz::Arguments),
    Images(images::Arguments),
    Python(python::Arguments),
    Ci(ci::Arguments),
    Tidy(tidy::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Conformance(arguments) => conformance::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Images(arguments) => images::run(&arguments),
        Task::Python(arguments) => python::run(&arguments),
        Task::Ci(arguments) => ci::run(&arguments),
        Task::Tidy(arguments) => tidy::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn conformance_hands_on_every_argument() {
        let given = [
            "cargo xtask",
            "conformance",
            "--filter",
            "puback",
            "--help",
            "--json",
            "f",
        ];
        let Task::Conformance(arguments) = Arguments::parse_from(given).task else {
            panic!("another task was parsed");
        };
        assert_eq!(arguments.passed_on, &given[2..]);
    }
}

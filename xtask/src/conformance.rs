//! `cargo xtask conformance`: builds the conformance suite and runs it.

use crate::{failure::Failure, program::Program};

const SUITE: Program = Program {
    package: "nack-conformance",
    name: "nack-conformance",
    release: false,
    default_features: true,
};

/// Run the conformance suite: does the client hear every way in which a broker can say no?
///
/// Builds the suite's program and hands all arguments to it: --filter TEXT, --list, --json FILE;
/// `cargo xtask conformance --help` shows them all. Exit code 0: all passed; 1: there were
/// failures; 2: wrong usage; any other: nothing was run.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, disable_help_flag = true)]
pub(crate) struct Arguments {
    /// What the suite's program is told.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    pub(crate) passed_on: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    SUITE.run(&arguments.passed_on)
}

/// The whole suite, as `ci` runs it.
pub(crate) fn run_suite() -> Result<(), Failure> {
    run(&Arguments {
        passed_on: Vec::new(),
    })
}

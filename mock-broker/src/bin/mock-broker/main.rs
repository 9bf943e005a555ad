//! The mock broker as a program: any client, in any language, against any fault.

mod arguments;
mod commands;
mod faults;
mod follow;
mod listeners;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How the program ends; `--help` tells people.
mod exit {
    /// A rule was not hit as often as expected.
    pub(crate) const UNMET: u8 = 1;
    /// A port could not be listened on, or a file not be read or written.
    pub(crate) const FAILED: u8 = 3;
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        None => serve::serve(&arguments.broker, &[]),
        Some(Command::Run { files, broker }) => serve::serve(&broker, &files),
        Some(Command::List { filter, json }) => commands::list(filter.as_deref(), json),
        Some(Command::Show { name }) => commands::show(&name),
        Some(Command::Explain { code, json }) => commands::explain(code, json),
        Some(Command::Schema) => commands::schema(),
        Some(Command::Check { files }) => commands::check(&files),
    };
    done.unwrap_or_else(|error| {
        eprintln!("mock-broker: {error}");
        ExitCode::from(exit::FAILED)
    })
}

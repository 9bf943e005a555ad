//! Measures what a message costs a client, ours beside published ones.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use nack_benches::client::{Task, measure, table};
use nack_benches::report;

const AFTER_HELP: &str = "\
Each client publishes to, or receives from, a broker in another thread that costs next to nothing.
`limit` is a program that only moves the bytes. Times vary from machine to machine: compare within
one run. `cargo xtask bench --client` builds what is needed and runs this.

Exit codes: 0 measured; 2 the arguments are wrong; 3 a client did not do its task.";

/// Measures what a message costs a client in processor time, ours beside published ones.
#[derive(Parser)]
#[command(name = "client", after_help = AFTER_HELP)]
struct Arguments {
    /// How many messages a client publishes or receives; a tenth of it with one in flight.
    #[arg(long, value_name = "NUMBER", default_value_t = 200_000)]
    messages: u32,
    /// How often each client does each task; the best counts.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: u32,
    /// Print one JSON document instead of the table.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", report("client", &*error));
            ExitCode::from(3)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let tasks = Task::all(arguments.messages);
    let report = measure(&tasks, arguments.rounds, |line| eprintln!("{line} …"))?;
    let mut stdout = io::stdout().lock();
    match arguments.json {
        true => writeln!(stdout, "{}", serde_json::to_string_pretty(&report)?)?,
        false => stdout.write_all(table(&report).as_bytes())?,
    }
    Ok(())
}

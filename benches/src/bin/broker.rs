//! Measures the mock broker as a server, beside Mosquitto.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use nack_benches::broker::{Effort, Kind, MeasureError, measure, table};
use nack_benches::report;

const AFTER_HELP: &str = "\
Each broker is a process of its own, over loopback; the best of some rounds counts. Times vary from
machine to machine: compare within one run, and trust the broker's processor time before its rate.
`cargo xtask bench --broker` builds what is needed and runs this.

Exit codes: 0 measured; 2 the arguments are wrong; 3 something could not be measured.";

/// Measures the mock broker as a server: start, idle connections, routing, and the cost of 1,000
/// rules; beside Mosquitto where it is installed.
#[derive(Parser)]
#[command(name = "broker", after_help = AFTER_HELP)]
struct Arguments {
    /// The program `mock-broker`; the one beside this program, if not given.
    #[arg(long, value_name = "PROGRAM")]
    mock_broker: Option<PathBuf>,
    /// The program `mosquitto`; looked for where Debian installs it, if not given.
    #[arg(long, value_name = "PROGRAM", default_value = "/usr/sbin/mosquitto")]
    mosquitto: PathBuf,
    /// How many messages a run routes.
    #[arg(long, value_name = "NUMBER", default_value_t = 200_000)]
    messages: u32,
    /// How many idle connections are held; each takes a file of both processes.
    #[arg(long, value_name = "NUMBER", default_value_t = 5_000)]
    connections: u32,
    /// How often each broker is measured.
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
            eprintln!("{}", report("broker", &*error));
            ExitCode::from(3)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let program = match &arguments.mock_broker {
        Some(program) => program.clone(),
        None => env::current_exe()?.with_file_name("mock-broker"),
    };
    let mock = |rules| Kind::Mock {
        program: program.clone(),
        rules,
    };
    let mut brokers = vec![mock(0), mock(1000)];
    if arguments.mosquitto.exists() {
        brokers.push(Kind::Mosquitto {
            program: arguments.mosquitto.clone(),
        });
    } else {
        eprintln!(
            "WITHOUT MOSQUITTO: there is no {}; `apt-get install mosquitto` brings it",
            arguments.mosquitto.display()
        );
    }
    let effort = Effort {
        messages: arguments.messages,
        connections: arguments.connections,
        rounds: arguments.rounds,
    };
    let folder = tempfile::tempdir()?;
    let report = measure(&brokers, effort, folder.path(), |line| {
        eprintln!("{line} …")
    })
    .map_err(Box::<MeasureError>::from)?;
    let mut stdout = io::stdout().lock();
    match arguments.json {
        true => writeln!(stdout, "{}", serde_json::to_string_pretty(&report)?)?,
        false => stdout.write_all(table(&report).as_bytes())?,
    }
    Ok(())
}

//! The commands that run no broker.

mod explanation;

use std::io::{self, Write};
use std::process::ExitCode;

use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::{self, Code, Scenario, ScenarioFile, Shipped};

use crate::exit;
use crate::serve::Failure;

/// Prints the scenarios that ship, one a line; none is a failure.
pub(crate) fn list(filter: Option<&str>, json: bool) -> Result<ExitCode, Failure> {
    let filter = filter.map(str::to_lowercase);
    let picked = |shipped: &&Shipped| match &filter {
        Some(filter) => {
            shipped.name().contains(filter.as_str())
                || shipped
                    .description()
                    .to_lowercase()
                    .contains(filter.as_str())
        }
        None => true,
    };
    let picked: Vec<_> = scenario::SHIPPED.iter().filter(picked).collect();
    if let (true, Some(filter)) = (picked.is_empty(), &filter) {
        eprintln!("mock-broker: no scenario has `{filter}` in its name or description");
        return Ok(ExitCode::from(exit::FAILED));
    }
    if json {
        let all = picked.iter().map(|shipped| {
            serde_json::json!({ "name": shipped.name(), "description": shipped.description() })
        });
        return print(&format!("{:#}\n", serde_json::Value::Array(all.collect())));
    }
    let width = picked.iter().map(|it| it.name().len()).max().unwrap_or(0);
    let lines = picked
        .iter()
        .map(|it| format!("{:width$}  {}\n", it.name(), it.description()));
    print(&lines.collect::<String>())
}

/// Prints a scenario that ships.
pub(crate) fn show(name: &str) -> Result<ExitCode, Failure> {
    print(scenario::shipped(name)?.text())
}

/// Prints the JSON Schema of scenario files.
pub(crate) fn schema() -> Result<ExitCode, Failure> {
    print(&Scenario::schema())
}

/// What is said of a scenario that leaves the broker as right as it is set up.
pub(crate) const NO_STEP: &str = "no step, it only sets the broker up";

/// Reads files and says of each whether it is a scenario that the mock broker can run.
pub(crate) fn check(files: &[String]) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for name in files {
        let authority = std::cell::OnceCell::new();
        let checked = scenario::find(name).and_then(|file: ScenarioFile| {
            let _ = file.apply_base(MockBroker::builder())?;
            file.listeners(&authority)?;
            file.rules()
        });
        match checked {
            Ok(rules) => {
                let steps = match rules.len() {
                    0 => NO_STEP.to_owned(),
                    1 => "1 step".to_owned(),
                    count => format!("{count} steps"),
                };
                print(&format!("{name}: {steps}\n"))?;
            }
            Err(error) => {
                eprintln!("{error}");
                code = ExitCode::from(exit::FAILED);
            }
        }
    }
    Ok(code)
}

/// Says what a reason code means; of all codes, a line each.
pub(crate) fn explain(code: Option<Code>, json: bool) -> Result<ExitCode, Failure> {
    let text = match (code, json) {
        (Some(code), false) => explanation::text(code),
        (Some(code), true) => format!("{:#}\n", explanation::json(code)),
        (None, false) => explanation::all_texts(),
        (None, true) => format!("{:#}\n", explanation::all_json()),
    };
    print(&text)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever has seen enough closes the pipe: `mock-broker list | head`.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

//! `cargo xtask python`: the tests that are written in Python, because what they test is for those
//! who do not write Rust.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, process, program::Program, project};

/// Run the tests that are written in Python: other people's clients against the mock broker, its
/// control API against the document that describes it, and its live page in a browser.
///
/// Builds `mock-broker`, installs what the tests need into target/python, and runs pytest there.
/// Needs Python 3.10 or newer with the module venv, and reaches PyPI the first time. What else a
/// test needs (a browser, node-mqtt, Paho C) may be missing: it then says so and is skipped,
/// unless NACK_REQUIRE_CLIENTS=1 is set. Arguments are handed to pytest: `-k page`, `-x`.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// What pytest is told.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    passed_on: Vec<String>,
}

/// The program that is tested.
const MOCK_BROKER: Program = Program {
    package: "nack-mock-broker",
    name: "mock-broker",
    release: false,
    default_features: true,
};

/// Where the tests are, seen from the root; their requirements.txt is there too.
const TESTS: &str = "mock-broker/tests/python";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tests = project::root().join(TESTS);
    let python = environment(&tests.join("requirements.txt"))?;
    let program = MOCK_BROKER.build()?;
    let mut command = Command::new(python);
    command
        .args(["-m", "pytest", "-ra"])
        .arg(&tests)
        .args(&arguments.passed_on)
        .current_dir(project::root())
        .env("MOCK_BROKER", program)
        // The tree stays as it is checked out.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-p", "no:cacheprovider"]);
    process::run(&mut command)
}

/// All of them, as `ci` runs them.
pub(crate) fn run_all() -> Result<(), Failure> {
    run(&Arguments {
        passed_on: Vec::new(),
    })
}

/// A Python that has what the requirements say, and nothing of the user's.
fn environment(requirements: &Path) -> Result<PathBuf, Failure> {
    let folder = project::root().join("target/python");
    let python = folder.join("bin/python");
    let wanted = read(requirements)?;
    // What was installed last: an interrupted installation has left no such file.
    let installed = folder.join("requirements.txt");
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    if process::answer(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        return Err(Failure::Missing {
            what: "Python 3 with its module venv".into(),
            how: "sudo apt-get install python3-venv".into(),
        });
    }
    let mut command = Command::new("python3");
    process::run(command.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut command = Command::new(&python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    process::run(command.arg("--requirement").arg(requirements))?;
    fs::write(&installed, wanted).map_err(|source| Failure::File {
        path: installed,
        source,
    })?;
    Ok(python)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })
}

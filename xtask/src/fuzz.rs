//! `cargo xtask fuzz`: runs the fuzz targets, which need a nightly compiler and cargo-fuzz.

use std::{fs, path::PathBuf, process::Command};

use crate::{failure::Failure, process, project, tool::CARGO_FUZZ};

/// The manifest of the workspace that the fuzz targets are, seen from the root.
pub(crate) const FUZZ_MANIFEST: &str = "fuzz/Cargo.toml";

/// Fuzz the codec, the session and the mock broker, one target or all in turn.
///
/// Needs a nightly compiler and cargo-fuzz; what is missing is said with the command that installs
/// it. An input that fails is kept in fuzz/artifacts/TARGET, and a copy of it in
/// fuzz/corpus/TARGET makes it a regression test, which needs neither.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Which target; all of them if none is named.
    target: Option<String>,
    /// How long to fuzz each target, in seconds.
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let known = targets()?;
    let chosen = chosen(arguments.target.as_deref(), known)?;
    needs_nightly()?;
    let program = CARGO_FUZZ.find().ok_or_else(|| Failure::Missing {
        what: "cargo-fuzz".into(),
        how: format!(
            "cargo install --locked --version {} cargo-fuzz",
            CARGO_FUZZ.version
        ),
    })?;
    for target in &chosen {
        eprintln!("fuzzing {target} for {} s …", arguments.seconds);
        process::run(&mut fuzzing(program.clone(), target, arguments.seconds)?)?;
    }
    Ok(())
}

/// Builds the targets with the compiler at hand, and runs their checks on the corpora.
pub(crate) fn replay() -> Result<(), Failure> {
    process::run(&mut process::cargo([
        "test",
        "--manifest-path",
        FUZZ_MANIFEST,
    ]))
}

/// `cargo-fuzz` itself is started, in the nightly toolchain's environment: `cargo +nightly fuzz`
/// would look for it in the user's path alone.
fn fuzzing(program: PathBuf, target: &str, seconds: u32) -> Result<Command, Failure> {
    // New inputs go to the first folder: by the thousand, and not into the repository.
    let found = format!("fuzz/target/corpus/{target}");
    let path = project::root().join(&found);
    fs::create_dir_all(&path).map_err(|source| Failure::File { path, source })?;
    let mut command = Command::new("rustup");
    command
        .current_dir(project::root())
        .args(["run", "nightly"])
        .arg(program);
    command.args(["run", "--fuzz-dir", "fuzz", target, &found]);
    command.arg(format!("fuzz/corpus/{target}"));
    command.args(["--", &format!("-max_total_time={seconds}")]);
    Ok(command)
}

fn needs_nightly() -> Result<(), Failure> {
    let mut question = Command::new("rustup");
    question.args(["run", "nightly", "rustc", "--version"]);
    if process::answer(&mut question).is_some() {
        return Ok(());
    }
    Err(Failure::Missing {
        what: "a nightly compiler".into(),
        how: "rustup toolchain install nightly --profile minimal".into(),
    })
}

/// The targets that fuzz/Cargo.toml declares.
pub(crate) fn targets() -> Result<Vec<String>, Failure> {
    let metadata = project::metadata_of(&project::root().join(FUZZ_MANIFEST))?;
    let targets = metadata
        .packages
        .into_iter()
        .flat_map(|package| package.targets);
    Ok(targets
        .filter(|target| target.kind == ["bin"])
        .map(|target| target.name)
        .collect())
}

fn chosen(name: Option<&str>, known: Vec<String>) -> Result<Vec<String>, Failure> {
    match name {
        None => Ok(known),
        Some(name) if known.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(Failure::UnknownFuzzTarget {
            name: name.to_owned(),
            known,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_target_is_refused_with_the_known_ones() {
        let known = || vec!["decode_v3".to_owned(), "session".to_owned()];
        assert_eq!(chosen(None, known()).unwrap(), known());
        assert_eq!(chosen(Some("session"), known()).unwrap(), ["session"]);
        let refusal = chosen(Some("sesion"), known()).unwrap_err().to_string();
        assert_eq!(
            refusal,
            r#"there is no fuzz target "sesion"; there are: decode_v3, session"#
        );
    }
}

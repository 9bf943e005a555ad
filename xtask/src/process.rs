//! Starting other programs: what is started is shown, and a failure is never overlooked.

use std::{
    ffi::OsStr,
    process::{Command, ExitStatus, Stdio},
};

use crate::{failure::Failure, project};

/// A cargo command in the workspace's root, of the toolchain that runs us.
pub(crate) fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    // The name and not `$CARGO`, so that rustup's `+toolchain` works; rustup keeps ours in the environment.
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(project::root());
    command
}

/// Shows the command, runs it, and takes any exit code but 0 as a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Unsuccessful {
            command: shown(command),
            status,
        })
    }
}

/// Shows the command and runs it; the exit code is for the caller to judge.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    eprintln!("$ {}", shown(command));
    command.status().map_err(|source| Failure::NotStarted {
        command: shown(command),
        source,
    })
}

/// What the command printed on its standard output; its error output goes to ours.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::NotStarted {
            command: shown(command),
            source,
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure::Unsuccessful {
            command: shown(command),
            status: output.status,
        })
    }
}

/// What the command printed first, if it exists and succeeds: for asking a tool for its version.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The command line as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./,:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_command_can_be_pasted_into_a_shell() {
        let mut command = Command::new("nack-conformance");
        command.args(["--filter", "puback/0x87 short", "it's"]);
        assert_eq!(
            shown(&command),
            r"nack-conformance --filter 'puback/0x87 short' 'it'\''s'"
        );
    }

    #[cfg(unix)]
    #[test]
    fn unsuccessful_program_is_a_failure() {
        assert!(run(&mut Command::new("true")).is_ok());
        assert!(matches!(
            run(&mut Command::new("false")),
            Err(Failure::Unsuccessful { .. })
        ));
        assert!(matches!(
            run(&mut Command::new("a-program-that-nobody-has")),
            Err(Failure::NotStarted { .. })
        ));
    }
}

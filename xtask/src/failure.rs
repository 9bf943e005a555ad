//! Why a command of ours stops, and with which exit code.

use std::{error::Error, io, path::PathBuf, process::ExitCode, process::ExitStatus};

/// What ended a command early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("`{command}` could not be started")]
    NotStarted {
        command: String,
        #[source]
        source: io::Error,
    },
    #[error("`{command}` ended with {status}")]
    Unsuccessful { command: String, status: ExitStatus },
    /// The program said itself what is wrong; its exit code is ours.
    #[error("{program} found failures")]
    HandedOn {
        program: &'static str,
        status: ExitStatus,
    },
    #[error("`{command}` printed what this version of xtask cannot read")]
    Unreadable {
        command: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("cargo built no program named {0}")]
    NoExecutable(&'static str),
    #[error("cannot read or write {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{what} is needed and is not installed; install it with\n    {how}")]
    Missing { what: String, how: String },
    #[error("no Docker engine answers; start one, or have this user allowed to use it")]
    NoEngine,
    #[error(
        "apt knows no package {0:?}; its lists may have to be fetched:\n    sudo apt-get update"
    )]
    UnknownPackage(String),
    #[error("there is no fuzz target {name:?}; there are: {}", known.join(", "))]
    UnknownFuzzTarget { name: String, known: Vec<String> },
    #[error("{0} places are not tidy")]
    Untidy(usize),
    #[error("failed: {}", .0.join(", "))]
    Steps(Vec<String>),
}

impl Failure {
    /// Tells the user, with every cause; what a child has already told is not told twice.
    pub(crate) fn report(&self) {
        if matches!(self, Self::HandedOn { .. }) {
            return;
        }
        eprintln!("error: {self}");
        let mut source = self.source();
        while let Some(cause) = source {
            eprintln!("  caused by: {cause}");
            source = cause.source();
        }
    }

    /// The exit code of the whole command: the failed program's, so that a suite that does not
    /// build (101, by cargo) is told from one that found failures; else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::HandedOn { status, .. } | Self::Unsuccessful { status, .. } => {
                ExitCode::from(code_of(*status))
            }
            _ => ExitCode::FAILURE,
        }
    }
}

/// A child's exit code as the shell would show it: 128 + n for one that signal n ended.
fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    // A code outside 0..=255 exists on Windows only; it must not become a 0.
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn exit_code_of_a_child_is_handed_on_unchanged() {
        for code in [1, 2, 3, 101] {
            assert_eq!(
                code_of(ExitStatus::from_raw(code << 8)),
                u8::try_from(code).unwrap()
            );
        }
    }

    #[test]
    fn child_ended_by_a_signal_is_no_success() {
        assert_eq!(code_of(ExitStatus::from_raw(9)), 137);
    }
}

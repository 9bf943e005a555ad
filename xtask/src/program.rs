//! Programs of the workspace: built, and found where cargo put them.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::{failure::Failure, process, project};

/// A program of the workspace.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    pub(crate) name: &'static str,
    /// Whether it is built with optimisations.
    pub(crate) release: bool,
    /// Whether its package is built with the features that it has by default.
    pub(crate) default_features: bool,
}

impl Program {
    /// Builds it, runs it where the user is, and hands on its exit code.
    ///
    /// Two steps, because `cargo run` answers 101 for a failed build and hands on any other code:
    /// a program that panics and one that does not compile would look alike.
    pub(crate) fn run<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(
        &self,
        arguments: I,
    ) -> Result<(), Failure> {
        let status = process::status(Command::new(self.build()?).args(arguments))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::HandedOn {
            program: self.name,
            status,
        })
    }

    /// Builds it; where it is.
    pub(crate) fn build(&self) -> Result<PathBuf, Failure> {
        eprintln!(
            "building {} (the first time takes a minute or two) …",
            self.name
        );
        let mut command = process::cargo(["build", "--package", self.package, "--bin", self.name]);
        if self.release {
            command.arg("--release");
        }
        if !self.default_features {
            command.arg("--no-default-features");
        }
        command
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null());
        let messages = process::output(&mut command)?;
        executable(&messages, self.name).ok_or(Failure::NoExecutable(self.name))
    }
}

/// The path of the program of that name in cargo's messages, one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: project::Target,
        executable: Option<PathBuf>,
    }
    // Lines of other kinds have other fields and do not parse as an artifact.
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter(|artifact| artifact.target.name == name)
        .find_map(|artifact| artifact.executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_the_program_is_taken_from_the_messages_of_cargo() {
        let messages = r#"{"reason":"build-script-executed","package_id":"a"}
{"reason":"compiler-artifact","target":{"name":"suite","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"other","kind":["bin"]},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"suite","kind":["bin"]},"executable":"/t/suite"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "suite"),
            Some(PathBuf::from("/t/suite"))
        );
        assert_eq!(executable(messages, "absent"), None);
    }
}

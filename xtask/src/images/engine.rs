//! What the Docker engine is asked for.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{failure::Failure, process};

/// What an image says of itself, besides its files.
pub(super) enum Change<'a> {
    /// What is started, where nothing else is asked for.
    Command(&'a [&'a str]),
    /// The number of the user that it is started as.
    User(u32),
    /// Where it listens.
    Port(u16),
}

impl Change<'_> {
    /// The line of a Dockerfile.
    fn line(&self) -> String {
        match self {
            Self::Command(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("CMD [{}]", words.join(", "))
            }
            Self::User(id) => format!("USER {id}:{id}"),
            Self::Port(port) => format!("EXPOSE {port}"),
        }
    }
}

/// There is a client, and an engine that answers it.
pub(super) fn is_needed() -> Result<(), Failure> {
    if process::answer(docker().arg("--version")).is_none() {
        return Err(Failure::Missing {
            what: "docker".into(),
            how: "sudo apt-get install docker.io".into(),
        });
    }
    // Not captured: it says better than we could what keeps it from the engine.
    let mut question = docker();
    question.args(["version", "--format", "{{.Server.Version}}"]);
    match process::output(&mut question) {
        Err(Failure::Unsuccessful { .. }) => Err(Failure::NoEngine),
        answer => answer.map(drop),
    }
}

/// The engine's own name for the image, if there is one of this name.
pub(super) fn image_id(name: &str) -> Option<String> {
    process::answer(docker().args(["image", "inspect", "--format", "{{.Id}}", name]))
}

/// Removes an image that has no name any more. One that a container still uses stays.
pub(super) fn remove(id: &str) {
    process::answer(docker().args(["image", "rm", id]));
}

/// Makes an image of one layer out of an archive of files.
///
/// An import, and no build: that takes one program on every engine, and asks no registry even for
/// the builder's own images.
pub(super) fn import(archive: &Path, name: &str, changes: &[Change<'_>]) -> Result<(), Failure> {
    let mut command = docker();
    command.arg("import");
    for change in changes {
        command.args(["--change", &change.line()]);
    }
    process::run(command.arg(archive).arg(name))
}

/// What the image's program prints first. It is started for real, so that a library that is
/// missing shows here, and not in a test.
pub(super) fn first_line_of(name: &str, program: &[&str]) -> Result<String, Failure> {
    let mut command = docker();
    command
        .args(["run", "--rm", "--network", "none", name])
        .args(program);
    eprintln!("$ {}", process::shown(&command));
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Failure::NotStarted {
            command: process::shown(&command),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        // Mosquitto's help does not end with 0, so what it says decides.
        Some(line) if !line.trim().is_empty() => Ok(line.trim().to_owned()),
        _ => {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            Err(Failure::Unsuccessful {
                command: process::shown(&command),
                status: output.status,
            })
        }
    }
}

fn docker() -> Command {
    Command::new("docker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_lines_of_a_dockerfile() {
        let line = |change: Change<'_>| change.line();
        assert_eq!(
            line(Change::Command(&["/usr/sbin/mosquitto", "-c"])),
            r#"CMD ["/usr/sbin/mosquitto", "-c"]"#
        );
        assert_eq!(line(Change::User(1883)), "USER 1883:1883");
        assert_eq!(line(Change::Port(1883)), "EXPOSE 1883");
    }
}

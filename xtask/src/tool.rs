//! Programs that the commands need and that cargo does not bring along.

use std::{path::PathBuf, process::Command};

use crate::{failure::Failure, process, project};

/// A cargo subcommand that others wrote.
#[derive(Debug)]
pub(crate) struct CargoTool {
    /// The package, and the program's name.
    pub(crate) package: &'static str,
    /// The release that is installed where there is none.
    pub(crate) version: &'static str,
}

/// Checks licences, banned crates and sources of the dependencies.
pub(crate) const CARGO_DENY: CargoTool = CargoTool {
    package: "cargo-deny",
    version: "0.20.2",
};

/// Builds and drives the fuzz targets.
pub(crate) const CARGO_FUZZ: CargoTool = CargoTool {
    package: "cargo-fuzz",
    version: "0.13.2",
};

impl CargoTool {
    /// A program that is at hand: our own copy, or the user's if it is of the same release series.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let own = folder().join("bin").join(self.package);
        [own, self.package.into()].into_iter().find(|program| {
            let answer = process::answer(Command::new(program).arg("--version"));
            answer.is_some_and(|answer| self.accepts(&answer))
        })
    }

    /// The program, compiled now if it is not at hand.
    pub(crate) fn find_or_install(&self) -> Result<PathBuf, Failure> {
        if let Some(program) = self.find() {
            return Ok(program);
        }
        eprintln!(
            "{} {} is not installed: compiling it takes some minutes …",
            self.package, self.version
        );
        // In the target folder, so that nothing of the user's is replaced; unoptimised, because it compiles in half
        // the time and runs for a second.
        let mut command = process::cargo(["install", "--locked", "--debug", "--version"]);
        process::run(
            command
                .args([self.version, self.package, "--root"])
                .arg(folder()),
        )?;
        self.find().ok_or(Failure::NoExecutable(self.package))
    }

    /// Whether a `--version` answer, `cargo-deny 0.20.2`, is of the series we know: 0.20, or 1 for a 1.2.
    fn accepts(&self, answer: &str) -> bool {
        let Some(version) = answer.split_whitespace().nth(1) else {
            return false;
        };
        series(version) == series(self.version)
    }
}

fn series(version: &str) -> Vec<&str> {
    let parts: Vec<_> = version.split('.').collect();
    let significant = if parts[0] == "0" { 2 } else { 1 };
    parts.into_iter().take(significant).collect()
}

fn folder() -> PathBuf {
    project::root().join("target").join("tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_patch_release_is_accepted_and_another_series_is_not() {
        assert!(CARGO_DENY.accepts("cargo-deny 0.20.9"));
        assert!(!CARGO_DENY.accepts("cargo-deny 0.19.2"));
        assert!(!CARGO_DENY.accepts(""));
        let later = CargoTool {
            package: "some-tool",
            version: "1.2.3",
        };
        assert!(later.accepts("some-tool 1.9.0 (abcdef)"));
        assert!(!later.accepts("some-tool 2.0.0"));
    }
}

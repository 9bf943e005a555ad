//! The oldest supported compiler: read from `rust-version`, and used where it is installed.

use std::process::Command;

use super::Verdict;
use crate::{failure::Failure, process, project, project::Package};

pub(crate) fn check(packages: &[Package]) -> Result<Verdict, Failure> {
    let oldest = packages
        .iter()
        .find_map(|package| package.rust_version.as_deref());
    let oldest = oldest.expect("`rust-version` is in the workspace's manifest");
    let running = process::output(Command::new("rustc").arg("--version"))?;
    if is_release(&running, oldest) {
        eprintln!("the running compiler is {oldest}, the oldest supported: the other steps use it");
        return Ok(Verdict::Passed);
    }
    let mut question = Command::new("rustup");
    question.args(["run", oldest, "rustc", "--version"]);
    if process::answer(&mut question).is_none() {
        return Ok(Verdict::NotChecked(format!(
            "the compiler is {}, and {oldest} is not installed: rustup toolchain install {oldest}",
            running.trim()
        )));
    }
    let mut command = Command::new("rustup");
    command.current_dir(project::root());
    command.args(["run", oldest, "cargo", "check", "--workspace"]);
    // A folder of its own, so that the two compilers do not throw away each other's work.
    process::run(command.args(["--target-dir", "target/msrv"]))?;
    Ok(Verdict::Passed)
}

/// Whether a `rustc --version` answer is of this release, `1.95` or `1.95.0`.
fn is_release(answer: &str, release: &str) -> bool {
    let Some(version) = answer.split_whitespace().nth(1) else {
        return false;
    };
    // A nightly `1.95.0-nightly` is not the release.
    let rest = version.strip_prefix(release);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('.')
                .is_some_and(|patch| patch.chars().all(|c| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_is_told_from_its_neighbours() {
        assert!(is_release("rustc 1.95.0 (59807616e 2026-04-14)", "1.95"));
        assert!(is_release("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"));
        assert!(!is_release("rustc 1.96.0 (59807616e 2026-04-14)", "1.95"));
        assert!(!is_release(
            "rustc 1.95.0-nightly (59807616e 2026-04-14)",
            "1.95"
        ));
        assert!(!is_release("rustc 1.950.0", "1.95"));
    }
}

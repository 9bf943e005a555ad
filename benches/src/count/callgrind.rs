//! Runs this very program under callgrind, and reads what callgrind wrote.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use super::Pair;

/// What a whole run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Instructions executed.
    pub instructions: u64,
    /// Calls of the allocator that make room, or more room.
    pub allocations: u64,
}

/// Why a pair could not be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountError {
    /// Valgrind is not installed, or not to be run.
    #[error("cannot run valgrind (on Debian: apt-get install valgrind)")]
    Valgrind(#[source] io::Error),
    /// The run under valgrind failed.
    #[error("{workload} by {peer} failed under valgrind: {stderr}")]
    Run {
        /// What was to be done.
        workload: &'static str,
        /// By whom.
        peer: &'static str,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// Callgrind left no file behind, or one that cannot be read.
    #[error("cannot read {}", path.display())]
    Profile {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
    /// Callgrind's file is not as its manual says.
    #[error("{} has no instruction count", path.display())]
    Format {
        /// Where it is.
        path: PathBuf,
    },
}

/// Does `batches` of a pair in a process of its own, under callgrind.
pub(super) fn run(pair: Pair, batches: usize) -> Result<Totals, CountError> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("nack-count-{}-{number}", std::process::id()));
    let output = command(pair, batches, &path).map_err(CountError::Valgrind)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = stderr.lines().collect();
        let stderr = lines[lines.len().saturating_sub(5)..].join("\n");
        let (workload, peer) = (pair.workload.id(), pair.peer);
        return Err(CountError::Run {
            workload,
            peer,
            stderr,
        });
    }
    let profile = fs::read_to_string(&path).map_err(|source| CountError::Profile {
        path: path.clone(),
        source,
    })?;
    // A file that stays behind in the temporary directory is a nuisance, no failure.
    drop(fs::remove_file(&path));
    totals(&profile).ok_or(CountError::Format { path })
}

fn command(pair: Pair, batches: usize, profile: &Path) -> io::Result<Output> {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind");
    valgrind.arg(format!("--callgrind-out-file={}", profile.display()));
    valgrind.arg(env::current_exe()?);
    valgrind.args(["once", pair.workload.id(), pair.peer, &batches.to_string()]);
    // The environment lies on the stack, and moves it.
    valgrind
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)));
    valgrind.stdin(Stdio::null()).output()
}

/// Sums up a profile; its format is in the manual, "Callgrind Format Specification".
fn totals(profile: &str) -> Option<Totals> {
    let mut names = HashMap::new();
    let mut callee = "";
    let mut totals = Totals::default();
    let mut counted = false;
    for line in profile.lines() {
        if let Some(count) = line
            .strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))
        {
            totals.instructions = count.trim().parse().ok()?;
            counted = true;
        } else if let Some(name) = line.strip_prefix("fn=") {
            resolve(name, &mut names);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = resolve(name, &mut names);
        } else if let Some(calls) = line.strip_prefix("calls=")
            && makes_room(callee)
        {
            totals.allocations += calls.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    counted.then_some(totals)
}

/// The name in `(12) name`, which is given at the first use of the number and not again.
fn resolve<'a>(text: &'a str, names: &mut HashMap<&'a str, &'a str>) -> &'a str {
    match text.split_once(' ') {
        Some((number, name)) => {
            names.insert(number, name);
            name
        }
        None => names.get(text).copied().unwrap_or(text),
    }
}

fn makes_room(function: &str) -> bool {
    matches!(
        function,
        "malloc" | "calloc" | "realloc" | "posix_memalign" | "aligned_alloc"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_summed_over_all_callers_and_names_are_given_once() {
        let profile = "\
# callgrind format
events: Ir

fn=(1) main
16 400
cfn=(2) malloc
calls=5 0
16 100
cfn=(3) free
calls=9 0
16 100

fn=(2)
0 100

fn=(4) grow
cfn=(2)
calls=7 0
16 100
cfn=(5) realloc
calls=2 0
16 100

totals: 900
";
        let expected = Totals {
            instructions: 900,
            allocations: 14,
        };
        assert_eq!(totals(profile), Some(expected));
    }

    #[test]
    fn a_profile_without_a_count_is_no_profile() {
        assert_eq!(totals("# callgrind format\n"), None);
    }
}

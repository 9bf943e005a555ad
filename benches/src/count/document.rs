//! The figures as a JSON document: what is saved, and what later runs are compared with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// What was counted, and by which compiler and libraries: with others, the figures are others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Document {
    /// The first line of `rustc --version`.
    pub compiler: String,
    /// The target triple.
    pub target: String,
    /// The cargo profile.
    pub profile: String,
    /// The C library, which has the allocator and `memcpy`.
    pub libc: String,
    /// The version of valgrind, which decides what the processor can do.
    pub valgrind: String,
    /// A figure a codec and workload.
    pub results: Vec<Figure>,
}

/// What one packet takes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Figure {
    /// D1 to D9, E1 to E8.
    pub workload: String,
    /// The codec.
    pub peer: String,
    /// Instructions executed.
    pub instructions_per_packet: f64,
    /// Calls of the allocator for room, or for more.
    pub allocations_per_packet: f64,
}

/// Why a document cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
    /// The file is not such a document.
    #[error("{} is not what this program writes", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
}

impl Document {
    /// Figures that were counted by this very program, here and now.
    pub fn new(results: Vec<Figure>) -> Self {
        Self {
            compiler: env!("NACK_COMPILER").to_owned(),
            target: env!("NACK_TARGET").to_owned(),
            profile: env!("NACK_PROFILE").to_owned(),
            libc: first_line("getconf", "GNU_LIBC_VERSION"),
            valgrind: first_line("valgrind", "--version"),
            results,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Where it is not there, or is something else.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = fs::read_to_string(path).map_err(|source| DocumentError::Read {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| DocumentError::Parse {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes a file, and the directories that lead to it.
    ///
    /// # Errors
    ///
    /// Where the file system does not let it.
    pub fn write(&self, path: &Path) -> Result<(), DocumentError> {
        let directory = path.parent().map_or(Ok(()), fs::create_dir_all);
        directory
            .and_then(|()| fs::write(path, self.to_json() + "\n"))
            .map_err(|source| DocumentError::Write {
                path: path.to_owned(),
                source,
            })
    }

    /// The document as text, without a line feed at its end.
    ///
    /// # Panics
    ///
    /// Never: strings and finite numbers can be said in JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and finite numbers can be said in JSON")
    }

    /// The figure of a codec and workload, if it was counted.
    pub fn figure(&self, workload: &str, peer: &str) -> Option<&Figure> {
        self.results
            .iter()
            .find(|figure| figure.workload == workload && figure.peer == peer)
    }
}

/// What a program says of itself, or that it does not.
fn first_line(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let line = text.as_deref().and_then(|text| text.lines().next());
    line.map_or_else(|| "unknown".to_owned(), str::to_owned)
}

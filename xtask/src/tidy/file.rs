//! A text file of the project as the checks see it, and what a check finds in it.

use std::{fmt, fs, io, path::Path};

use super::rust_text;
use crate::failure::Failure;

/// A text file, its path relative to the root and with `/`.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Rust only: the text with comments and the contents of literals blanked, lines kept.
    pub(crate) code: String,
    /// Rust only: the code without what is compiled for unit tests alone.
    pub(crate) product: String,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, product) = if path.ends_with(".rs") {
            let code = rust_text::without_comments_and_literals(text);
            let product = rust_text::without_unit_tests(&code);
            (code, product)
        } else {
            (String::new(), String::new())
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            product,
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is compiled for tests alone.
    pub(crate) fn is_test(&self) -> bool {
        self.is_rust()
            && self
                .path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs")
    }

    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// A violation in each of these lines (counted from 1), worded by `what`.
    pub(crate) fn violations(&self, lines: Vec<usize>, what: &str) -> Vec<Violation> {
        lines
            .into_iter()
            .map(|line| self.violation(line, what))
            .collect()
    }

    pub(crate) fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation {
            path: self.path.clone(),
            line,
            what: what.into(),
        }
    }
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Every text file of the project that a person writes.
pub(crate) fn all_in(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    visit(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Neither ours nor text: what tools write, and the fuzzers' inputs.
const SKIPPED: &[&str] = &[
    ".git",
    "target",
    "Cargo.lock",
    "fuzz/Cargo.lock",
    "fuzz/target",
    "fuzz/corpus",
    "fuzz/artifacts",
    "fuzz/coverage",
];

fn visit(root: &Path, folder: &str, files: &mut Vec<SourceFile>) -> Result<(), Failure> {
    let path = root.join(folder);
    let failed = |source: io::Error| Failure::File {
        path: path.clone(),
        source,
    };
    for entry in fs::read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if folder.is_empty() {
            name
        } else {
            format!("{folder}/{name}")
        };
        if SKIPPED.contains(&relative.as_str()) {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            visit(root, &relative, files)?;
        } else if kind.is_file() {
            match fs::read_to_string(entry.path()) {
                Ok(text) => files.push(SourceFile::new(&relative, &text)),
                // Pictures and captured bytes are no text; a file may vanish while an editor saves.
                Err(e)
                    if matches!(
                        e.kind(),
                        io::ErrorKind::InvalidData | io::ErrorKind::NotFound
                    ) => {}
                Err(source) => {
                    return Err(Failure::File {
                        path: entry.path(),
                        source,
                    });
                }
            }
        }
    }
    Ok(())
}

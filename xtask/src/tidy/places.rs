//! The project speaks of itself alone: no path of the machine that a file was written on, and no
//! path that leads out of the project.

use std::{env, path::Path};

use super::{
    file::{SourceFile, Violation},
    rust_text::lines_with_word,
};

/// Paths that mean something on one machine only.
#[derive(Debug)]
pub(crate) struct Places {
    paths: Vec<String>,
}

impl Places {
    /// Home folders, and the folders that this copy of the project lies in.
    pub(crate) fn of_this_machine(root: &Path) -> Self {
        let home = env::var("HOME").unwrap_or_default();
        Self::of(&root.to_string_lossy(), &home)
    }

    fn of(root: &str, home: &str) -> Self {
        let system = [
            "", "/", "/tmp", "/var", "/var/tmp", "/usr", "/opt", "/srv", "/mnt", "/home",
        ];
        let parents = Path::new(root)
            .ancestors()
            .map(|path| path.to_string_lossy().into_owned());
        let mut paths: Vec<_> = parents
            .filter(|path| !system.contains(&path.as_str()))
            .collect();
        paths.extend([home, "/root", "/Users"].map(str::to_owned));
        paths.retain(|path| !system.contains(&path.as_str()));
        Self { paths }
    }

    /// The lines of this file that name such a path, or one that leads out of the project.
    pub(crate) fn mentions(&self, file: &SourceFile) -> Vec<Violation> {
        // What this file itself says of them is meant.
        if file.path == "xtask/src/tidy/places.rs" {
            return Vec::new();
        }
        let mut found = Vec::new();
        for path in &self.paths {
            let begins = |line: &&usize| {
                let line = file.text.lines().nth(**line - 1).unwrap_or_default();
                line.match_indices(path.as_str()).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}".contains(c))
                })
            };
            let lines = lines_with_word(&file.text, path);
            let what = format!("`{path}` is a path of one machine");
            found.extend(file.violations(lines.iter().filter(begins).copied().collect(), &what));
        }
        let depth = file.path.matches('/').count();
        let leaves = |line: &str| climbs(line).any(|steps| steps > depth);
        let lines = (1..)
            .zip(file.text.lines())
            .filter(|(_, line)| leaves(line));
        let lines = lines.map(|(number, _)| number).collect();
        found.extend(file.violations(lines, "a path that leads out of the project"));
        found
    }
}

/// For each relative path in the line that begins with `../`, how many folders it climbs.
fn climbs(line: &str) -> impl Iterator<Item = usize> {
    let starts = line.match_indices("../").map(|(at, _)| at);
    let fresh = starts.filter(|at| !line[..*at].ends_with(['/', '.']));
    fresh.map(|at| {
        let rest = &line[at..];
        rest.len()
            .saturating_sub(rest.trim_start_matches("../").len())
            / 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, violations: usize) {
        let places = Places::of("/work-of-ann/nack", "/home/ann");
        let found = places.mentions(&SourceFile::new(path, text));
        assert_eq!(found.len(), violations, "{found:?}");
    }

    #[test]
    fn path_of_one_machine_is_found() {
        check("a.md", "see /work-of-ann/notes", 1);
        check("a.md", "(/home/ann/notes)", 1);
        check("a.md", "`/root/.cargo`", 1);
        check(
            "a.md",
            "see https://example.org/root/x, /tmp/report.json, $HOME/root",
            0,
        );
        check("a.md", "/work-of-anna", 0);
    }

    #[test]
    fn path_out_of_the_project_is_found() {
        check("codec/src/lib.rs", "include_str!(\"../README.md\")", 0);
        check(
            "codec/src/lib.rs",
            "include_str!(\"../../CHANGELOG.md\")",
            0,
        );
        check("codec/src/lib.rs", "include_str!(\"../../../notes.md\")", 1);
        check("README.md", "see ../notes.md", 1);
        check("README.md", "and so on... /and", 0);
    }
}

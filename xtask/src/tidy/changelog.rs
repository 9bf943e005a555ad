//! The version that the workspace has is in the change log.

use super::file::{SourceFile, Violation};

/// CHANGELOG.md has a heading for the version of the workspace.
pub(crate) fn version_without_entry(files: &[SourceFile]) -> Vec<Violation> {
    let text_of = |path| {
        files
            .iter()
            .find(|file| file.path == path)
            .map(|file| &*file.text)
    };
    let version = text_of("Cargo.toml").and_then(version);
    let changelog = text_of("CHANGELOG.md").unwrap_or_default();
    let what = match version {
        None => "the workspace has no version".to_owned(),
        Some(version) if has_heading(changelog, version) => return Vec::new(),
        Some(version) => format!("there is no heading `## [{version}]`"),
    };
    vec![Violation {
        path: "CHANGELOG.md".to_owned(),
        line: 1,
        what,
    }]
}

fn version(manifest: &str) -> Option<&str> {
    let package = manifest.split_once("[workspace.package]")?.1;
    let line = package.lines().find(|line| line.starts_with("version"))?;
    line.split('"').nth(1)
}

fn has_heading(changelog: &str, version: &str) -> bool {
    changelog
        .lines()
        .any(|line| line.starts_with(&format!("## [{version}]")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(manifest: &str, changelog: &str, violations: usize) {
        let files = [
            SourceFile::new("Cargo.toml", manifest),
            SourceFile::new("CHANGELOG.md", changelog),
        ];
        assert_eq!(version_without_entry(&files).len(), violations);
    }

    #[test]
    fn version_without_an_entry_is_found() {
        let manifest = "[workspace.package]\nversion = \"0.2.0\"\n";
        check(manifest, "## [0.2.0] - unreleased\n", 0);
        check(manifest, "## [0.1.0]\n\nBefore [0.2.0].\n", 1);
        check(manifest, "", 1);
        check("[workspace]\n", "## [0.2.0]\n", 1);
    }
}

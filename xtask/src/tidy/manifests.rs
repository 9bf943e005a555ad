//! What is said once is said once: the members' manifests inherit the workspace's settings.

use super::file::{SourceFile, Violation};

/// Version, edition, oldest compiler, licence and lints come from the root of the workspace.
pub(crate) fn shared_settings_are_inherited(file: &SourceFile) -> Vec<Violation> {
    // The root says them; fuzz is a workspace of its own and is never published.
    if !file.path.ends_with("/Cargo.toml") || file.path.starts_with("fuzz/") {
        return Vec::new();
    }
    let text: String = file.text.chars().filter(|c| *c != ' ').collect();
    let settings = ["version", "edition", "rust-version", "license"];
    let mut found: Vec<_> = settings
        .iter()
        .filter(|setting| !text.contains(&format!("\n{setting}.workspace=true\n")))
        .map(|setting| file.violation(1, format!("`{setting}.workspace = true` is missing")))
        .collect();
    if !text.contains("[lints]\nworkspace=true\n") {
        found.push(file.violation(1, "`[lints] workspace = true` is missing"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\
                        edition.workspace = true\nrust-version.workspace = true\n\
                        license.workspace = true\n\n[lints]\nworkspace = true\n";

    #[track_caller]
    fn check(path: &str, text: &str, violations: usize) {
        assert_eq!(
            shared_settings_are_inherited(&SourceFile::new(path, text)).len(),
            violations
        );
    }

    #[test]
    fn setting_that_is_said_twice_is_found() {
        check("codec/Cargo.toml", GOOD, 0);
        let own = GOOD.replace("rust-version.workspace = true", "rust-version = \"1.70\"");
        check("codec/Cargo.toml", &own, 1);
        check("codec/Cargo.toml", &GOOD.replace("[lints]", "[lint]"), 1);
    }

    #[test]
    fn roots_of_workspaces_say_it_themselves() {
        check("Cargo.toml", "[workspace]", 0);
        check("fuzz/Cargo.toml", "[workspace]", 0);
    }
}

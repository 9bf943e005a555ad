//! Names that say what a thing is: files that open with their purpose, no catch-all files, tests
//! that are called by the fact they show.

use super::file::{SourceFile, Violation};

/// Every Rust file opens with `//!`, what it is for.
pub(crate) fn file_opens_with_its_purpose(file: &SourceFile) -> Vec<Violation> {
    let opening = file.text.lines().next().unwrap_or_default();
    let purpose = opening.strip_prefix("//!").unwrap_or_default().trim();
    // The crate pages are README files.
    if !file.is_rust() || !purpose.is_empty() || opening.starts_with("#![doc = include_str!(") {
        return Vec::new();
    }
    vec![file.violation(1, "the first line is not `//!` with what this file is for")]
}

/// No file or folder is called by where things are put instead of what they are.
pub(crate) fn file_name_says_what(file: &SourceFile) -> Vec<Violation> {
    let vague = [
        "util",
        "utils",
        "common",
        "helper",
        "helpers",
        "imp",
        "misc",
        "shared_code",
    ];
    let is_vague = |part: &str| vague.contains(&part.strip_suffix(".rs").unwrap_or(part));
    if file.is_rust() && file.path.split('/').any(is_vague) {
        return vec![file.violation(1, "a name that says where, not what: name the idea")];
    }
    Vec::new()
}

/// A test's name is a fact, and does not begin with `test_`.
pub(crate) fn names_of_tests_are_facts(file: &SourceFile) -> Vec<Violation> {
    let lines = (1..).zip(file.code.lines());
    let named_so = lines
        .filter(|(_, line)| line.contains("fn test_"))
        .map(|(number, _)| number);
    file.violations(
        named_so.collect(),
        "a test's name is a fact, without `test_`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_without_its_purpose_is_found() {
        let count = |text| file_opens_with_its_purpose(&SourceFile::new("a/b.rs", text)).len();
        assert_eq!(count("use a::b;"), 1);
        assert_eq!(count(""), 1);
        assert_eq!(count("//!\n//! Late."), 1);
        assert_eq!(count("\n//! Later."), 1);
        assert_eq!(count("//! What it is for."), 0);
        assert_eq!(count("#![doc = include_str!(\"../README.md\")]"), 0);
        assert_eq!(
            file_opens_with_its_purpose(&SourceFile::new("README.md", "# nack")).len(),
            0
        );
    }

    #[test]
    fn catch_all_file_is_found() {
        let count = |path| file_name_says_what(&SourceFile::new(path, "")).len();
        assert_eq!(count("client/src/utils.rs"), 1);
        assert_eq!(count("client/tests/common/mod.rs"), 1);
        assert_eq!(count("codec/src/topic/shared.rs"), 0);
    }

    #[test]
    fn name_that_begins_with_test_is_found() {
        let count = |text| names_of_tests_are_facts(&SourceFile::new("a.rs", text)).len();
        assert_eq!(count("#[test]\nfn test_ping() {}"), 1);
        assert_eq!(count("#[test]\nfn pong_has_highest_priority() {}"), 0);
        assert_eq!(count("// not fn test_ping\nfn test() {}"), 0);
    }
}

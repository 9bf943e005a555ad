//! The paths that a file's `use` items bring in, with their groups written out, so that
//! `use std::{fmt, io::Read}` is seen to be a use of `std::io`.

/// A path that is imported, and the line of its `use`, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// Every path that the code (without comments and literals) imports.
pub(crate) fn of(code: &str) -> Vec<Import> {
    let mut imports = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let starts_item = code[..at]
            .trim_end_matches(' ')
            .ends_with(['\n', ';', '{', '}', ')']);
        let after_visibility = code[..at].trim_end().ends_with("pub");
        if at != 0 && !starts_item && !after_visibility {
            continue;
        }
        let tree = code[at + 4..].split(';').next().unwrap_or_default();
        let compact: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = code[..at].matches('\n').count() + 1;
        expand("", &compact, &mut |path| {
            imports.push(Import { line, path })
        });
    }
    imports
}

/// Calls `found` for each leaf of a use tree.
fn expand(prefix: &str, tree: &str, found: &mut impl FnMut(String)) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        found(
            format!("{prefix}{path}")
                .trim_end_matches("::self")
                .to_owned(),
        );
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    for branch in branches(group) {
        expand(&prefix, branch, found);
    }
}

/// A group's members: split at the commas that are in no inner group.
fn branches(group: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = group.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    split
        .map(str::trim)
        .filter(|branch| !branch.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        let paths: Vec<_> = of(code).into_iter().map(|import| import.path).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn groups_are_written_out() {
        check(
            "use std::{fmt, io::{self, Read as _},\n    net::*};",
            &["std::fmt", "std::io", "std::io::Read", "std::net::*"],
        );
    }

    #[test]
    fn use_inside_a_function_and_with_a_visibility_is_seen() {
        check(
            "fn f() {\n    use a::b;\n}\npub use c as d;\npub(crate) use e;",
            &["a::b", "c", "e"],
        );
    }

    #[test]
    fn word_that_ends_in_use_is_no_import() {
        check("let reuse = because use_it;", &[]);
    }

    #[test]
    fn line_of_an_import_is_told() {
        assert_eq!(of("\n\nuse a;")[0].line, 3);
    }
}

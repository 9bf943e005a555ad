//! Which runs are asked for: by name, with or without wildcards, and by version.

use std::sync::Arc;

use nack_codec::Version;

use crate::Case;
use crate::case::run_name;

/// A case in one version: what is run, counted and reported.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// The case.
    pub case: Arc<Case>,
    /// In which version.
    pub version: Version,
}

impl Run {
    /// The name that picks this run alone.
    pub fn name(&self) -> String {
        run_name(&self.case, self.version)
    }
}

/// Every case in every version that it runs in.
pub fn runs(cases: &[Arc<Case>]) -> Vec<Run> {
    let runs = cases.iter().flat_map(|case| {
        case.versions().into_iter().map(|version| Run {
            case: Arc::clone(case),
            version,
        })
    });
    runs.collect()
}

/// A filter on the names of runs.
///
/// With a `*` it must match the whole name, where a `*` stands for any characters, none included.
/// Without one it is looked for anywhere in the name, unless it is a whole name: then it picks that
/// one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pattern: String,
}

impl Filter {
    /// A filter of this text.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self {
            pattern: pattern.into(),
        }
    }

    /// The runs that the filter picks, in their order.
    pub fn pick(&self, runs: &[Run]) -> Vec<Run> {
        let exact: Vec<Run> = runs
            .iter()
            .filter(|run| run.name() == self.pattern)
            .cloned()
            .collect();
        if !exact.is_empty() {
            return exact;
        }
        runs.iter()
            .filter(|run| self.matches(&run.name()))
            .cloned()
            .collect()
    }

    fn matches(&self, name: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return name.contains(first);
        };
        let Some(mut rest) = name
            .strip_prefix(first)
            .and_then(|rest| rest.strip_suffix(last))
        else {
            return false;
        };
        // The leftmost place of each part leaves most for the parts behind it.
        for part in parts {
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(
            Filter::new(pattern).matches(name),
            expected,
            "{pattern} on {name}"
        );
    }

    #[test]
    fn without_a_wildcard_any_part_of_the_name_is_enough() {
        check("0x97", "puback/0x97/full@5", true);
        check("puback/", "puback/0x97/full@5", true);
        check("pubrec", "puback/0x97/full@5", false);
    }

    #[test]
    fn with_a_wildcard_the_whole_name_must_match() {
        check("puback/*", "puback/0x97/full@5", true);
        check("*@5", "puback/0x97/full@5", true);
        check("puback/*/full@*", "puback/0x97/full@5", true);
        check("*/0x97/*", "puback/0x97/full@5", true);
        check("back/*", "puback/0x97/full@5", false);
        check("puback/*/full", "puback/0x97/full@5", false);
        check("*a*a", "a", false);
        check("a*a", "a", false);
        check("*", "", true);
    }
}

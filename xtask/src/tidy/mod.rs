//! `cargo xtask tidy`: the invariants of ARCHITECTURE.md that the compiler cannot hold, checked on
//! the text of the sources. `cargo test` runs the same checks.

mod changelog;
mod dependencies;
mod file;
mod imports;
mod layers;
mod manifests;
mod naming;
mod places;
mod rust_text;
mod statements;
mod unfinished;

use crate::{failure::Failure, project};
use file::{SourceFile, Violation};

/// Check the invariants of ARCHITECTURE.md on the text of the sources.
///
/// Prints each violation with its place and what to do about it. Takes a second; also a test.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<(), Failure> {
    check()
}

/// Prints what is not tidy.
pub(crate) fn check() -> Result<(), Failure> {
    let violations = violations()?;
    for violation in &violations {
        eprintln!("{violation}");
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Untidy(violations.len()))
    }
}

/// Checks that look at one file at a time.
const FILE_CHECKS: &[fn(&SourceFile) -> Vec<Violation>] = &[
    layers::codec_is_pure,
    layers::session_is_sans_io,
    layers::only_the_driver_acts,
    layers::no_module_twice_for_two_versions,
    layers::cases_use_the_subject_alone,
    naming::file_opens_with_its_purpose,
    naming::file_name_says_what,
    naming::names_of_tests_are_facts,
    manifests::shared_settings_are_inherited,
    unfinished::nothing_is_left_open,
    unfinished::no_test_is_ignored,
    unfinished::no_test_sleeps,
];

fn violations() -> Result<Vec<Violation>, Failure> {
    let root = project::root();
    let files = file::all_in(&root)?;
    let mut found: Vec<_> = files
        .iter()
        .flat_map(|file| FILE_CHECKS.iter().flat_map(|check| check(file)))
        .collect();

    let catalogue = statements::Catalogue::from_files(&files);
    found.extend(files.iter().flat_map(|file| catalogue.unknown_ids(file)));
    let places = places::Places::of_this_machine(&root);
    found.extend(files.iter().flat_map(|file| places.mentions(file)));
    found.extend(dependencies::wrong_directions(
        &project::metadata()?.packages,
    ));
    found.extend(changelog::version_without_entry(&files));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_tidy() {
        let violations = violations().unwrap();
        let text: String = violations
            .iter()
            .map(|violation| format!("{violation}\n"))
            .collect();
        assert!(
            violations.is_empty(),
            "{} places are not tidy:\n{text}",
            violations.len()
        );
    }
}

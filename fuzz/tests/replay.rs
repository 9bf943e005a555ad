//! Replays the corpora: each input that a fuzzer or a person found worth keeping still holds.

use std::fs;

use nack_fuzz::{CHECKS, corpus};

#[test]
fn every_input_of_the_corpora_holds() {
    for (target, check) in CHECKS {
        let files = corpus(target).unwrap();
        assert!(!files.is_empty(), "{target} has no seeds");
        for file in files {
            // Shown only on a failure: which input it was.
            println!("{}", file.display());
            check(&fs::read(&file).unwrap());
        }
    }
}

#[test]
fn every_target_has_its_check() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/targets");
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut targets: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    let mut checks: Vec<_> = CHECKS
        .iter()
        .map(|(name, _)| format!("{name}.rs"))
        .collect();
    targets.sort();
    checks.sort();
    assert_eq!(targets, checks);
}

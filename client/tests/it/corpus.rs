//! What the fuzz target of the session checks, on every input of its corpus and without a fuzzer.

use std::fs;
use std::path::Path;

#[expect(
    unreachable_pub,
    reason = "a part of the fuzz targets' crate, which exports it"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "without a driver, the session's time begins at any moment"
)]
#[path = "../../../fuzz/src/session.rs"]
mod session;

#[test]
fn every_input_of_the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/session");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Shown only on a failure: which input it was.
        println!("{}", path.display());
        session::session(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count >= 10, "there are {count} inputs");
}

//! What the fuzz targets check, on every input of their corpora and without a fuzzer; and the seeds
//! among these inputs, which are the vectors.

use std::fs;
use std::path::{Path, PathBuf};

use nack_codec::Version;

use crate::vectors::GROUPS;

#[expect(
    unreachable_pub,
    reason = "a part of the fuzz targets' crate, which exports it"
)]
#[path = "../../../fuzz/src/chunking.rs"]
mod chunking;
#[expect(
    unreachable_pub,
    reason = "a part of the fuzz targets' crate, which exports it"
)]
#[path = "../../../fuzz/src/decode.rs"]
mod decode;
#[expect(
    unreachable_pub,
    reason = "a part of the fuzz targets' crate, which exports it"
)]
#[path = "../../../fuzz/src/round_trip.rs"]
mod round_trip;

/// Panics where the code under it breaks its word.
type Check = fn(&[u8]);

/// A target's check, by the target's name.
const CHECKS: &[(&str, Check)] = &[
    ("decode_v3", decode::decode_v3),
    ("decode_v5", decode::decode_v5),
    ("round_trip", round_trip::round_trip),
    ("chunking", chunking::chunking),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

const fn suffix(version: Version) -> &'static str {
    match version {
        Version::V311 => "v3",
        Version::V5 => "v5",
    }
}

/// Target, name and bytes of every seed.
fn seeds() -> Vec<(String, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for version in Version::ALL {
        let decode = format!("decode_{}", suffix(version));
        let mut all = Vec::new();
        for (group, vectors) in GROUPS {
            let mut stream = Vec::new();
            for vector in vectors
                .iter()
                .filter(|vector| vector.versions.contains(&version))
            {
                seeds.push((decode.clone(), vector.name.to_owned(), vector.bytes()));
                stream.extend(vector.bytes());
            }
            all.extend_from_slice(&stream);
            if !stream.is_empty() {
                let name = format!("{group}_{}", suffix(version));
                seeds.push(("round_trip".to_owned(), name, stream));
            }
        }
        for size in [1, 2, 7, 64, 128_u8] {
            let control = (size - 1) << 1 | u8::from(version == Version::V5);
            let name = format!("all_{}_in_{size}s", suffix(version));
            seeds.push(("chunking".to_owned(), name, [&[control][..], &all].concat()));
        }
    }
    seeds
}

/// Run with `UPDATE_SEEDS=1` to write them.
#[test]
fn every_vector_is_a_seed() {
    for (target, name, bytes) in seeds() {
        let path = corpus().join(target).join(name);
        if std::env::var_os("UPDATE_SEEDS").is_some() {
            fs::create_dir_all(path.parent().expect("a target")).expect("a folder");
            fs::write(&path, &bytes).expect("a file");
        }
        let found = fs::read(&path).ok();
        let shown = path.display();
        assert_eq!(
            found,
            Some(bytes),
            "{shown} is not up to date: run with UPDATE_SEEDS=1"
        );
    }
}

#[test]
fn every_input_of_the_corpora_holds() {
    for (target, check) in CHECKS {
        let entries = fs::read_dir(corpus().join(target)).expect("every target has seeds");
        let mut count = 0;
        for entry in entries {
            let path = entry.expect("a file").path();
            // Shown only on a failure: which input it was.
            println!("{}", path.display());
            check(&fs::read(&path).expect("a file"));
            count += 1;
        }
        assert!(count >= 10, "{target} has {count} inputs");
    }
}

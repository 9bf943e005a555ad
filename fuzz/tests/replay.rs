//! Replays the corpora: each input that a fuzzer or a person found worth keeping still holds.

use std::fs;

use bytes::BytesMut;
use nack_codec::{Framer, Version};
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

#[test]
fn seeds_are_packets_unless_they_are_called_malformed() {
    for (target, version) in [("decode_v3", Version::V311), ("decode_v5", Version::V5)] {
        for file in corpus(target).unwrap() {
            let name = file.file_name().unwrap().to_string_lossy();
            // What a fuzzer added is called by its hash, and may be anything.
            if name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            let mut buffer = BytesMut::from(&fs::read(&file).unwrap()[..]);
            let frames = Framer::new(4096, version).split(&mut buffer);
            let read = frames.iter().map(|frame| frame?.decode(version).map(drop));
            let is_packet = read.clone().count() == 1 && read.clone().all(|packet| packet.is_ok());
            let is_packet = is_packet && buffer.is_empty();
            assert_eq!(
                is_packet,
                !name.starts_with("malformed-"),
                "{target}/{name}"
            );
        }
    }
}

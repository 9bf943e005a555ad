//! Cases and catalogue fit together: what a case cites exists, and names are names.

use std::collections::BTreeSet;

use nack_codec::Version;
use nack_conformance::statement::Catalogue;
use nack_conformance::{cases, runs};

#[test]
fn every_statement_that_a_case_cites_exists_in_that_version() {
    for case in cases::all() {
        for citation in case.citations() {
            let found = Catalogue::of(citation.version).find(citation.statement);
            assert!(
                found.is_some(),
                "{}: {}: {}",
                case.id(),
                citation.version,
                citation.statement
            );
        }
    }
}

#[test]
fn every_case_runs_in_some_version_and_cites_something() {
    for case in cases::all() {
        assert!(!case.versions().is_empty(), "{}", case.id());
    }
}

#[test]
fn no_two_runs_have_one_name() {
    let mut names = BTreeSet::new();
    for run in runs(&cases::all()) {
        assert!(names.insert(run.name()), "{} is there twice", run.name());
    }
}

#[test]
fn names_are_paths_that_a_shell_leaves_alone() {
    for case in cases::all() {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-.".contains(c);
        assert!(case.id().chars().all(is_plain), "{}", case.id());
    }
}

/// Sentences of our own are there because a case rests on them.
#[test]
fn every_unnumbered_sentence_is_cited() {
    let cited: BTreeSet<_> = cases::all()
        .iter()
        .flat_map(|case| case.citations().to_vec())
        .map(|citation| (citation.version, citation.statement))
        .collect();
    for version in Version::ALL {
        for statement in Catalogue::of(version).iter() {
            let is_numbered = statement.id.starts_with("MQTT-");
            assert!(
                is_numbered || cited.contains(&(version, statement.id)),
                "{}",
                statement.id
            );
        }
    }
}

#[test]
fn every_pair_of_packet_and_number_has_a_case() {
    let names: Vec<String> = runs(&cases::all())
        .iter()
        .map(nack_conformance::Run::name)
        .collect();
    let v5 = [
        "connack",
        "puback",
        "pubrec",
        "pubrel",
        "pubcomp",
        "suback",
        "unsuback",
        "disconnect",
        "auth",
    ];
    let v311 = ["connack", "suback"];
    let packets = v5
        .map(|packet| (packet, "5"))
        .into_iter()
        .chain(v311.map(|p| (p, "3.1.1")));
    for (packet, version) in packets {
        for code in 0..=u8::MAX {
            let prefix = format!("{packet}/0x{code:02X}/");
            let suffix = format!("@{version}");
            let has = names
                .iter()
                .any(|name| name.starts_with(&prefix) && name.ends_with(&suffix));
            assert!(has, "{prefix}…{suffix}");
        }
    }
}

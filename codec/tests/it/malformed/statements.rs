//! The statements that refusals name exist.

use std::collections::BTreeSet;
use std::path::Path;

use nack_codec::Version;

use super::{refusal, rows};
use crate::notation::wire;

/// The identifiers in the catalogue of a version.
fn catalogue(version: Version) -> BTreeSet<String> {
    let file = match version {
        Version::V311 => "mqtt311.tsv",
        Version::V5 => "mqtt5.tsv",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/statements");
    let text = std::fs::read_to_string(folder.join(file)).expect("the catalogue is in the project");
    let ids = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next());
    ids.map(str::to_owned).collect()
}

#[test]
fn statements_that_refusals_name_are_in_the_catalogue() {
    for version in Version::ALL {
        let catalogue = catalogue(version);
        assert!(
            catalogue.len() > 100,
            "the catalogue of {version} has been read"
        );
        for row in rows() {
            for (_, _) in row.versions().filter(|(its, _)| *its == version) {
                let statement = refusal(&wire(row.notation), version).statement();
                if statement.starts_with("MQTT-") {
                    assert!(catalogue.contains(statement), "{statement} of {version}");
                } else {
                    // The number of a section.
                    let numbers: Vec<_> = statement.split('.').map(str::parse::<u8>).collect();
                    assert!(numbers.iter().all(Result::is_ok), "{statement}");
                    assert!(numbers.len() > 1, "{statement}");
                }
            }
        }
    }
}

//! Every statement id that a file names exists in the catalogue of one of the two standards.

use std::collections::BTreeSet;

use super::file::{SourceFile, Violation};

/// The ids of the normative statements of MQTT 5.0 and MQTT 3.1.1.
#[derive(Debug)]
pub(crate) struct Catalogue {
    ids: BTreeSet<String>,
}

/// Where the catalogues are; the id is the first column.
const FOLDER: &str = "conformance/statements";

impl Catalogue {
    pub(crate) fn from_files(files: &[SourceFile]) -> Self {
        let tables = files
            .iter()
            .filter(|file| file.is_in(FOLDER) && file.path.ends_with(".tsv"));
        let rows = tables.flat_map(|file| file.text.lines().skip(1));
        Self {
            ids: rows
                .filter_map(|row| row.split('\t').next())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The ids in this file that no standard has. An id may be of either: the two share most.
    pub(crate) fn unknown_ids(&self, file: &SourceFile) -> Vec<Violation> {
        let mut found = Vec::new();
        if file.is_in(FOLDER) {
            return found;
        }
        for (number, line) in (1..).zip(file.text.lines()) {
            for id in ids(line).filter(|id| !self.ids.contains(*id)) {
                found.push(file.violation(number, format!("{id} is in no catalogue")));
            }
        }
        found
    }
}

/// What looks like a statement id: `MQTT-`, a section's number, a dash, the statement's number.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("MQTT-").filter_map(|(at, prefix)| {
        let rest = &line[at + prefix.len()..];
        let section = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number = rest[section..].strip_prefix('-')?;
        let digits = number
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(number.len());
        (section != 0 && digits != 0).then(|| &line[at..at + prefix.len() + section + 1 + digits])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let row = "id\tsection_title\nMQTT-3.3.4-7\tActions\nMQTT-4.2-1\tConnections\n";
        Catalogue::from_files(&[SourceFile::new("conformance/statements/mqtt5.tsv", row)])
    }

    #[test]
    fn id_that_no_standard_has_is_found() {
        let unknown = concat!("MQTT-", "3.3.4-700");
        let text = format!("//! [MQTT-3.3.4-7], MQTT-4.2-1.\n// [{unknown}]\n");
        let found = catalogue().unknown_ids(&SourceFile::new("codec/src/publish.rs", &text));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].what.contains(unknown)), (2, true));
    }

    #[test]
    fn what_only_begins_like_an_id_is_none() {
        assert_eq!(ids("MQTT-x.y.z-n, MQTT-5, MQTT-3.1.1, MQTT-").count(), 0);
    }

    #[test]
    fn both_catalogues_are_there_and_complete() {
        let files = super::super::file::all_in(&crate::project::root()).unwrap();
        let ids = Catalogue::from_files(&files).ids;
        for id in ["MQTT-4.3.3-4", "MQTT-3.1.0-2", "MQTT-2.3.1-2"] {
            assert!(ids.contains(id), "{id} is missing");
        }
        assert!(ids.len() > 251, "{} ids", ids.len());
    }
}

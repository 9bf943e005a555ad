//! The catalogues: every normative statement of the two standards by its id, and the sentences
//! that have no number there and that cases rest on all the same.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nack_codec::Version;

/// What a standard, or an application, demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Such as `MQTT-4.3.3-4`; `U5-…` for a sentence of MQTT 5.0 without a number, `API-…` for
    /// what no standard demands and no application can do without.
    pub id: &'static str,
    /// Number and title of the section that it stands in.
    pub section_title: &'static str,
    /// Whom it binds.
    pub applies_to: Side,
    /// How strictly.
    pub level: Level,
    /// What it says, in our words.
    pub about: &'static str,
    /// How it shows: `client-output`, `client-reaction`, `codec`, `server-only`, `not-testable:…`.
    pub observable: &'static str,
    /// What brings it out.
    pub stimulus: &'static str,
    /// What is then right.
    pub expect: &'static str,
}

/// Whom a statement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
pub enum Side {
    /// Clients alone.
    Client,
    /// Servers alone.
    Server,
    /// Either side.
    Both,
}

/// How strictly a statement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// MUST.
    Must,
    /// MUST NOT.
    MustNot,
    /// SHOULD.
    Should,
    /// MAY.
    May,
    /// No standard demands it; an application cannot work without it.
    Api,
}

/// The statements of one version.
#[derive(Debug)]
pub struct Catalogue {
    version: Version,
    statements: BTreeMap<&'static str, Statement>,
}

impl Catalogue {
    /// The statements that hold for `version`.
    ///
    /// # Panics
    ///
    /// If a committed table is not one: wrong columns, an unknown word, an id that is there twice.
    pub fn of(version: Version) -> &'static Self {
        static V311: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::load(Version::V311, include_str!("../statements/mqtt311.tsv"))
        });
        static V5: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::load(Version::V5, include_str!("../statements/mqtt5.tsv")));
        match version {
            Version::V311 => &V311,
            Version::V5 => &V5,
        }
    }

    /// The version whose statements these are.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The statement of this id.
    pub fn find(&self, id: &str) -> Option<&Statement> {
        self.statements.get(id)
    }

    /// All statements, by their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Statement> {
        self.statements.values()
    }

    fn load(version: Version, numbered: &'static str) -> Self {
        let numbered = rows(numbered).map(|row| statement(&row));
        let unnumbered = rows(include_str!("../statements/unnumbered.tsv"))
            .filter(|row| {
                let mut versions = row[1].split(',');
                versions.any(|name| name == version_name(version))
            })
            .map(|row| statement(&[&row[..1], &row[2..]].concat()));
        let mut statements = BTreeMap::new();
        for statement in numbered.chain(unnumbered) {
            let id = statement.id;
            assert!(
                statements.insert(id, statement).is_none(),
                "{id} is there twice"
            );
        }
        Self {
            version,
            statements,
        }
    }
}

/// The name of a version as people and the command line write it: `5` or `3.1.1`.
pub const fn version_name(version: Version) -> &'static str {
    match version {
        Version::V311 => "3.1.1",
        Version::V5 => "5",
    }
}

/// The rows of a table of tab-separated values, without its heading.
pub(crate) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let mut lines = table.lines();
    let columns = lines
        .next()
        .map_or(0, |heading| heading.split('\t').count());
    lines.map(move |line| {
        let row: Vec<_> = line.split('\t').collect();
        assert_eq!(row.len(), columns, "the row has other columns: {line}");
        row
    })
}

fn statement(row: &[&'static str]) -> Statement {
    let &[
        id,
        section_title,
        applies_to,
        level,
        about,
        observable,
        stimulus,
        expect,
    ] = row
    else {
        panic!("a statement has eight columns: {row:?}");
    };
    let applies_to = match applies_to {
        "client" => Side::Client,
        "server" => Side::Server,
        "both" => Side::Both,
        other => panic!("{id} applies to {other}"),
    };
    let level = match level {
        "must" => Level::Must,
        "must_not" => Level::MustNot,
        "should" => Level::Should,
        "may" => Level::May,
        "api" => Level::Api,
        other => panic!("{id} has the level {other}"),
    };
    Statement {
        id,
        section_title,
        applies_to,
        level,
        about,
        observable,
        stimulus,
        expect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_catalogues_load_whole() {
        let count = |version, prefix: &str| {
            let catalogue = Catalogue::of(version);
            let ids = catalogue.iter().map(|statement| statement.id);
            ids.filter(|id| id.starts_with(prefix)).count()
        };
        assert_eq!(count(Version::V5, "MQTT-"), 251);
        assert_eq!(count(Version::V311, "MQTT-"), 141);
        assert!(count(Version::V5, "U5-") > 0);
        assert_eq!(count(Version::V311, "U5-"), 0);
    }

    #[test]
    fn ids_are_found_only_in_their_own_version() {
        assert!(Catalogue::of(Version::V5).find("MQTT-4.13.2-1").is_some());
        assert!(Catalogue::of(Version::V311).find("MQTT-4.13.2-1").is_none());
        assert!(Catalogue::of(Version::V311).find("MQTT-4.8.0-1").is_some());
        assert!(Catalogue::of(Version::V5).find("MQTT-4.8.0-1").is_none());
    }
}

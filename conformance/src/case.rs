//! A case: what it proves, what it needs of the subject, and the function that scripts the broker,
//! drives the subject, and judges both.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use nack_codec::Version;

use crate::outcome::Finding;
use crate::stage::Stage;
use crate::{Capability, statement};

/// One thing that is right or wrong about a client.
pub struct Case {
    id: String,
    title: String,
    group: String,
    citations: Vec<Citation>,
    requires: BTreeSet<Capability>,
    body: Box<dyn Body>,
}

/// A statement that a case proves, in the version whose catalogue has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_structs,
    reason = "this is all that there is to say"
)]
pub struct Citation {
    /// Whose statement it is. A case runs in every version that it cites a statement of.
    pub version: Version,
    /// Its id.
    pub statement: &'static str,
}

impl Case {
    /// A case that does not cite anything yet, and so runs in no version.
    ///
    /// `id` is a path of lower-case words, such as `puback/0x97/reason-string`; `title` says what
    /// must happen, in one sentence; `group` is the row of the report that counts the case.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        group: impl Into<String>,
        body: impl AsyncFn(&mut Stage) -> Result<(), Finding> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            group: group.into(),
            citations: Vec::new(),
            requires: BTreeSet::new(),
            body: Box::new(body),
        }
    }

    /// The case proves these statements of `version`, and runs in it.
    #[must_use = "the case is returned"]
    pub fn cites(
        mut self,
        version: Version,
        statements: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let citations = statements
            .into_iter()
            .map(|statement| Citation { version, statement });
        self.citations.extend(citations);
        self
    }

    /// The case needs these capabilities, besides that of its version.
    #[must_use = "the case is returned"]
    pub fn requires(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.requires.extend(capabilities);
        self
    }

    /// Its name; with the version behind it, one run has it alone.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What must happen.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The row of the report that counts it.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The statements that it proves.
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }

    /// The versions that it runs in.
    pub fn versions(&self) -> BTreeSet<Version> {
        self.citations
            .iter()
            .map(|citation| citation.version)
            .collect()
    }

    /// Whether a finding in `version` may name `statement`.
    pub fn proves(&self, version: Version, statement: &'static str) -> bool {
        self.citations.contains(&Citation { version, statement })
    }

    /// What a subject must be able to do for this case in `version`.
    pub fn needs(&self, version: Version) -> impl Iterator<Item = Capability> {
        let of_version = match version {
            Version::V311 => Capability::V3,
            Version::V5 => Capability::V5,
        };
        std::iter::once(of_version).chain(self.requires.iter().copied())
    }

    pub(crate) fn play<'a>(&'a self, stage: &'a mut Stage) -> Play<'a> {
        self.body.play(stage)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The name of a run: the id of its case, and the version behind an `@`.
pub(crate) fn run_name(case: &Case, version: Version) -> String {
    format!("{}@{}", case.id, statement::version_name(version))
}

type Play<'a> = Pin<Box<dyn Future<Output = Result<(), Finding>> + 'a>>;

trait Body: Send + Sync {
    fn play<'a>(&'a self, stage: &'a mut Stage) -> Play<'a>;
}

impl<F: AsyncFn(&mut Stage) -> Result<(), Finding> + Send + Sync> Body for F {
    fn play<'a>(&'a self, stage: &'a mut Stage) -> Play<'a> {
        Box::pin(self(stage))
    }
}

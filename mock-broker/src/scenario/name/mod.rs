//! The closed name spaces of scenarios: packets, reason codes, properties. Each takes any spelling
//! of the standard's names, and says which name was meant when there is no such one.

mod nearest;
mod packet;
mod property;
mod reason;

pub(crate) use nearest::nearest;
pub use packet::PacketName;
pub use property::PropertyName;
pub use reason::Code;

use std::fmt;

/// A name that is not one of those that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownName {
    /// What it should name: "reason code", say.
    pub what: &'static str,
    /// What was written.
    pub found: String,
    /// The name that comes nearest, if one is near.
    pub nearest: Option<String>,
    /// Where a number was written: which numbers there are.
    pub numbers: Option<&'static str>,
}

impl UnknownName {
    pub(crate) fn new<'a>(
        what: &'static str,
        found: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            what,
            found: found.to_owned(),
            nearest: nearest(found, names).map(str::to_owned),
            numbers: None,
        }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`", self.what, self.found)?;
        match (&self.nearest, self.numbers) {
            (_, Some(numbers)) => write!(f, ": {numbers}"),
            (Some(nearest), None) => write!(f, ", did you mean `{nearest}`?"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for UnknownName {}

/// What two spellings of one name have in common: `not-authorized`, `Not authorized` and
/// `NotAuthorized` are one name.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

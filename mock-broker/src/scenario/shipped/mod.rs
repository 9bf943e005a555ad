//! The scenarios that ship, inside of the program: a list of names with texts.

mod list;

use super::{LoadError, ScenarioFile, name::nearest};

pub use list::SHIPPED;

/// A scenario that ships.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    name: &'static str,
    text: &'static str,
}

impl Shipped {
    /// What it is called: `v5/puback-quota-exceeded`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The file.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// What happens, in a sentence: the `description` of the file.
    pub fn description(&self) -> &'static str {
        let line = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("description = \""));
        line.and_then(|line| line.strip_suffix('"'))
            .unwrap_or_default()
    }

    /// The scenario.
    ///
    /// # Errors
    ///
    /// Never, by the tests of this crate.
    pub fn file(&self) -> Result<ScenarioFile, LoadError> {
        ScenarioFile::parse(self.name, self.text)
    }
}

/// The scenario of this name.
///
/// # Errors
///
/// Where there is none: which name comes nearest.
pub fn shipped(name: &str) -> Result<&'static Shipped, LoadError> {
    let wanted = name.strip_suffix(".toml").unwrap_or(name);
    let found = SHIPPED.iter().find(|shipped| shipped.name == wanted);
    found.ok_or_else(|| {
        let near = nearest(wanted, SHIPPED.iter().map(|shipped| shipped.name));
        LoadError::no_such_scenario(name, near)
    })
}

/// The scenario of a file, or else of a name that [ships](SHIPPED).
///
/// # Errors
///
/// Where there is neither, or the file is not a scenario.
pub fn find(name: &str) -> Result<ScenarioFile, LoadError> {
    let path = std::path::Path::new(name);
    match shipped(name) {
        // A folder may have the name of a scenario; a pipe is as good as a file.
        Ok(shipped) if !path.exists() || path.is_dir() => shipped.file(),
        Err(error) if !path.exists() => Err(error),
        _ => ScenarioFile::read(name),
    }
}

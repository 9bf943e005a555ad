//! Files become scenarios: TOML or JSON, read into one tree that knows where everything stands, so
//! that whatever is wrong is shown in its line.

mod document;
mod error;
mod fault;
mod json;
mod toml;
mod tree;

#[cfg(feature = "control")]
pub(crate) use document::Document;
#[cfg(not(feature = "control"))]
use document::Document;
pub use error::LoadError;
#[cfg(feature = "control")]
pub(crate) use fault::FaultKind;

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use super::{BadStep, Scenario};
use crate::{Builder, Listener, Rule, Tls};

/// A scenario with the text that it was read from, so that what is wrong with it can be shown.
#[derive(Clone, Debug)]
pub struct ScenarioFile {
    document: Document,
    scenario: Scenario,
}

impl ScenarioFile {
    /// Reads a file: JSON where its name ends so or its text begins with a brace, TOML otherwise.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is not a scenario: what is wrong, with the line that it is in.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) => Err(LoadError::unreadable(&name, error)),
        }
    }

    /// Reads a text; the name is what errors call it.
    ///
    /// # Errors
    ///
    /// Where it is not a scenario: what is wrong, with the line that it is in.
    pub fn parse(name: &str, text: &str) -> Result<Self, LoadError> {
        let is_json = name.ends_with(".json") || text.trim_start().starts_with('{');
        let document = match is_json {
            true => Document::json(name, text),
            false => Document::toml(name, text),
        }?;
        let scenario: Scenario = document.read()?;
        if scenario.steps.is_empty() && scenario.base.is_none() && scenario.listeners.is_empty() {
            // It would pass whatever the client does.
            return Err(LoadError::empty(name));
        }
        Ok(Self { document, scenario })
    }

    /// What the file says.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Begins randomness with this, and not with the `seed` of the file.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.scenario.seed = Some(seed);
        self
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// The rules that the steps are, in their order. A step without a name is called by the file
    /// and its number, the first being 1: `plant.toml, step 2`.
    ///
    /// # Errors
    ///
    /// Where a step is none: why, with the line that it is in.
    pub fn rules(&self) -> Result<Vec<Rule>, LoadError> {
        let rules = self
            .scenario
            .rules()
            .map_err(|(index, error)| self.bad_step(index, &error))?;
        let rules = rules.into_iter().zip(&self.scenario.steps).enumerate();
        Ok(rules
            .map(|(index, (rule, step))| match step.name {
                Some(_) => rule,
                None => rule.named(self.place_of(index)),
            })
            .collect())
    }

    /// Where a step stands, counted from 0, for people: `plant.toml, step 2`.
    pub fn place_of(&self, step: usize) -> String {
        format!("{}, step {}", self.document.name(), step + 1)
    }

    /// The broker with the base behaviour of the scenario, and refusing connections at first where it
    /// says so.
    ///
    /// # Errors
    ///
    /// Where there is no such one: why, with the line that it is in.
    pub fn apply_base(&self, mut builder: Builder) -> Result<Builder, LoadError> {
        if let Some(refuse_ms) = self.scenario.refuse_ms {
            builder = builder.refuse_for(Duration::from_millis(refuse_ms));
        }
        let Some(base) = &self.scenario.base else {
            return Ok(builder);
        };
        base.apply(builder).map_err(|error| {
            let node = self.document.tree().get("base");
            let document = &self.document;
            document.wrong_at(node, Some(error.key()), error.to_string())
        })
    }

    /// Where the broker is to listen; listeners that speak TLS share the authority.
    ///
    /// # Errors
    ///
    /// Where that cannot be: why, with the line that it is in.
    pub fn listeners(&self, authority: &OnceCell<Tls>) -> Result<Vec<Listener>, LoadError> {
        let listeners = self.scenario.listeners.iter().enumerate();
        listeners
            .map(|(index, listen)| {
                listen.listener(authority).map_err(|error| {
                    let list = self.document.tree().get("listen");
                    let node = list.and_then(|list| list.at(index));
                    let document = &self.document;
                    document.wrong_at(node, Some(error.key()), error.to_string())
                })
            })
            .collect()
    }

    fn bad_step(&self, index: usize, error: &BadStep) -> LoadError {
        let list = self.document.tree().get("step");
        let node = list.and_then(|list| list.at(index));
        self.document.bad_step_at(node, error)
    }
}

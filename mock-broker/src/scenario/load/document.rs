//! A text with the tree that it says, so that whatever is wrong with it is shown in its line: a file,
//! or a body of the control API.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::tree::Node;
use super::{LoadError, json, toml};
use crate::scenario::BadStep;

/// What was read, and from what.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What errors call it.
    name: String,
    text: String,
    tree: Node,
}

impl Document {
    pub(crate) fn json(name: &str, text: &str) -> Result<Self, LoadError> {
        Self::parse(name, text, json::parse)
    }

    pub(super) fn toml(name: &str, text: &str) -> Result<Self, LoadError> {
        Self::parse(name, text, toml::parse)
    }

    fn parse(
        name: &str,
        text: &str,
        parse: fn(&str) -> Result<Node, Fault>,
    ) -> Result<Self, LoadError> {
        let tree = parse(text).map_err(|fault| LoadError::located(name, text, fault))?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            tree,
        })
    }

    /// What it says.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        let read = T::deserialize(self.tree.clone());
        read.map_err(|fault| LoadError::located(&self.name, &self.text, fault))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn tree(&self) -> &Node {
        &self.tree
    }

    /// Why the whole document is no step.
    #[cfg(feature = "control")]
    pub(crate) fn bad_step(&self, error: &BadStep) -> LoadError {
        self.bad_step_at(Some(&self.tree), error)
    }

    /// Why the step that stands here is none.
    pub(super) fn bad_step_at(&self, node: Option<&Node>, error: &BadStep) -> LoadError {
        self.wrong_at(node, error.key(), error.to_string())
    }

    /// Something is wrong with what stands here: with this key in it, where it has it.
    pub(super) fn wrong_at(
        &self,
        node: Option<&Node>,
        key: Option<&str>,
        message: String,
    ) -> LoadError {
        let key = key.and_then(|key| node.and_then(|node| node.find_key(key)));
        let span: Option<Range<usize>> = key.or_else(|| node.map(Node::span));
        let fault = Fault::of_value(message, span.unwrap_or_default());
        LoadError::located(&self.name, &self.text, fault)
    }
}

//! One step of a scenario: a rule as data, or what a conformance runner does between rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Drive, Expect, On, OneOrMany, Reply};

/// One step: which packet it is about, what the broker does about it, and how often that must
/// happen. It says only how the broker departs from a right one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// What the step is called in the journal and where it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which packet it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// What is sent. A step with neither this nor `drive` watches: it counts, and changes nothing.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub reply: OneOrMany<Reply>,
    /// What else is done, or how the reply is sent.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub drive: OneOrMany<Drive>,
    /// Is used up after so many hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub times: Option<u32>,
    /// How often it must be hit; at least once, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// A packet that must not come, from when the step before this one was hit: for as long as its
    /// `for_ms` says, or as the broker runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbid: Option<On>,
    /// What the client is told to do. For the conformance runner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<serde_json::Value>,
    /// What the client must report. For the conformance runner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<serde_json::Value>,
    /// How the client connects again. For the conformance runner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<serde_json::Value>,
}

fn is_empty<T>(list: &OneOrMany<T>) -> bool {
    list.is_empty()
}

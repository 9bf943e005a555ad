//! What a subject says about itself before anything else.

use serde::{Deserialize, Serialize};

use crate::Capability;

/// The answer to `hello`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Hello {
    /// The name of the client.
    pub client: String,
    /// Its version.
    pub version: String,
    /// The language that it is written in.
    pub language: String,
    /// What it can do.
    pub caps: Vec<Capability>,
    /// The fields of commands that it knows.
    pub fields: Vec<String>,
}

impl Hello {
    /// Whether the client can do this.
    pub fn has(&self, capability: Capability) -> bool {
        self.caps.contains(&capability)
    }
}

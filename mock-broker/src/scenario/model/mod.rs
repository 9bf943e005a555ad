//! The types that files and the control API are read into: what is written, as it is written.

mod address;
mod base;
mod coalesce;
mod data;
mod drive;
mod expect;
mod listen;
mod many;
mod on;
mod properties;
mod reply;
mod step;
mod version;

pub use address::{BadAddress, address};
pub use base::{
    Accept, AccessEntry, AuthenticationMethod, BadBase, Base, ChallengeStep, LimitOptions,
    OperationName, PermissionName, UserEntry,
};
pub use coalesce::Coalesce;
pub use data::{Data, Hex};
pub use drive::{
    Close, Corrupt, Drive, FlipBits, Mutate, Pace, ReleaseOptions, ReleaseOrder, SetByte,
};
pub use expect::Expect;
pub use listen::{
    BadListen, ClientCertificateName, Listen, TlsFaultName, TlsOptions, TlsVersionName,
    WebSocketFaultName, WebSocketOptions,
};
pub use many::OneOrMany;
pub use on::On;
pub use properties::{Flag, Properties, UserProperties, VarInt};
pub use reply::{FormName, RawProperty, Reply};
pub use step::Step;
pub use version::ProtocolVersion;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scenario: what a broker does to its clients, and what must come of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Where the schema is, for editors of JSON.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What happens, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The versions of MQTT that it is about: clients that speak another one are answered as usual.
    /// All of them, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<ProtocolVersion>,
    /// The normative statements that it is about, by their identifiers in the standard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
    /// Where it comes from: the address of an issue, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What a client must be able to do for it to make sense: `qos2`, say. For the conformance
    /// runner; the mock broker takes every client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// What randomness begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What the broker does about all that no step is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// For how many milliseconds the broker refuses connections, from when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_ms: Option<u64>,
    /// Where the broker listens.
    #[serde(default, rename = "listen", skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<Listen>,
    /// What it does, the first step that is about a packet winning.
    #[serde(default, rename = "step", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Whether anything in it happens by chance, so that the seed matters.
    pub fn has_chance(&self) -> bool {
        let by_chance = |drive: &Drive| {
            drive.corrupt.is_some()
                || drive.mutate.iter().any(|it| it.flip_randomly.is_some())
                || drive
                    .release
                    .is_some_and(|it| it.order == Some(ReleaseOrder::Shuffled))
        };
        self.steps.iter().any(|step| {
            let on = step.on.as_ref().or(step.forbid.as_ref());
            on.is_some_and(|on| on.probability.is_some()) || step.drive.iter().any(by_chance)
        })
    }

    /// The JSON Schema of scenario files, as text; editors take it for TOML too.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }
}

//! The names of properties.

use std::borrow::Cow;
use std::str::FromStr;

use nack_codec::PropertyId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::{UnknownName, letters};

/// A property by its name in the standard: `receive_maximum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for an identifier, and nothing else"
)]
pub struct PropertyName(pub PropertyId);

impl PropertyName {
    /// The name as one word.
    pub fn word(self) -> String {
        self.0.text().replace(' ', "_")
    }
}

fn words() -> Vec<String> {
    let all = PropertyId::ALL.iter();
    all.map(|id| PropertyName(*id).word()).collect()
}

impl FromStr for PropertyName {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let wanted = letters(name);
        let mut all = PropertyId::ALL.iter().copied();
        all.find(|id| letters(id.text()) == wanted)
            .map(Self)
            .ok_or_else(|| UnknownName::new("property", name, words().iter().map(String::as_str)))
    }
}

impl Serialize for PropertyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

impl<'de> Deserialize<'de> for PropertyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for PropertyName {
    fn schema_name() -> Cow<'static, str> {
        "PropertyName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A property.", "type": "string", "enum": words() })
    }
}

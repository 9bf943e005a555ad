//! The names of packets.

use std::borrow::Cow;
use std::str::FromStr;

use nack_codec::PacketType;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::{UnknownName, letters};

/// A packet type by its name in the standard, in any case: `PUBLISH`, `publish`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for a type, and nothing else"
)]
pub struct PacketName(pub PacketType);

fn names() -> impl Iterator<Item = &'static str> {
    PacketType::ALL.iter().map(|packet| packet.name())
}

impl FromStr for PacketName {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let wanted = letters(name);
        let mut all = PacketType::ALL.iter().copied();
        all.find(|packet| letters(packet.name()) == wanted)
            .map(Self)
            .ok_or_else(|| UnknownName::new("packet", name, names()))
    }
}

impl Serialize for PacketName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for PacketName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for PacketName {
    fn schema_name() -> Cow<'static, str> {
        "PacketName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = names().collect();
        json_schema!({ "description": "A packet type.", "type": "string", "enum": names })
    }
}

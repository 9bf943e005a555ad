//! How many packets are written at once.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// Packets that are written together: a number of them, or `true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it happens once, or from here on")]
pub enum Coalesce {
    /// `true`: the next packet together with the one behind it, once.
    WithNext,
    /// From here on, so many each.
    Packets(usize),
}

impl Serialize for Coalesce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::WithNext => serializer.serialize_bool(true),
            Self::Packets(packets) => packets.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Coalesce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CoalesceVisitor)
    }
}

struct CoalesceVisitor;

impl Visitor<'_> for CoalesceVisitor {
    type Value = Coalesce;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of packets, or true: together with the next one")
    }

    fn visit_bool<E: Error>(self, set: bool) -> Result<Coalesce, E> {
        match set {
            true => Ok(Coalesce::WithNext),
            false => Err(E::invalid_value(Unexpected::Bool(false), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Coalesce, E> {
        let packets = usize::try_from(number);
        let packets = packets.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(Coalesce::Packets(packets))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Coalesce, E> {
        let number = u64::try_from(number)
            .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
        self.visit_u64(number)
    }
}

impl JsonSchema for Coalesce {
    fn schema_name() -> Cow<'static, str> {
        "Coalesce".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of packets, or true: together with the next one, once.",
            "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": true }],
        })
    }
}

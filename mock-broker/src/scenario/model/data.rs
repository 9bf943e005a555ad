//! Bytes as files write them: text, or hexadecimal where they are none.

use std::borrow::Cow;
use std::fmt;

use hex::FromHexError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Bytes in hexadecimal, spaces between them as one likes: `62 02 00 01`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "bytes, and nothing else")]
pub struct Hex(pub Vec<u8>);

/// Bytes: a text, or a table with their `hex`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "bytes are text or they are not")]
pub enum Data {
    /// The bytes of a text.
    Text(String),
    /// Any bytes.
    Hex(Hex),
}

impl Data {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Hex(hex) => &hex.0,
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.iter().map(|byte| format!("{byte:02X}"));
        serializer.serialize_str(&bytes.collect::<Vec<_>>().join(" "))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: String = text.split_whitespace().collect();
        hex::decode(digits).map(Self).map_err(|error| match error {
            FromHexError::InvalidHexCharacter { c, .. } => {
                D::Error::custom(format!("`{c}` is not a hexadecimal digit"))
            }
            _ => D::Error::custom("bytes have two hexadecimal digits each, and here is one left"),
        })
    }
}

impl JsonSchema for Hex {
    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes in hexadecimal, with spaces as one likes.",
            "type": "string",
            "pattern": "^(\\s*[0-9a-fA-F]\\s*[0-9a-fA-F])*\\s*$",
        })
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Hex(hex) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("hex", hex)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

/// The form of [`Data`] that is a table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct HexTable {
    hex: Hex,
}

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or { hex = \"…\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data, A::Error> {
        let table = HexTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Data::Hex(table.hex))
    }
}

impl JsonSchema for Data {
    fn schema_name() -> Cow<'static, str> {
        "Data".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hex = generator.subschema_for::<Hex>();
        json_schema!({
            "description": "Bytes: a text, or a table with their hexadecimal form.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "hex": hex },
                    "required": ["hex"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

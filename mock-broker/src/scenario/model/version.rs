//! Versions of MQTT by the numbers that people know.

use std::borrow::Cow;
use std::fmt;

use nack_codec::Version;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A version of MQTT: `5`, or `"3.1.1"`, which may also be written as its protocol level, `4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for a version, and nothing else"
)]
pub struct ProtocolVersion(pub Version);

impl Serialize for ProtocolVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Version::V311 => serializer.serialize_str("3.1.1"),
            Version::V5 => serializer.serialize_u8(5),
        }
    }
}

impl<'de> Deserialize<'de> for ProtocolVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VersionVisitor)
    }
}

struct VersionVisitor;

impl Visitor<'_> for VersionVisitor {
    type Value = ProtocolVersion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version of MQTT: 5 or \"3.1.1\"")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ProtocolVersion, E> {
        match number {
            4 => Ok(ProtocolVersion(Version::V311)),
            5 => Ok(ProtocolVersion(Version::V5)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ProtocolVersion, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ProtocolVersion, E> {
        match text {
            "3.1.1" | "4" => Ok(ProtocolVersion(Version::V311)),
            "5" | "5.0" => Ok(ProtocolVersion(Version::V5)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for ProtocolVersion {
    fn schema_name() -> Cow<'static, str> {
        "ProtocolVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A version of MQTT.", "enum": [4, 5, "3.1.1", "4", "5", "5.0"] })
    }
}

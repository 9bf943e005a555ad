//! How often a step is expected to be hit.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::Times;

/// How often a step is expected to be hit: `2`, `"1..=2"`, `"2.."`, `"..=3"`, `"never"`, `"any"`.
///
/// A step that says nothing is expected to be hit at least once: what never happens proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "two ends of a range, and nothing else"
)]
pub struct Expect {
    /// At the least.
    pub least: u32,
    /// At the most; `None` where there is no limit.
    pub most: Option<u32>,
}

impl Expect {
    /// Whether the step is hit or not: nothing is expected of it.
    pub const ANY: Self = Self {
        least: 0,
        most: None,
    };

    /// Not once.
    pub const NEVER: Self = Self {
        least: 0,
        most: Some(0),
    };

    /// What is expected where nothing is said.
    pub const AT_LEAST_ONCE: Self = Self {
        least: 1,
        most: None,
    };

    const fn exactly(count: u32) -> Self {
        Self {
            least: count,
            most: Some(count),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "any" => return Some(Self::ANY),
            "never" => return Some(Self::NEVER),
            "once" => return Some(Self::exactly(1)),
            _ => {}
        }
        let Some((least, most)) = text.split_once("..") else {
            return text.trim().parse().ok().map(Self::exactly);
        };
        let least = match least.trim() {
            "" => 0,
            least => least.parse().ok()?,
        };
        let most = match most.trim() {
            "" => None,
            most => Some(match most.strip_prefix('=') {
                Some(most) => most.trim().parse().ok()?,
                None => most.parse::<u32>().ok()?.checked_sub(1)?,
            }),
        };
        most.is_none_or(|most| least <= most)
            .then_some(Self { least, most })
    }
}

impl From<Expect> for Times {
    fn from(expect: Expect) -> Self {
        match expect.most {
            Some(most) => (expect.least..=most).into(),
            None => (expect.least..).into(),
        }
    }
}

impl Serialize for Expect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let least = self.least;
        match self.most {
            None if least == 0 => serializer.serialize_str("any"),
            None => serializer.serialize_str(&format!("{least}..")),
            Some(0) => serializer.serialize_str("never"),
            Some(most) if least == most => serializer.serialize_u32(most),
            Some(most) => serializer.serialize_str(&format!("{least}..={most}")),
        }
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpectVisitor)
    }
}

struct ExpectVisitor;

impl Visitor<'_> for ExpectVisitor {
    type Value = Expect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("how often: a number, a range like \"1..=2\", \"any\" or \"never\"")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Expect, E> {
        u32::try_from(count)
            .map(Expect::exactly)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(count), &self))
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Expect, E> {
        u32::try_from(count)
            .map(Expect::exactly)
            .map_err(|_| E::invalid_value(Unexpected::Signed(count), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Expect, E> {
        Expect::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> Cow<'static, str> {
        "Expect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often: a number, a range as Rust writes it, or a word.",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "enum": ["any", "never", "once"] },
                { "type": "string", "pattern": "^[0-9]*\\.\\.(=?[0-9]+)?$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, least: u32, most: Option<u32>) {
        assert_eq!(Expect::parse(text), Some(Expect { least, most }));
    }

    #[test]
    fn ranges_are_written_as_in_rust() {
        check("any", 0, None);
        check("never", 0, Some(0));
        check("3", 3, Some(3));
        check("1..=2", 1, Some(2));
        check("1..3", 1, Some(2));
        check("2..", 2, None);
        check("..=3", 0, Some(3));
        check("..", 0, None);
    }

    #[test]
    fn what_holds_no_number_is_refused() {
        for text in ["", "sometimes", "2..=1", "..0", "0..0", "1...2", "-1"] {
            assert_eq!(Expect::parse(text), None, "{text}");
        }
    }
}

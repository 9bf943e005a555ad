//! Reason codes by name or number.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use nack_codec::ReasonCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{UnknownName, letters};
use crate::Reason;

/// A reason code: a number (`135`, `"0x87"`), or a name in any spelling (`"not-authorized"`).
///
/// A number is written as it is, whether it exists or not; a name is said in the words of the
/// connection's version, as [`Reason`] has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a code has a name or a number")]
pub enum Code {
    /// By its number.
    Number(u8),
    /// By its name.
    Named(ReasonCode),
}

/// Names that packets and 3.1.1 have for codes that are called otherwise in the table of MQTT 5.0.
const OTHER_NAMES: &[(&str, ReasonCode)] = &[
    ("normal-disconnection", ReasonCode::Success),
    ("granted-qos-0", ReasonCode::Success),
    ("connection-accepted", ReasonCode::Success),
    (
        "unacceptable-protocol-version",
        ReasonCode::UnsupportedProtocolVersion,
    ),
    ("identifier-rejected", ReasonCode::ClientIdentifierNotValid),
    ("failure", ReasonCode::UnspecifiedError),
];

impl Code {
    /// The number on the wire of MQTT 5.0.
    pub const fn number(self) -> u8 {
        match self {
            Self::Number(code) => code,
            Self::Named(reason) => reason as u8,
        }
    }

    /// The name as one word, as files have it: `not-authorized`.
    pub fn word(reason: ReasonCode) -> String {
        reason.text().to_ascii_lowercase().replace(' ', "-")
    }
}

fn words() -> Vec<String> {
    let all = ReasonCode::ALL.iter().map(|reason| Code::word(*reason));
    let others = OTHER_NAMES.iter().map(|(name, _)| (*name).to_owned());
    all.chain(others).collect()
}

impl From<Code> for Reason {
    fn from(code: Code) -> Self {
        match code {
            Code::Number(code) => code.into(),
            Code::Named(reason) => reason.into(),
        }
    }
}

impl FromStr for Code {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let text = text.trim();
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let number = match hex {
            Some(digits) => u8::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let is_number =
            hex.is_some() || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(number) = number {
            return Ok(Self::Number(number));
        }
        let wanted = letters(text);
        let others = OTHER_NAMES.iter().map(|(name, reason)| (*name, *reason));
        ReasonCode::ALL
            .iter()
            .map(|reason| (reason.text(), *reason))
            .chain(others)
            .find(|(name, _)| letters(name) == wanted)
            .map(|(_, reason)| Self::Named(reason))
            .ok_or_else(|| UnknownName {
                numbers: is_number.then_some("they go from 0 to 255 (0x00 to 0xFF)"),
                ..UnknownName::new("reason code", text, words().iter().map(String::as_str))
            })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(code) => write!(f, "0x{code:02X}"),
            Self::Named(reason) => f.write_str(&Self::word(*reason)),
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(code) => serializer.serialize_u8(*code),
            Self::Named(reason) => serializer.serialize_str(&Self::word(*reason)),
        }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CodeVisitor)
    }
}

struct CodeVisitor;

impl Visitor<'_> for CodeVisitor {
    type Value = Code;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reason code: its name, or a number from 0 to 255")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Code, E> {
        u8::try_from(number)
            .map(Code::Number)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Code, E> {
        u8::try_from(number)
            .map(Code::Number)
            .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Code, E> {
        text.parse().map_err(E::custom)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "ReasonCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A reason code. A name is said in the words of the connection's version; \
                a number is written as it is.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 255 },
                { "type": "string", "enum": words() },
                { "type": "string", "pattern": "^(0[xX][0-9a-fA-F]{1,2}|[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Code) {
        assert_eq!(text.parse(), Ok(expected));
    }

    #[test]
    fn a_code_has_many_spellings() {
        check("0x87", Code::Number(0x87));
        check("135", Code::Number(135));
        for spelling in [
            "not-authorized",
            "Not authorized",
            "not_authorized",
            "NotAuthorized",
        ] {
            check(spelling, Code::Named(ReasonCode::NotAuthorized));
        }
        check("granted-qos-0", Code::Named(ReasonCode::Success));
        check(
            "identifier rejected",
            Code::Named(ReasonCode::ClientIdentifierNotValid),
        );
    }

    #[test]
    fn every_code_is_found_by_its_word() {
        for reason in ReasonCode::ALL {
            check(&Code::word(*reason), Code::Named(*reason));
        }
    }

    #[test]
    fn what_is_no_code_is_told_the_nearest() {
        let error = "not-authorised".parse::<Code>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown reason code `not-authorised`, did you mean `not-authorized`?"
        );
    }

    #[test]
    fn a_number_that_is_no_code_is_told_which_there_are() {
        for number in ["256", "999", "99999999999999999999", "0x100", "0X", "0xGG"] {
            let error = number.parse::<Code>().unwrap_err();
            let expected =
                format!("unknown reason code `{number}`: they go from 0 to 255 (0x00 to 0xFF)");
            assert_eq!(error.to_string(), expected);
        }
        let error = "".parse::<Code>().unwrap_err();
        assert_eq!(error.to_string(), "unknown reason code ``");
    }
}

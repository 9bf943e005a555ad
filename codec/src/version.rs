//! The protocol versions that the codec speaks.

use std::fmt;

/// A version of MQTT. An argument of encoding and decoding, never a second set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a third version would change every packet"
)]
pub enum Version {
    /// MQTT 3.1.1 (OASIS standard, protocol level 4).
    V311,
    /// MQTT 5.0 (OASIS standard, protocol level 5).
    V5,
}

impl Version {
    /// Both versions, oldest first.
    pub const ALL: [Self; 2] = [Self::V311, Self::V5];

    /// The version that a CONNECT names by its protocol level byte.
    pub const fn from_level(level: u8) -> Option<Self> {
        match level {
            4 => Some(Self::V311),
            5 => Some(Self::V5),
            _ => None,
        }
    }

    /// The protocol level byte of CONNECT: 4 or 5.
    pub const fn level(self) -> u8 {
        match self {
            Self::V311 => 4,
            Self::V5 => 5,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V311 => "MQTT 3.1.1",
            Self::V5 => "MQTT 5.0",
        })
    }
}

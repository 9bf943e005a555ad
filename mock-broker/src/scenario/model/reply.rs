//! A packet that a step sends.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, Hex, OneOrMany, Properties, ProtocolVersion};
use crate::Form;
use crate::scenario::name::{Code, PacketName};

/// A packet that a step sends. What it does not say is filled in rightly, from the packet that it
/// answers and from the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reply {
    /// Its type.
    pub packet: PacketName,
    /// Its reason code; in SUBACK and UNSUBACK, the one for each topic filter. Success, if this is
    /// not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// The reason codes of SUBACK and UNSUBACK, as many as there are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<Code>>,
    /// The reason codes of SUBACK and UNSUBACK for these topic filters; the others of the request
    /// are answered as usual. Instead of `reason` and `reasons`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_filter: Option<BTreeMap<String, Code>>,
    /// Whether CONNACK says that there is a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_present: Option<bool>,
    /// The packet identifier, instead of that of the packet that is answered. About a packet without
    /// one, as a PUBLISH of QoS 0 is, no acknowledgement is sent unless this is there: the packet is
    /// handled as usual, and the journal says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_id: Option<u16>,
    /// Where a PUBLISH goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Data>,
    /// What a PUBLISH carries; nothing, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Data>,
    /// The QoS of a PUBLISH; 0, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2))]
    pub qos: Option<u8>,
    /// Whether a PUBLISH has RETAIN set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain: Option<bool>,
    /// Whether a PUBLISH has DUP set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dup: Option<bool>,
    /// Its properties, in the order of their identifiers; a list of tables where they are to come
    /// in another order, or twice. 3.1.1 has none: they are left out there unless the `form` is full.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub properties: OneOrMany<Properties>,
    /// Properties of any identifier, with any bytes for a value, behind the others.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub raw_properties: OneOrMany<RawProperty>,
    /// The lower four bits of the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 15))]
    pub flags: Option<u8>,
    /// How much of the packet is written; what is needed, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormName>,
    /// The version that it is written in, whatever the connection speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<ProtocolVersion>,
    /// Leaves the connection open behind a packet that ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stay_open: bool,
    /// Sends it this often, and no faster than the client takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100000))]
    pub repeat: Option<u32>,
}

impl Reply {
    /// A packet of this type that says nothing else.
    pub const fn new(packet: PacketName) -> Self {
        Self {
            packet,
            reason: None,
            reasons: None,
            by_filter: None,
            session_present: None,
            packet_id: None,
            topic: None,
            payload: None,
            qos: None,
            retain: None,
            dup: None,
            properties: OneOrMany(Vec::new()),
            raw_properties: OneOrMany(Vec::new()),
            flags: None,
            form: None,
            version: None,
            stay_open: false,
            repeat: None,
        }
    }
}

/// A property as its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RawProperty {
    /// Its identifier, whether there is such a one or not.
    pub id: u8,
    /// The bytes of its value, with their length where the value has one.
    pub value: Hex,
}

/// How much of a packet is written: a [`Form`] by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "as the forms themselves")]
pub enum FormName {
    /// Neither code nor property length.
    Short,
    /// A code and no property length.
    NoProperties,
    /// Code, property length and properties.
    Full,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Short => Self::Short,
            FormName::NoProperties => Self::NoProperties,
            FormName::Full => Self::Full,
        }
    }
}

fn is_empty<T>(list: &OneOrMany<T>) -> bool {
    list.is_empty()
}

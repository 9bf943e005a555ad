//! What a step does, down to single bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Hex, OneOrMany, Reply};
use crate::scenario::name::PropertyName;

/// What a step does. Its keys are done in this order, whatever order they are written in: wait,
/// send, change how it is sent, end. Where the order matters otherwise, `drive` is a list.
///
/// Where a step neither sends something, nor holds the packet, nor closes the connection, the usual
/// answer is sent behind all else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Drive {
    /// Waits for so many milliseconds. What follows in the same table or list waits with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Sends packets.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub reply: OneOrMany<Reply>,
    /// Sends bytes, whatever they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_hex: Option<Hex>,
    /// Sends the usual answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_usual: bool,
    /// Never answers: the packet is lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
    /// Changes bytes of what is sent.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub mutate: OneOrMany<Mutate>,
    /// Sends only so many bytes of it, from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
    /// Writes it in pieces of so many bytes: a list, or one size for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Writes all of it at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub coalesce: bool,
    /// Writes it slowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// Reads nothing more from the client.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_reading: bool,
    /// Ends the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Close>,
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Close {
    /// In good order.
    Fin,
    /// By a reset.
    Rst,
    /// In one direction: the broker sends nothing more, and still reads.
    Half,
}

/// In which pieces something is written.
pub type Split = OneOrMany<usize>;

/// How slowly something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pace {
    /// So many bytes in a second.
    #[schemars(range(min = 1))]
    pub bytes_per_s: u32,
}

/// A change of the bytes of a packet that is right otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mutate {
    /// The lower four bits of the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 15))]
    pub flags: Option<u8>,
    /// What the remaining length says, whatever follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_length: Option<u32>,
    /// Writes the remaining length in so many bytes, padded where fewer would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    pub length_bytes: Option<u8>,
    /// The packet identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_id: Option<u16>,
    /// Has this property twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub double_property: Option<PropertyName>,
    /// Has this property not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_property: Option<PropertyName>,
    /// Has another byte at this place: `{ at = 0, value = 0xFF }`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub set: OneOrMany<SetByte>,
    /// Turns bits over at this place: `{ at = 0, bits = 0x80 }`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub flip: OneOrMany<FlipBits>,
    /// Has these bytes behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append_hex: Option<Hex>,
}

/// Another byte at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SetByte {
    /// Where: the first byte of the packet is 0.
    pub at: usize,
    /// What it becomes.
    pub value: u8,
}

/// Other bits at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FlipBits {
    /// Where: the first byte of the packet is 0.
    pub at: usize,
    /// Which bits are turned over.
    pub bits: u8,
}

fn is_empty<T>(list: &OneOrMany<T>) -> bool {
    list.is_empty()
}

//! What a step does, down to single bytes.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::{Coalesce, Hex, OneOrMany, Properties, RawProperty, Reply};
use crate::scenario::name::{Code, PropertyName};

/// What a step does. Its keys are done in this order, whatever order they are written in: wait,
/// change how the connection carries what is sent, stop or resume listening, send, end. Where the order matters otherwise,
/// `drive` is a list.
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
    /// Forgets the session of the client; in front of the usual answer to a CONNECT, a broker that has
    /// lost its state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forget_session: bool,
    /// Writes what is sent from here on in pieces: a list of two or more sizes in bytes, behind which
    /// all is whole again, or one size for all pieces, in a list or not; 0 ends it.
    #[serde(default, deserialize_with = "sizes", skip_serializing_if = "is_empty")]
    #[schemars(schema_with = "schema_of_sizes")]
    pub split: OneOrMany<usize>,
    /// Writes what is sent from here on slowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// Writes what is sent from here on once so many packets are there, all of them at once, and then
    /// the next so many; 1 ends it. `true`: writes the next packet together with the one behind it,
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coalesce: Option<Coalesce>,
    /// Flips one bit in some of the bytes that are sent from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<Corrupt>,
    /// Reads nothing more from the client.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_reading: bool,
    /// Reads again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume_reading: bool,
    /// Writes nothing more to the client: what is sent waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_writing: bool,
    /// Writes again, beginning with what waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume_writing: bool,
    /// Neither reads nor writes for so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_ms: Option<u64>,
    /// Ends the connection in good order when so many bytes of what is sent from here on have gone
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_after_bytes: Option<u64>,
    /// Resets the connection when so many bytes of what is sent from here on have gone out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_after_bytes: Option<u64>,
    /// Ends all of these faults of the connection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heal: bool,
    /// Refuses who connects, as where no broker runs, until `resume_listening`; connections that there
    /// are go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_listening: bool,
    /// Refuses who connects for so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_ms: Option<u64>,
    /// Lets clients connect again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resume_listening: bool,
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
    /// Changes bytes of what this sends.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub mutate: OneOrMany<Mutate>,
    /// Leaves out so many bytes at the end of what this sends; the remaining length stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
    /// Sends each packet that this sends so many times, 10,000 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub copies: Option<u32>,
    /// Holds back what this sends, until `release`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold_back: bool,
    /// Sends what is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseOptions>,
    /// Says nothing any more on this connection, whatever comes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fall_silent: bool,
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

/// How slowly something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pace {
    /// So many bytes in a second.
    #[schemars(range(min = 1))]
    pub bytes_per_s: u32,
}

/// Flips bits by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Corrupt {
    /// Of each byte, from 0.0 to 1.0; the seed of the scenario says which.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

/// How what is held back is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReleaseOptions {
    /// In which order; as it was held, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ReleaseOrder>,
    /// Only once so many packets are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once_held: Option<usize>,
}

/// In which order what is held back is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReleaseOrder {
    /// The first first.
    AsHeld,
    /// The last first.
    Reversed,
    /// In any order; the seed of the scenario says which.
    Shuffled,
}

/// A change of the bytes of a packet that is right otherwise. Where a table has several, they are
/// done in this order; a list of tables is done in its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mutate {
    /// The lower four bits of the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 15))]
    pub flags: Option<u8>,
    /// The upper four bits of the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 15))]
    pub packet_type: Option<u8>,
    /// The packet identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_id: Option<u16>,
    /// The reason code, also where a short form of MQTT 5.0 leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// More properties, behind the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_property: Option<Properties>,
    /// More properties, of any identifier and any bytes.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub add_raw_property: OneOrMany<RawProperty>,
    /// Has this property twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub double_property: Option<PropertyName>,
    /// Has this property not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_property: Option<PropertyName>,
    /// Leaves out so many bytes at the end, and the remaining length says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shorten: Option<usize>,
    /// What the remaining length says, whatever follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_length: Option<u32>,
    /// Writes the remaining length in so many bytes, padded where fewer would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    pub length_bytes: Option<u8>,
    /// Has another byte at this place: `{ at = 0, value = 0xFF }`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub set: OneOrMany<SetByte>,
    /// Turns bits over at this place: `{ at = 0, bits = 0x80 }`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub flip: OneOrMany<FlipBits>,
    /// Turns over so many bits somewhere; the seed of the scenario says where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip_randomly: Option<usize>,
    /// Has these bytes behind it; the remaining length stays.
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

fn sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OneOrMany<usize>, D::Error> {
    let sizes = OneOrMany::deserialize(deserializer)?;
    if sizes.is_empty() {
        return Err(D::Error::custom("`split` needs a size, or a list of some"));
    }
    Ok(sizes)
}

fn schema_of_sizes(_: &mut SchemaGenerator) -> Schema {
    let size = json_schema!({ "type": "integer", "format": "uint", "minimum": 0 });
    json_schema!({ "anyOf": [size, { "type": "array", "items": size, "minItems": 1 }] })
}

fn is_empty<T>(list: &OneOrMany<T>) -> bool {
    list.is_empty()
}

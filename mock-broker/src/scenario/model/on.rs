//! Which packet a step is about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, OneOrMany, Properties, ProtocolVersion};
use crate::scenario::name::{Code, PacketName, PropertyName};

/// Which packet a step is about. A key that is not there does not matter; those that are must all
/// be fulfilled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct On {
    /// The type of the packet; any, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet: Option<PacketName>,
    /// What is not a packet at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub malformed: bool,
    /// A connection was opened, and nothing came yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opened: bool,
    /// A packet that is on its way to the client, from the base behaviour or the broker behind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_client: bool,
    /// Only the n-th of the packets that fulfil all the rest; the first is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub nth: Option<u32>,
    /// Each n-th of the packets that fulfil all the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub every: Option<u32>,
    /// Each of the packets that fulfil all the rest with this probability, from 0.0 to 1.0; the seed
    /// of the scenario says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: Option<f64>,
    /// Counts on each connection by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_connection: bool,
    /// From the client of this identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// From a client whose identifier is like this: `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_like: Option<String>,
    /// On the connection of this number; the first that the broker accepts is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub connection: Option<u32>,
    /// On the n-th connection of the same client identifier; the first is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub connection_of_client: Option<u32>,
    /// From a client that speaks this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<ProtocolVersion>,
    /// CONNECT with clean start (clean session), or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_start: Option<bool>,
    /// CONNECT with a will, or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will: Option<bool>,
    /// CONNECT with this keep alive, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<u16>,
    /// CONNECT with this user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// CONNACK that says that there is a session, or that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_present: Option<bool>,
    /// PUBLISH to a topic that this topic filter asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// SUBSCRIBE or UNSUBSCRIBE with exactly this topic filter among its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// PUBLISH of this QoS, or SUBSCRIBE that asks for this and nothing higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2))]
    pub qos: Option<u8>,
    /// With this packet identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_id: Option<u16>,
    /// An acknowledgement, DISCONNECT or AUTH with this reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// PUBLISH with just this payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Data>,
    /// PUBLISH whose payload has these bytes in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_contains: Option<Data>,
    /// PUBLISH with DUP set, or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dup: Option<bool>,
    /// PUBLISH with RETAIN set, or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain: Option<bool>,
    /// With these properties, of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Properties>,
    /// With these properties, whatever their values.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub has: OneOrMany<PropertyName>,
    /// Without these properties.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub lacks: OneOrMany<PropertyName>,
    /// In `forbid` alone: for how many milliseconds the packet must not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
}

fn is_empty<T>(list: &OneOrMany<T>) -> bool {
    list.is_empty()
}

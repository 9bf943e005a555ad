//! Properties by name, with values that may be wrong on purpose.

use std::borrow::Cow;
use std::fmt;

use bytes::BufMut;
use nack_codec::PropertyId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Data;
use crate::action::answer::prefixed;

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $id:ident;)*) => {
        /// Properties by their names. Nothing is checked: any property may stand in any packet.
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        pub struct Properties {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
        }

        impl Properties {
            /// The properties as they lie on the wire, an identifier and the bytes of a value each.
            pub(crate) fn encoded(&self) -> Vec<(PropertyId, Vec<u8>)> {
                let mut encoded = Vec::new();
                $(
                    if let Some(value) = &self.$name {
                        let values = value.encode().into_iter();
                        encoded.extend(values.map(|value| (PropertyId::$id, value)));
                    }
                )*
                encoded
            }
        }
    };
}

properties! {
    /// Whether the payload is UTF-8 text; any number.
    payload_format_indicator: Flag = PayloadFormatIndicator;
    /// In seconds.
    message_expiry_interval: u32 = MessageExpiryInterval;
    /// What the payload is.
    content_type: Data = ContentType;
    /// Where an answer is expected; with wildcards too.
    response_topic: Data = ResponseTopic;
    /// What an answer is to be marked with.
    correlation_data: Data = CorrelationData;
    /// The number of a subscription; 0 too.
    subscription_identifier: VarInt = SubscriptionIdentifier;
    /// In seconds.
    session_expiry_interval: u32 = SessionExpiryInterval;
    /// Which client identifier the server chose.
    assigned_client_identifier: Data = AssignedClientIdentifier;
    /// In seconds.
    server_keep_alive: u16 = ServerKeepAlive;
    /// How the client proves who it is.
    authentication_method: Data = AuthenticationMethod;
    /// What the method has to say.
    authentication_data: Data = AuthenticationData;
    /// Whether the client wants to know why things fail.
    request_problem_information: Flag = RequestProblemInformation;
    /// In seconds.
    will_delay_interval: u32 = WillDelayInterval;
    /// Whether the client wants response information.
    request_response_information: Flag = RequestResponseInformation;
    /// What response topics may begin with.
    response_information: Data = ResponseInformation;
    /// Which other server there is.
    server_reference: Data = ServerReference;
    /// What happened, in words.
    reason_string: Data = ReasonString;
    /// How many messages above QoS 0 may be on their way; 0 too.
    receive_maximum: u16 = ReceiveMaximum;
    /// How many topic aliases there may be.
    topic_alias_maximum: u16 = TopicAliasMaximum;
    /// A topic alias; 0 too.
    topic_alias: u16 = TopicAlias;
    /// The highest QoS; any number.
    maximum_qos: u8 = MaximumQos;
    /// Whether messages may be retained; any number.
    retain_available: Flag = RetainAvailable;
    /// Names with values, `{ name = "value" }`, or a list of pairs where a name comes twice.
    user_property: UserProperties = UserProperty;
    /// In bytes; 0 too.
    maximum_packet_size: u32 = MaximumPacketSize;
    /// Whether topic filters may hold wildcards; any number.
    wildcard_subscription_available: Flag = WildcardSubscriptionAvailable;
    /// Whether subscriptions may have identifiers; any number.
    subscription_identifier_available: Flag = SubscriptionIdentifierAvailable;
    /// Whether subscriptions may be shared; any number.
    shared_subscription_available: Flag = SharedSubscriptionAvailable;
}

/// How a value lies on the wire; more than one where the property is there more than once.
trait Value {
    fn encode(&self) -> Vec<Vec<u8>>;
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Value for $type {
            fn encode(&self) -> Vec<Vec<u8>> {
                vec![self.to_be_bytes().to_vec()]
            }
        })*
    };
}

numbers!(u8, u16, u32);

impl Value for Data {
    fn encode(&self) -> Vec<Vec<u8>> {
        vec![prefixed(self.bytes()).to_vec()]
    }
}

impl Value for Flag {
    fn encode(&self) -> Vec<Vec<u8>> {
        vec![vec![self.0]]
    }
}

impl Value for VarInt {
    fn encode(&self) -> Vec<Vec<u8>> {
        let mut bytes = bytes::BytesMut::new();
        crate::action::encode::put_var_int(&mut bytes, self.0);
        vec![bytes.to_vec()]
    }
}

impl Value for UserProperties {
    fn encode(&self) -> Vec<Vec<u8>> {
        let pairs = self.0.iter().map(|(name, value)| {
            let mut bytes = prefixed(name.as_bytes());
            bytes.put_slice(&prefixed(value.as_bytes()));
            bytes.to_vec()
        });
        pairs.collect()
    }
}

/// A byte that should be 0 or 1: `false`, `true`, or any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a byte, and nothing else")]
pub struct Flag(pub u8);

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_bool(false),
            1 => serializer.serialize_bool(true),
            other => serializer.serialize_u8(other),
        }
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or a number from 0 to 255")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
        Ok(Flag(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
        u8::try_from(value)
            .map(Flag)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Flag, E> {
        u8::try_from(value)
            .map(Flag)
            .map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }
}

impl JsonSchema for Flag {
    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A byte that should be 0 or 1.",
            "anyOf": [{ "type": "boolean" }, { "type": "integer", "minimum": 0, "maximum": 255 }],
        })
    }
}

/// A variable byte integer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a number, and nothing else")]
pub struct VarInt(pub u32);

/// User properties in their order: a table, or a list of pairs where a name comes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "pairs, and nothing else")]
pub struct UserProperties(pub Vec<(String, String)>);

impl Serialize for UserProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UserProperties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UserPropertiesVisitor)
    }
}

struct UserPropertiesVisitor;

impl<'de> Visitor<'de> for UserPropertiesVisitor {
    type Value = UserProperties;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of names and values, or a list of pairs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<UserProperties, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = list.next_element()? {
            pairs.push(pair);
        }
        Ok(UserProperties(pairs))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UserProperties, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(UserProperties(pairs))
    }
}

impl JsonSchema for UserProperties {
    fn schema_name() -> Cow<'static, str> {
        "UserProperties".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Names with values, or pairs of them where a name comes twice.",
            "anyOf": [
                { "type": "object", "additionalProperties": { "type": "string" } },
                {
                    "type": "array",
                    "items": {
                        "type": "array",
                        "items": { "type": "string" },
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
            ],
        })
    }
}

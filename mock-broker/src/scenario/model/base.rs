//! What the broker does about packets that no step is about.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Unexpected, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::{BadAddress, Data, address};
use crate::{
    Access, Authentication, Base as BrokerBase, Builder, Challenge, Limits, Operation, Permission,
    QoS, User,
};

/// What the broker does about packets that no step is about: `"accept"`, `"silent"`, a table of what
/// the broker that accepts is set up with, or `{ upstream = "HOST:PORT" }`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Base {
    /// What a small broker does, with these limits, users and so on.
    Accept(Box<Accept>),
    /// Nothing.
    Silent,
    /// It passes them on to a real broker at this address, `HOST:PORT`.
    Upstream(String),
}

/// What the broker that accepts is set up with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Accept {
    /// What it grants its clients, and tells them in CONNACK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitOptions>,
    /// Who may connect; anybody, if nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserEntry>,
    /// Who may publish and subscribe to what: the first entry that is about a request decides it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessEntry>,
    /// By which methods clients may authenticate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<AuthenticationMethod>,
}

/// What the broker grants its clients; what is not here is as when CONNACK says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitOptions {
    /// How many messages above QoS 0 a client may have in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub receive_maximum: Option<u16>,
    /// The highest topic alias that a client may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_alias_maximum: Option<u16>,
    /// How many topic aliases the broker uses towards a client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outgoing_topic_aliases: Option<u16>,
    /// The highest QoS of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2))]
    pub maximum_qos: Option<u8>,
    /// Whether messages may be retained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_available: Option<bool>,
    /// Whether there are subscriptions with wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wildcard_subscription_available: Option<bool>,
    /// Whether there are subscription identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_identifiers_available: Option<bool>,
    /// Whether there are shared subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_subscription_available: Option<bool>,
    /// The keep alive in seconds that clients have to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_keep_alive: Option<u16>,
    /// The longest session expiry interval in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expiry_maximum: Option<u32>,
    /// The size in bytes of the largest packet that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_packet_size: Option<u32>,
}

/// Somebody who may connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserEntry {
    /// The user name.
    pub name: String,
    /// The password.
    pub password: Data,
}

/// An entry of the access list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AccessEntry {
    /// Whether it may be done.
    pub permission: PermissionName,
    /// What is done.
    #[serde(default)]
    pub operation: OperationName,
    /// The topic filter of what it is about.
    pub topic: String,
    /// Only about this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only about the client of this identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// Whether something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum PermissionName {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "MQTT has no third")]
pub enum OperationName {
    /// Publishing.
    Publish,
    /// Subscribing.
    Subscribe,
    /// Both.
    #[default]
    Any,
}

/// A method of enhanced authentication: `SCRAM-SHA-256` against the users, or an exchange of any
/// other method that is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthenticationMethod {
    /// Its name.
    pub method: String,
    /// What the client must begin with; anything, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Data>,
    /// What is asked, one after the other. Not for SCRAM, which knows itself what to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<ChallengeStep>,
    /// What success comes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Data>,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ChallengeStep {
    /// What is asked.
    pub send: Data,
    /// What must come back; anything, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Data>,
}

/// A base behaviour that cannot be what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadBase {
    /// A topic filter of the access list is not one.
    #[error("`{filter}` is not a topic filter: {reason}")]
    TopicFilter {
        /// What was written.
        filter: String,
        /// Why not.
        reason: String,
    },
    /// There is no such QoS.
    #[error("`maximum_qos` must be 0, 1 or 2")]
    MaximumQos,
    /// A number is 0, which the standard does not allow there.
    #[error("`{key}` must be 1 or more")]
    Zero {
        /// The key.
        key: &'static str,
    },
    /// The broker behind cannot be found.
    #[error("there is no upstream broker: {0}")]
    NoUpstream(#[from] BadAddress),
    /// SCRAM asks what it asks.
    #[error("SCRAM-SHA-256 knows what to ask: leave `{key}` away")]
    ScramAsksItself {
        /// The key.
        key: &'static str,
    },
}

impl BadBase {
    /// The key that is wrong.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::TopicFilter { .. } => "topic",
            Self::MaximumQos => "maximum_qos",
            Self::Zero { key } => key,
            Self::NoUpstream(_) => "upstream",
            Self::ScramAsksItself { key } => key,
        }
    }
}

/// Where a broker listens if nobody says otherwise.
const MQTT_PORT: u16 = 1883;

impl Default for Base {
    fn default() -> Self {
        Self::Accept(Box::default())
    }
}

impl Base {
    /// The broker with this base behaviour.
    ///
    /// # Errors
    ///
    /// Where there is no such one.
    pub fn apply(&self, builder: Builder) -> Result<Builder, BadBase> {
        match self {
            Self::Silent => Ok(builder.base(BrokerBase::Silent)),
            Self::Accept(accept) => accept.apply(builder.base(BrokerBase::Accept)),
            Self::Upstream(upstream) => {
                let found = address(upstream, Some(MQTT_PORT))?;
                Ok(builder.base(BrokerBase::Upstream(found)))
            }
        }
    }
}

impl Accept {
    fn apply(&self, mut builder: Builder) -> Result<Builder, BadBase> {
        if let Some(options) = &self.limits {
            builder = builder.limits(options.limits()?);
            if let Some(bytes) = options.maximum_packet_size {
                builder = builder.maximum_packet_size(bytes);
            }
        }
        if !self.users.is_empty() {
            let users = self.users.iter();
            builder = builder.users(users.map(|user| User::new(&user.name, user.password.bytes())));
        }
        if !self.access.is_empty() {
            let entries: Result<Vec<Access>, BadBase> =
                self.access.iter().map(AccessEntry::entry).collect();
            builder = builder.access(entries?);
        }
        for method in &self.authentication {
            builder = builder.authentication(method.authentication()?);
        }
        Ok(builder)
    }
}

impl LimitOptions {
    fn limits(&self) -> Result<Limits, BadBase> {
        // It is a protocol error to say 0 of either (sections 3.2.2.3.3 and 3.2.2.3.6).
        let numbers = [
            ("receive_maximum", self.receive_maximum == Some(0)),
            ("maximum_packet_size", self.maximum_packet_size == Some(0)),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(BadBase::Zero { key });
        }
        let mut limits = Limits::default();
        macro_rules! take {
            ($($name:ident),*) => {
                $(if let Some(value) = self.$name {
                    limits.$name = value;
                })*
            };
        }
        take!(
            receive_maximum,
            topic_alias_maximum,
            outgoing_topic_aliases,
            retain_available,
            wildcard_subscription_available,
            subscription_identifiers_available,
            shared_subscription_available
        );
        limits.server_keep_alive = self.server_keep_alive;
        limits.session_expiry_maximum = self.session_expiry_maximum;
        if let Some(level) = self.maximum_qos {
            let qos = QoS::ALL.get(usize::from(level)).copied();
            limits.maximum_qos = qos.ok_or(BadBase::MaximumQos)?;
        }
        Ok(limits)
    }
}

impl AccessEntry {
    fn entry(&self) -> Result<Access, BadBase> {
        let permission = match self.permission {
            PermissionName::Allow => Permission::Allow,
            PermissionName::Deny => Permission::Deny,
        };
        let operation = match self.operation {
            OperationName::Publish => Operation::Publish,
            OperationName::Subscribe => Operation::Subscribe,
            OperationName::Any => Operation::Any,
        };
        let entry = Access::new(permission, operation, &self.topic);
        let mut entry = entry.map_err(|error| BadBase::TopicFilter {
            filter: self.topic.clone(),
            reason: error.to_string(),
        })?;
        if let Some(name) = &self.user {
            entry = entry.user(name);
        }
        if let Some(client_id) = &self.client {
            entry = entry.client_id(client_id);
        }
        Ok(entry)
    }
}

impl AuthenticationMethod {
    fn authentication(&self) -> Result<Authentication, BadBase> {
        let bytes = |data: &Data| data.bytes().to_vec();
        let scram = Authentication::scram_sha_256();
        if self.method == scram.method() {
            let keys = [
                ("initial", self.initial.is_some()),
                ("challenges", !self.challenges.is_empty()),
                ("success", self.success.is_some()),
            ];
            return match keys.into_iter().find(|(_, there)| *there) {
                Some((key, _)) => Err(BadBase::ScramAsksItself { key }),
                None => Ok(scram),
            };
        }
        let challenges = self.challenges.iter().map(|step| Challenge {
            send: bytes(&step.send),
            expect: step.expect.as_ref().map(bytes),
        });
        Ok(Authentication::Scripted {
            method: self.method.clone(),
            initial: self.initial.as_ref().map(bytes),
            challenges: challenges.collect(),
            success: self.success.as_ref().map(bytes),
        })
    }
}

impl Serialize for Base {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Silent => serializer.serialize_str("silent"),
            Self::Accept(accept) if **accept == Accept::default() => {
                serializer.serialize_str("accept")
            }
            Self::Accept(accept) => accept.serialize(serializer),
            Self::Upstream(address) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("upstream", address)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Base {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BaseVisitor)
    }
}

/// The forms that are tables.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    upstream: Option<String>,
    #[serde(default)]
    limits: Option<LimitOptions>,
    #[serde(default)]
    users: Vec<UserEntry>,
    #[serde(default)]
    access: Vec<AccessEntry>,
    #[serde(default)]
    authentication: Vec<AuthenticationMethod>,
}

struct BaseVisitor;

impl<'de> Visitor<'de> for BaseVisitor {
    type Value = Base;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\"accept\", \"silent\", { upstream = \"HOST:PORT\" }, or a table of limits, users, access \
             and authentication",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Base, E> {
        match text {
            "accept" => Ok(Base::default()),
            "silent" => Ok(Base::Silent),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Base, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        let accept = Accept {
            limits: table.limits,
            users: table.users,
            access: table.access,
            authentication: table.authentication,
        };
        match table.upstream {
            None => Ok(Base::Accept(Box::new(accept))),
            Some(address) if accept == Accept::default() => Ok(Base::Upstream(address)),
            Some(_) => Err(de::Error::custom(
                "limits, users, access and authentication are those of the broker at `upstream`: \
                 they cannot be set here",
            )),
        }
    }
}

impl JsonSchema for Base {
    fn schema_name() -> Cow<'static, str> {
        "Base".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let accept = generator.subschema_for::<Accept>();
        json_schema!({
            "description": "What the broker does about packets that no step is about.",
            "anyOf": [
                { "enum": ["accept", "silent"] },
                accept,
                {
                    "type": "object",
                    "properties": { "upstream": { "type": "string" } },
                    "required": ["upstream"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

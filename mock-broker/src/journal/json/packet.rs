//! A packet, decoded: all that it says, by the names of the standard.

use nack_codec::{Connect, Packet, Properties, RetainHandling, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::transcript::suback_text;
use super::data::data;
use super::properties::{DecodedProperties, properties};
use crate::scenario::Data;

/// A packet with all that it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub enum DecodedPacket {
    Connect {
        protocol_version: u8,
        clean_start: bool,
        keep_alive: u16,
        client_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        will: Option<Box<DecodedWill>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Data>,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
    },
    Connack {
        session_present: bool,
        #[serde(flatten)]
        reason: DecodedReason,
        /// The return code of 3.1.1, which `reason_code` is the same as in MQTT 5.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        return_code: Option<u8>,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
    },
    Publish {
        dup: bool,
        qos: u8,
        retain: bool,
        /// Absent where a topic alias stands for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        packet_id: Option<u16>,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
        payload: Data,
        payload_length: usize,
    },
    Puback(DecodedAck),
    Pubrec(DecodedAck),
    Pubrel(DecodedAck),
    Pubcomp(DecodedAck),
    Subscribe {
        packet_id: u16,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
        subscriptions: Vec<DecodedSubscription>,
    },
    Suback(DecodedAcks),
    Unsubscribe {
        packet_id: u16,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
        filters: Vec<String>,
    },
    Unsuback(DecodedAcks),
    Pingreq,
    Pingresp,
    Disconnect {
        #[serde(flatten)]
        reason: DecodedReason,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
    },
    Auth {
        #[serde(flatten)]
        reason: DecodedReason,
        #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
        properties: DecodedProperties,
    },
}

/// A reason code with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::exhaustive_structs, reason = "a code and its name")]
pub struct DecodedReason {
    /// The code.
    pub reason_code: u8,
    /// What the standard calls it.
    pub reason: String,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub struct DecodedAck {
    pub packet_id: u16,
    #[serde(flatten)]
    pub reason: DecodedReason,
    #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
    pub properties: DecodedProperties,
}

/// SUBACK or UNSUBACK.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub struct DecodedAcks {
    pub packet_id: u16,
    /// One a topic filter.
    pub reasons: Vec<DecodedReason>,
    #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
    pub properties: DecodedProperties,
}

/// A will.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub struct DecodedWill {
    pub qos: u8,
    pub retain: bool,
    pub topic: String,
    pub payload: Data,
    #[serde(default, skip_serializing_if = "DecodedProperties::is_empty")]
    pub properties: DecodedProperties,
}

/// One topic filter of a SUBSCRIBE, with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub struct DecodedSubscription {
    pub filter: String,
    pub qos: u8,
    pub no_local: bool,
    pub retain_as_published: bool,
    /// 0: retained messages are sent; 1: if the subscription is new; 2: never.
    pub retain_handling: u8,
}

impl DecodedPacket {
    pub(super) fn of(packet: &Packet<'_>, version: Version, room: usize) -> Self {
        let ack =
            |packet_id: nack_codec::PacketId, code, text, block: Properties<&[u8]>| DecodedAck {
                packet_id: packet_id.get(),
                reason: reason(code, text),
                properties: properties(block, room),
            };
        match packet {
            Packet::Connect(packet) => Self::connect(packet, room),
            Packet::Connack(packet) => Self::Connack {
                session_present: packet.session_present,
                reason: reason(packet.reason.as_u8(), packet.reason.text()),
                return_code: match version {
                    Version::V311 => packet.reason.return_code(),
                    Version::V5 => None,
                },
                properties: properties(packet.properties, room),
            },
            Packet::Publish(packet) => Self::Publish {
                dup: packet.dup,
                qos: packet.qos as u8,
                retain: packet.retain,
                topic: packet.topic.map(|topic| topic.get().to_owned()),
                packet_id: packet.packet_id.map(nack_codec::PacketId::get),
                properties: properties(packet.properties, room),
                payload: data(packet.payload, room),
                payload_length: packet.payload.len(),
            },
            Packet::Puback(it) => {
                let text = it.reason.text();
                Self::Puback(ack(it.packet_id, it.reason.as_u8(), text, it.properties))
            }
            Packet::Pubrec(it) => {
                let text = it.reason.text();
                Self::Pubrec(ack(it.packet_id, it.reason.as_u8(), text, it.properties))
            }
            Packet::Pubrel(it) => {
                let text = it.reason.text();
                Self::Pubrel(ack(it.packet_id, it.reason.as_u8(), text, it.properties))
            }
            Packet::Pubcomp(it) => {
                let text = it.reason.text();
                Self::Pubcomp(ack(it.packet_id, it.reason.as_u8(), text, it.properties))
            }
            Packet::Subscribe(packet) => Self::Subscribe {
                packet_id: packet.packet_id.get(),
                properties: properties(packet.properties, room),
                subscriptions: packet.subscriptions.iter().map(subscription).collect(),
            },
            Packet::Suback(packet) => Self::Suback(DecodedAcks {
                packet_id: packet.packet_id.get(),
                reasons: packet
                    .reasons
                    .iter()
                    .map(|it| reason(it.as_u8(), suback_text(it, version)))
                    .collect(),
                properties: properties(packet.properties, room),
            }),
            Packet::Unsubscribe(packet) => Self::Unsubscribe {
                packet_id: packet.packet_id.get(),
                properties: properties(packet.properties, room),
                filters: packet
                    .filters
                    .iter()
                    .map(|filter| filter.get().to_owned())
                    .collect(),
            },
            Packet::Unsuback(packet) => Self::Unsuback(DecodedAcks {
                packet_id: packet.packet_id.get(),
                reasons: packet
                    .reasons
                    .iter()
                    .map(|it| reason(it.as_u8(), it.text()))
                    .collect(),
                properties: properties(packet.properties, room),
            }),
            Packet::Pingreq => Self::Pingreq,
            Packet::Pingresp => Self::Pingresp,
            Packet::Disconnect(packet) => Self::Disconnect {
                reason: reason(packet.reason.as_u8(), packet.reason.text()),
                properties: properties(packet.properties, room),
            },
            Packet::Auth(packet) => Self::Auth {
                reason: reason(packet.reason.as_u8(), packet.reason.text()),
                properties: properties(packet.properties, room),
            },
        }
    }

    fn connect(packet: &Connect<'_>, room: usize) -> Self {
        Self::Connect {
            protocol_version: packet.version.level(),
            clean_start: packet.clean_start,
            keep_alive: packet.keep_alive,
            client_id: packet.client_id.get().to_owned(),
            will: packet.will.map(|will| {
                Box::new(DecodedWill {
                    qos: will.qos as u8,
                    retain: will.retain,
                    topic: will.topic.get().to_owned(),
                    payload: data(will.payload.get(), room),
                    properties: properties(will.properties, room),
                })
            }),
            user_name: packet.user_name.map(|name| name.get().to_owned()),
            password: packet.password.map(|password| data(password.get(), room)),
            properties: properties(packet.properties, room),
        }
    }
}

fn reason(code: u8, text: &str) -> DecodedReason {
    DecodedReason {
        reason_code: code,
        reason: text.to_owned(),
    }
}

fn subscription(subscription: nack_codec::Subscription<'_>) -> DecodedSubscription {
    let options = subscription.options;
    DecodedSubscription {
        filter: subscription.filter.get().to_owned(),
        qos: options.qos as u8,
        no_local: options.no_local,
        retain_as_published: options.retain_as_published,
        retain_handling: match options.retain_handling {
            RetainHandling::Send => 0,
            RetainHandling::SendIfNew => 1,
            RetainHandling::DoNotSend => 2,
        },
    }
}

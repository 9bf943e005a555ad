//! The journal as data: an entry as JSON, decoded and raw, for programs that are not Rust.
//!
//! Names are those of the standard in snake case. What is absent in a packet is absent here.

use std::io::{self, Write};
use std::time::Duration;

use nack_codec::{Connect, Packet, Properties, Property, RetainHandling, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Closed, Direction, Entry, EntryKind, Journal};
use crate::scenario::{Data, Hex};

/// One thing that happened, as [`Entry`] has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Its place in the journal; the first entry of a broker is 0.
    pub number: u64,
    /// When, in milliseconds since the broker started.
    pub at_ms: f64,
    /// On which connection; the first that the broker accepts is 1, and 0 is none of them.
    pub connection: u32,
    /// Whose connection, once its CONNECT has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What the connection speaks: `5.0` or `3.1.1`; before its CONNECT, `5.0`.
    pub version: String,
    /// What the connection goes over: `tcp`, `tls`, `websocket`, …
    pub transport: String,
    /// Who did it.
    pub direction: EntryDirection,
    /// What happened.
    pub kind: EntryEvent,
    /// All of it in one line, for people.
    pub text: String,
    /// The rule that took the packet or sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The packet, where the bytes are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet: Option<DecodedPacket>,
    /// What is wrong with the bytes, where they are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed: Option<Malformed>,
    /// How many bytes there are.
    pub length: usize,
    /// The bytes in hexadecimal: all of them, or as many as are shown of a large packet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw: String,
    /// Whether there is more of it than is shown here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum EntryDirection {
    /// The client.
    FromClient,
    /// The broker.
    ToClient,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryEvent {
    /// The client opened the connection.
    Opened,
    /// A packet, or bytes that are none.
    Packet,
    /// Something below MQTT, which `text` has in words.
    Transport,
    /// A message for the client was dropped.
    Dropped,
    /// The connection ended in good order (FIN).
    Closed,
    /// The connection ended by a reset (RST), or a failure of the transport.
    Reset,
    /// What a later version of the broker tells of.
    Other,
}

/// Why bytes are not a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Malformed {
    /// What is wrong.
    pub error: String,
    /// The statement of the standard that is not met.
    pub statement: String,
    /// The reason code that a peer is told.
    pub reason_code: u8,
    /// Where, in bytes from the beginning of the packet.
    pub offset: usize,
}

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

macro_rules! properties {
    ($($name:ident: $type:ty = $property:ident($value:ident) $map:expr;)*) => {
        /// The properties of a packet; those that it does not have are absent.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
        #[expect(missing_docs, reason = "the names are those of the standard")]
        pub struct DecodedProperties {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub subscription_identifier: Vec<u32>,
            /// Pairs of a name and a value.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub user_property: Vec<[String; 2]>,
        }

        impl DecodedProperties {
            fn add(&mut self, property: Property<'_>, room: usize) {
                let _ = room;
                match property {
                    $(Property::$property($value) => self.$name = Some($map(room)),)*
                    Property::SubscriptionIdentifier(number) => {
                        self.subscription_identifier.push(number);
                    }
                    Property::UserProperty(name, value) => {
                        let pair = [name.get().to_owned(), value.get().to_owned()];
                        self.user_property.push(pair);
                    }
                }
            }
        }
    };
}

properties! {
    payload_format_indicator: u8 = PayloadFormatIndicator(it) |_| u8::from(it);
    message_expiry_interval: u32 = MessageExpiryInterval(it) |_| it;
    content_type: String = ContentType(it) |_| it.get().to_owned();
    response_topic: String = ResponseTopic(it) |_| it.get().to_owned();
    correlation_data: Data = CorrelationData(it) |room| data(it.get(), room);
    session_expiry_interval: u32 = SessionExpiryInterval(it) |_| it;
    assigned_client_identifier: String = AssignedClientIdentifier(it) |_| it.get().to_owned();
    server_keep_alive: u16 = ServerKeepAlive(it) |_| it;
    authentication_method: String = AuthenticationMethod(it) |_| it.get().to_owned();
    authentication_data: Data = AuthenticationData(it) |room| data(it.get(), room);
    request_problem_information: u8 = RequestProblemInformation(it) |_| u8::from(it);
    will_delay_interval: u32 = WillDelayInterval(it) |_| it;
    request_response_information: u8 = RequestResponseInformation(it) |_| u8::from(it);
    response_information: String = ResponseInformation(it) |_| it.get().to_owned();
    server_reference: String = ServerReference(it) |_| it.get().to_owned();
    reason_string: String = ReasonString(it) |_| it.get().to_owned();
    receive_maximum: u16 = ReceiveMaximum(it) |_| it;
    topic_alias_maximum: u16 = TopicAliasMaximum(it) |_| it;
    topic_alias: u16 = TopicAlias(it) |_| it;
    maximum_qos: u8 = MaximumQos(it) |_| it as u8;
    retain_available: u8 = RetainAvailable(it) |_| u8::from(it);
    maximum_packet_size: u32 = MaximumPacketSize(it) |_| it;
    wildcard_subscription_available: u8 = WildcardSubscriptionAvailable(it) |_| u8::from(it);
    subscription_identifier_available: u8 = SubscriptionIdentifierAvailable(it) |_| u8::from(it);
    shared_subscription_available: u8 = SharedSubscriptionAvailable(it) |_| u8::from(it);
}

impl Journal {
    /// Writes the journal as JSON lines: a [`JournalEntry`] each, with all bytes.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_json_lines(&self, mut out: impl Write) -> io::Result<()> {
        for entry in self {
            serde_json::to_writer(&mut out, &JournalEntry::from(entry))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

impl From<&Entry> for JournalEntry {
    fn from(entry: &Entry) -> Self {
        Self::cut_to(entry, usize::MAX)
    }
}

impl JournalEntry {
    /// The entry with at most so many bytes of the packet, and of its payload.
    pub fn cut_to(entry: &Entry, room: usize) -> Self {
        let raw = entry.raw();
        let shown = &raw[..raw.len().min(room)];
        let cut = raw.len() > room;
        Self {
            number: entry.number(),
            at_ms: milliseconds(entry.at()),
            connection: entry.connection(),
            client_id: entry.client_id().map(str::to_owned),
            version: version(entry.version()).to_owned(),
            transport: entry.transport().to_string(),
            direction: entry.direction().into(),
            kind: entry.kind().into(),
            text: entry.what().to_string(),
            rule: entry.rule().map(str::to_owned),
            // The fields of a packet may be as large as the packet: a list of filters, say.
            packet: entry
                .packet()
                .filter(|packet| !cut || matches!(packet, Packet::Publish(_)))
                .map(|packet| DecodedPacket::of(&packet, entry.version(), room)),
            malformed: entry.decode_error().map(|error| Malformed {
                error: error.kind().to_string(),
                statement: error.statement().to_owned(),
                reason_code: error.reason_code() as u8,
                offset: error.offset(),
            }),
            length: raw.len(),
            raw: hex::encode(shown),
            cut,
        }
    }
}

impl DecodedPacket {
    fn of(packet: &Packet<'_>, version: Version, room: usize) -> Self {
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
                    .map(|it| reason(it.as_u8(), it.text()))
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

impl DecodedProperties {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Direction> for EntryDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::FromClient => Self::FromClient,
            Direction::ToClient => Self::ToClient,
        }
    }
}

impl From<EntryKind> for EntryEvent {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Opened => Self::Opened,
            EntryKind::Packet => Self::Packet,
            EntryKind::Transport => Self::Transport,
            EntryKind::Dropped => Self::Dropped,
            EntryKind::Closed(Closed::Finished) => Self::Closed,
            EntryKind::Closed(Closed::Reset) => Self::Reset,
            #[allow(unreachable_patterns, reason = "kinds that are still to come")]
            _ => Self::Other,
        }
    }
}

/// The version as entries have it.
pub(crate) const fn version(version: Version) -> &'static str {
    match version {
        Version::V311 => "3.1.1",
        Version::V5 => "5.0",
    }
}

/// Milliseconds, to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn reason(code: u8, text: &str) -> DecodedReason {
    DecodedReason {
        reason_code: code,
        reason: text.to_owned(),
    }
}

fn properties(block: Properties<&[u8]>, room: usize) -> DecodedProperties {
    let mut properties = DecodedProperties::default();
    for property in block.iter() {
        properties.add(property, room);
    }
    properties
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

/// Bytes as text where they are some.
fn data(bytes: &[u8], room: usize) -> Data {
    if bytes.len() <= room {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Data::Text(text.to_owned()),
            Err(_) => Data::Hex(Hex(bytes.to_vec())),
        };
    }
    let shown = &bytes[..room];
    match std::str::from_utf8(shown) {
        Ok(text) => Data::Text(text.to_owned()),
        // The cut went through a character.
        Err(error) if error.error_len().is_none() => {
            let whole = &shown[..error.valid_up_to()];
            Data::Text(String::from_utf8_lossy(whole).into_owned())
        }
        Err(_) => Data::Hex(Hex(shown.to_vec())),
    }
}

//! What can be asked of a packet, one question each: whether it holds, and how to say so.

use std::fmt;
use std::sync::Arc;

use nack_codec::{Packet, Properties, PropertyId, QoS, TopicFilter, Version};

use super::glob;
use crate::Received;
use crate::action::Reason;

/// A question about a packet.
#[derive(Clone)]
pub(super) enum Criterion {
    Client(String),
    ClientLike(String),
    Connection(u32),
    ConnectionOfClient(u32),
    Version(Version),
    CleanStart(bool),
    Will(bool),
    KeepAlive(u16),
    /// `None`: there is none.
    UserName(Option<String>),
    SessionPresent(bool),
    Topic(TopicFilter),
    Filter(String),
    Qos(QoS),
    PacketId(u16),
    Reason(Reason),
    Payload(Vec<u8>),
    PayloadContains(Vec<u8>),
    Dup(bool),
    Retain(bool),
    HasProperty(PropertyId),
    NoProperty(PropertyId),
    Property(Properties<Vec<u8>>),
    When(Arc<dyn Fn(&Received<'_>) -> bool + Send + Sync>),
}

impl Criterion {
    pub(super) fn holds(&self, received: &Received<'_>) -> bool {
        match self {
            Self::Client(client_id) => received.client_id() == Some(client_id),
            Self::ClientLike(pattern) => received
                .client_id()
                .is_some_and(|client_id| glob::matches(pattern, client_id)),
            Self::Connection(number) => received.connection() == *number,
            Self::ConnectionOfClient(nth) => received.connection_of_client() == Some(*nth),
            Self::Version(version) => received.version() == *version,
            Self::CleanStart(set) => received.connect().is_some_and(|it| it.clean_start == *set),
            Self::Will(set) => received
                .connect()
                .is_some_and(|it| it.will.is_some() == *set),
            Self::KeepAlive(seconds) => received
                .connect()
                .is_some_and(|it| it.keep_alive == *seconds),
            Self::UserName(name) => received
                .connect()
                .is_some_and(|it| it.user_name.map(|name| name.get()) == name.as_deref()),
            Self::SessionPresent(set) => session_present(received) == Some(*set),
            Self::Topic(filter) => received
                .topic_name()
                .is_some_and(|topic| filter.matches(topic)),
            Self::Filter(filter) => received.filters().contains(&filter.as_str()),
            Self::Qos(qos) => received.qos() == Some(*qos),
            Self::PacketId(packet_id) => received.packet_id() == Some(*packet_id),
            Self::Reason(reason) => received.packet_type().is_some_and(|packet| {
                let code = reason.on_wire(packet, received.version());
                received.reason_codes().contains(&code)
            }),
            Self::Payload(payload) => received.publish().is_some_and(|it| it.payload == payload),
            Self::PayloadContains(part) => received
                .publish()
                .is_some_and(|it| contains(it.payload, part)),
            Self::Dup(set) => received.publish().is_some_and(|it| it.dup == *set),
            Self::Retain(set) => received.publish().is_some_and(|it| it.retain == *set),
            Self::HasProperty(id) => received
                .properties()
                .is_some_and(|properties| properties.contains(*id)),
            Self::NoProperty(id) => received
                .properties()
                .is_none_or(|properties| !properties.contains(*id)),
            Self::Property(wanted) => received.properties().is_some_and(|properties| {
                wanted
                    .iter()
                    .all(|wanted| properties.iter().any(|property| property == wanted))
            }),
            Self::When(closure) => closure(received),
        }
    }

    /// Why the packet does not fulfil it.
    pub(super) fn miss(&self, received: &Received<'_>) -> String {
        match self {
            Self::Client(wanted) => match received.client_id() {
                Some(found) => format!("the client is {found:?} and must be {wanted:?}"),
                None => format!("the client is not known yet and must be {wanted:?}"),
            },
            Self::ClientLike(wanted) => match received.client_id() {
                Some(found) => format!("the client is {found:?} and must be like {wanted:?}"),
                None => format!("the client is not known yet and must be like {wanted:?}"),
            },
            Self::ConnectionOfClient(wanted) => match received.connection_of_client() {
                Some(found) => {
                    format!("it is connection {found} of its client and must be number {wanted}")
                }
                None => "the client is not known yet".to_owned(),
            },
            Self::Version(wanted) => {
                let found = received.version();
                format!("the connection speaks {found} and must speak {wanted}")
            }
            Self::CleanStart(wanted) => miss(
                "clean start flag",
                received.connect().map(|it| it.clean_start),
                wanted,
            ),
            Self::Will(true) => "it has no will".to_owned(),
            Self::Will(false) => "it has a will and must have none".to_owned(),
            Self::KeepAlive(wanted) => miss(
                "keep alive",
                received.connect().map(|it| it.keep_alive),
                wanted,
            ),
            Self::UserName(wanted) => {
                let found = received.connect().and_then(|it| it.user_name);
                match (found.map(|name| name.get()), wanted) {
                    (Some(found), Some(wanted)) => {
                        format!("the user name is {found:?} and must be {wanted:?}")
                    }
                    (Some(found), None) => {
                        format!("the user name is {found:?} and must not be there")
                    }
                    (None, Some(wanted)) => {
                        format!("it has no user name, which must be {wanted:?}")
                    }
                    (None, None) => "it is no CONNECT".to_owned(),
                }
            }
            Self::SessionPresent(wanted) => {
                miss("session present flag", session_present(received), wanted)
            }
            Self::Connection(wanted) => {
                let found = received.connection();
                format!("it came on connection {found} and must come on {wanted}")
            }
            Self::Topic(wanted) => match received.topic() {
                Some(found) => format!("the topic is {found:?} and must match \"{wanted}\""),
                None => format!("it has no topic, which must match \"{wanted}\""),
            },
            Self::Filter(wanted) => {
                let found = received.filters();
                format!("the topic filters are {found:?}, with no {wanted:?} among them")
            }
            Self::Qos(wanted) => miss("QoS", received.qos().map(|qos| qos as u8), *wanted as u8),
            Self::PacketId(wanted) => miss("packet identifier", received.packet_id(), wanted),
            Self::Reason(wanted) => {
                let found = received.reason_codes();
                let wanted = match received.packet_type() {
                    Some(packet) => wanted.on_wire(packet, received.version()),
                    None => wanted.code(),
                };
                let found = (!found.is_empty()).then_some(Hexadecimal(&found));
                miss("reason code", found, Hexadecimal(&[wanted]))
            }
            Self::Payload(_) => "the payload is another".to_owned(),
            Self::PayloadContains(part) => {
                format!("the payload has no \"{}\" in it", part.escape_ascii())
            }
            Self::Dup(wanted) => miss("DUP flag", received.publish().map(|it| it.dup), wanted),
            Self::Retain(wanted) => miss(
                "RETAIN flag",
                received.publish().map(|it| it.retain),
                wanted,
            ),
            Self::HasProperty(id) => format!("it has no {id}"),
            Self::NoProperty(id) => format!("it has {id}, which must not be there"),
            Self::Property(wanted) => format!("it lacks {wanted:?}"),
            Self::When(_) => "the closure does not pick it".to_owned(),
        }
    }
}

fn miss(what: &str, found: Option<impl fmt::Display>, wanted: impl fmt::Display) -> String {
    match found {
        Some(found) => format!("the {what} is {found} and must be {wanted}"),
        None => format!("it has no {what}, which must be {wanted}"),
    }
}

/// Of a CONNACK.
fn session_present(received: &Received<'_>) -> Option<bool> {
    match received.packet()? {
        Packet::Connack(connack) => Some(connack.session_present),
        _ => None,
    }
}

/// Whether there is a part of `bytes` that is just this; an empty one is everywhere.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

struct Hexadecimal<'a>(&'a [u8]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code) in self.0.iter().enumerate() {
            let joint = if index == 0 { "" } else { ", " };
            write!(f, "{joint}0x{code:02X}")?;
        }
        Ok(())
    }
}

/// The question as an attribute of the packet: `PUBLISH` *with topic "a/#"*.
impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client_id) => write!(f, "client {client_id:?}"),
            Self::ClientLike(pattern) => write!(f, "a client like {pattern:?}"),
            Self::Connection(number) => write!(f, "connection {number}"),
            Self::ConnectionOfClient(nth) => write!(f, "connection {nth} of its client"),
            Self::Version(version) => version.fmt(f),
            Self::CleanStart(true) => f.write_str("clean start"),
            Self::CleanStart(false) => f.write_str("no clean start"),
            Self::Will(true) => f.write_str("a will"),
            Self::Will(false) => f.write_str("no will"),
            Self::KeepAlive(seconds) => write!(f, "keep alive {seconds}"),
            Self::UserName(Some(name)) => write!(f, "user name {name:?}"),
            Self::UserName(None) => f.write_str("no user name"),
            Self::SessionPresent(true) => f.write_str("session present"),
            Self::SessionPresent(false) => f.write_str("no session present"),
            Self::Topic(filter) => write!(f, "topic \"{filter}\""),
            Self::Filter(filter) => write!(f, "topic filter {filter:?}"),
            Self::Qos(qos) => qos.fmt(f),
            Self::PacketId(packet_id) => write!(f, "packet identifier {packet_id}"),
            Self::Reason(reason) => write!(f, "reason code 0x{:02X}", reason.code()),
            Self::Payload(payload) => write!(f, "payload \"{}\"", payload.escape_ascii()),
            Self::PayloadContains(part) => {
                write!(f, "\"{}\" in its payload", part.escape_ascii())
            }
            Self::Dup(true) => f.write_str("DUP"),
            Self::Dup(false) => f.write_str("no DUP"),
            Self::Retain(true) => f.write_str("RETAIN"),
            Self::Retain(false) => f.write_str("no RETAIN"),
            Self::HasProperty(id) => id.fmt(f),
            Self::NoProperty(id) => write!(f, "no {id}"),
            Self::Property(properties) => write!(f, "{properties:?}"),
            Self::When(_) => f.write_str("a closure's consent"),
        }
    }
}

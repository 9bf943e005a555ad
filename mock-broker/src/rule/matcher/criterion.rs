//! What can be asked of a packet, one question each: whether it holds, and how to say so.

use std::fmt;
use std::sync::Arc;

use nack_codec::{Packet, Properties, PropertyId, QoS, TopicFilter, TopicName};

use crate::Received;

/// A question about a packet.
#[derive(Clone)]
pub(super) enum Criterion {
    Client(String),
    Connection(u32),
    Topic(TopicFilter),
    Filter(String),
    Qos(QoS),
    PacketId(u16),
    Reason(u8),
    Payload(Vec<u8>),
    Dup(bool),
    Retain(bool),
    HasProperty(PropertyId),
    Property(Properties<Vec<u8>>),
    When(Arc<dyn Fn(&Received<'_>) -> bool + Send + Sync>),
}

impl Criterion {
    pub(super) fn holds(&self, received: &Received<'_>) -> bool {
        match self {
            Self::Client(client_id) => received.client_id() == Some(client_id),
            Self::Connection(number) => received.connection() == *number,
            Self::Topic(filter) => received
                .topic()
                .and_then(|topic| TopicName::new(topic).ok())
                .is_some_and(|topic| filter.matches(topic)),
            Self::Filter(filter) => received.filters().contains(&filter.as_str()),
            Self::Qos(qos) => received.qos() == Some(*qos),
            Self::PacketId(packet_id) => received.packet_id() == Some(*packet_id),
            Self::Reason(code) => received.reason_code() == Some(*code),
            Self::Payload(payload) => match received.packet() {
                Some(Packet::Publish(publish)) => publish.payload == payload,
                _ => false,
            },
            Self::Dup(set) => match received.packet() {
                Some(Packet::Publish(publish)) => publish.dup == *set,
                _ => false,
            },
            Self::Retain(set) => match received.packet() {
                Some(Packet::Publish(publish)) => publish.retain == *set,
                _ => false,
            },
            Self::HasProperty(id) => received
                .properties()
                .is_some_and(|properties| properties.contains(*id)),
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
            Self::Reason(wanted) => miss(
                "reason code",
                received.reason_code().map(Hexadecimal),
                Hexadecimal(*wanted),
            ),
            Self::Payload(_) => "the payload is another".to_owned(),
            Self::Dup(wanted) => miss("DUP flag", Some(!wanted), wanted),
            Self::Retain(wanted) => miss("RETAIN flag", Some(!wanted), wanted),
            Self::HasProperty(id) => format!("it has no {id}"),
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

struct Hexadecimal(u8);

impl fmt::Display for Hexadecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02X}", self.0)
    }
}

/// The question as an attribute of the packet: `PUBLISH` *with topic "a/#"*.
impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client_id) => write!(f, "client {client_id:?}"),
            Self::Connection(number) => write!(f, "connection {number}"),
            Self::Topic(filter) => write!(f, "topic \"{filter}\""),
            Self::Filter(filter) => write!(f, "topic filter {filter:?}"),
            Self::Qos(qos) => qos.fmt(f),
            Self::PacketId(packet_id) => write!(f, "packet identifier {packet_id}"),
            Self::Reason(code) => write!(f, "reason code 0x{code:02X}"),
            Self::Payload(payload) => write!(f, "payload \"{}\"", payload.escape_ascii()),
            Self::Dup(true) => f.write_str("DUP"),
            Self::Dup(false) => f.write_str("no DUP"),
            Self::Retain(true) => f.write_str("RETAIN"),
            Self::Retain(false) => f.write_str("no RETAIN"),
            Self::HasProperty(id) => id.fmt(f),
            Self::Property(properties) => write!(f, "{properties:?}"),
            Self::When(_) => f.write_str("a closure's consent"),
        }
    }
}

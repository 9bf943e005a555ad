//! How a test sees what happened: a line each.
//!
//! ```text
//! -> PUBLISH 1 QoS 1 t "m1"                 the client says
//! <- PUBACK 1 0x97                          the broker says
//! #1 Rejected: PUBACK 0x97                  what the caller of request 1 is told
//! ** QoS 1 t "hello"                        what the application is handed
//! !! lost: EOF                              an event
//! ```

use std::error::Error;
use std::fmt::Write;

use std::time::Duration;

use bytes::Bytes;
use nack_codec::{DecodeError, Frame, Packet, Properties, Publish};

use crate::session::{Delivery, Event, OperationId, Outcome, RequestError};
use crate::{
    ConnectError, ConnectionLost, PublishError, Refusal, SubscribeError, UnsubscribeError, Version,
};

/// One thing that happened.
#[derive(Debug)]
pub(super) enum Happening {
    /// The client sent a packet.
    Sent(Bytes),
    /// The broker sent one.
    Heard(Bytes),
    /// The broker sent what is none.
    HeardFault(DecodeError),
    /// The application is handed the message of this packet.
    HandedOut(Delivery, Bytes),
    /// A request has its verdict.
    Told(OperationId, Outcome),
    /// A request was refused at once.
    NotTaken(OperationId, RequestError),
    Event(Event),
    /// A timer fired, so long after the beginning.
    At(Duration),
    /// The transport is to be closed.
    Closed,
}

impl Happening {
    pub(super) fn line(&self, version: Version) -> String {
        match self {
            Self::Sent(bytes) => format!("-> {}", line(&packet(bytes, version))),
            Self::Heard(bytes) => format!("<- {}", line(&packet(bytes, version))),
            Self::HeardFault(error) => format!("<- {error}"),
            Self::HandedOut(handed_out, bytes) => match packet(bytes, version) {
                Packet::Publish(publish) => delivery(*handed_out, &publish),
                other => panic!("only a PUBLISH is handed out: {other:?}"),
            },
            Self::Told(operation, outcome) => verdict(*operation, outcome, version),
            Self::NotTaken(operation, error) => not_taken(*operation, error),
            Self::Event(happened) => event(happened, version),
            Self::At(time) => format!("at {} s", time.as_secs_f64()),
            Self::Closed => "closed".to_owned(),
        }
    }
}

/// The packet that these bytes are.
pub(super) fn packet(bytes: &[u8], version: Version) -> Packet<'_> {
    let frame = Frame::first(bytes, u32::MAX, version);
    let frame = frame.expect("it has a header").expect("it is whole");
    frame.decode(version).expect("it is a packet")
}

fn line(packet: &Packet<'_>) -> String {
    let name = packet.packet_type().name();
    let code = |code: u8| match code {
        0 => String::new(),
        code => format!(" 0x{code:02X}"),
    };
    match packet {
        Packet::Connect(connect) => {
            let mut line = format!(
                "{name} {} `{}` clean start {}, keep alive {}",
                connect.version, connect.client_id, connect.clean_start, connect.keep_alive
            );
            if let Some(name) = connect.user_name {
                let _ = write!(line, ", user `{name}`");
            }
            if let Some(password) = connect.password {
                let _ = write!(line, ", password {}", payload(password.get()));
            }
            if let Some(will) = &connect.will {
                let retain = if will.retain { " retain" } else { "" };
                let (qos, topic) = (will.qos, will.topic);
                let payload = payload(will.payload.get());
                let properties = properties(&will.properties);
                let _ = write!(line, ", will {qos}{retain} {topic} {payload}{properties}");
            }
            line + &properties(&connect.properties)
        }
        Packet::Connack(connack) => {
            let present = if connack.session_present {
                " session present"
            } else {
                ""
            };
            let code = code(connack.reason.as_u8());
            format!("{name}{present}{code}{}", properties(&connack.properties))
        }
        Packet::Publish(packet) => format!("{name} {}", publish(packet)),
        Packet::Puback(ack) => {
            let code = code(ack.reason.as_u8());
            format!(
                "{name} {}{code}{}",
                ack.packet_id,
                properties(&ack.properties)
            )
        }
        Packet::Pubrec(ack) => {
            let code = code(ack.reason.as_u8());
            format!(
                "{name} {}{code}{}",
                ack.packet_id,
                properties(&ack.properties)
            )
        }
        Packet::Pubrel(ack) => {
            let code = code(ack.reason.as_u8());
            format!(
                "{name} {}{code}{}",
                ack.packet_id,
                properties(&ack.properties)
            )
        }
        Packet::Pubcomp(ack) => {
            let code = code(ack.reason.as_u8());
            format!(
                "{name} {}{code}{}",
                ack.packet_id,
                properties(&ack.properties)
            )
        }
        Packet::Subscribe(packet) => {
            let mut line = format!("{name} {}", packet.packet_id);
            for subscription in packet.subscriptions {
                let (filter, qos) = (subscription.filter, subscription.options.qos);
                let _ = write!(line, " {filter}:{}", qos as u8);
            }
            line + &properties(&packet.properties)
        }
        Packet::Suback(packet) => {
            let codes = codes(packet.reasons.iter().map(|reason| reason.as_u8()));
            format!("{name} {}{codes}", packet.packet_id)
        }
        Packet::Unsubscribe(packet) => {
            let mut line = format!("{name} {}", packet.packet_id);
            for filter in packet.filters {
                let _ = write!(line, " {filter}");
            }
            line + &properties(&packet.properties)
        }
        Packet::Unsuback(packet) => {
            let codes = codes(packet.reasons.iter().map(|reason| reason.as_u8()));
            format!("{name} {}{codes}", packet.packet_id)
        }
        Packet::Pingreq | Packet::Pingresp => name.to_owned(),
        Packet::Disconnect(packet) => {
            let code = code(packet.reason.as_u8());
            format!("{name}{code}{}", properties(&packet.properties))
        }
        Packet::Auth(packet) => {
            let code = code(packet.reason.as_u8());
            format!("{name}{code}{}", properties(&packet.properties))
        }
    }
}

fn publish(packet: &Publish<'_>) -> String {
    let mut line = String::new();
    if let Some(packet_id) = packet.packet_id {
        let _ = write!(line, "{packet_id} ");
    }
    let _ = write!(line, "{}", packet.qos);
    if packet.dup {
        line.push_str(" DUP");
    }
    if packet.retain {
        line.push_str(" retain");
    }
    let topic = packet.topic.map_or("no topic", |topic| topic.get());
    let _ = write!(line, " {topic} {}", payload(packet.payload));
    line + &properties(&packet.properties)
}

fn payload(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 20 => format!("{text:?}"),
        _ => format!("({} bytes)", bytes.len()),
    }
}

fn properties(properties: &Properties<&[u8]>) -> String {
    let mut line = String::new();
    for property in properties.iter() {
        let _ = write!(line, ", {property:?}");
    }
    line
}

fn codes(codes: impl Iterator<Item = u8>) -> String {
    codes.fold(String::new(), |mut line, code| {
        let _ = write!(line, " 0x{code:02X}");
        line
    })
}

/// What the application is handed.
fn delivery(delivery: Delivery, packet: &Publish<'_>) -> String {
    match delivery {
        Delivery::New(_) => {
            let handed_out = Publish {
                packet_id: None,
                ..*packet
            };
            format!("** {}", publish(&handed_out))
        }
        Delivery::Duplicate => format!("** duplicate of {}", payload(packet.payload)),
    }
}

fn not_taken(operation: OperationId, error: &RequestError) -> String {
    let OperationId(number) = operation;
    match error {
        RequestError::NotConnected => format!("#{number} not taken: {error}"),
        RequestError::Invalid(invalid) => format!("#{number} not taken: {invalid}"),
    }
}

fn verdict(operation: OperationId, outcome: &Outcome, version: Version) -> String {
    let OperationId(number) = operation;
    let text = match outcome {
        Outcome::Published(Ok(published)) => {
            let mut line = "published".to_owned();
            if published.reason() as u8 != 0 {
                let _ = write!(line, " 0x{:02X}", published.reason() as u8);
            }
            if let Some(text) = published.reason_string() {
                let _ = write!(line, " {text:?}");
            }
            line
        }
        Outcome::Published(Err(error)) => {
            let why = match error {
                PublishError::Refused(refused) => refusal(&refused.as_refusal()),
                PublishError::ConnectionLost { cause, .. } => lost(cause, version),
                other => why(other),
            };
            format!("{:?}: {why}", error.delivery())
        }
        Outcome::Subscribed(Ok(verdict)) => {
            let codes = codes(verdict.reasons.iter().map(|reason| reason.as_u8()));
            let text = verdict.properties.reason_string();
            let text = text.map_or_else(String::new, |text| format!(" {text:?}"));
            format!("subscribed{codes}{text}")
        }
        Outcome::Subscribed(Err(SubscribeError::ConnectionLost(cause))) => lost(cause, version),
        Outcome::Subscribed(Err(error)) => why(error),
        Outcome::Unsubscribed(Ok(unsubscribed)) => {
            let verdicts = unsubscribed.verdicts().iter();
            format!(
                "unsubscribed{}",
                codes(verdicts.map(|verdict| verdict.reason.as_u8()))
            )
        }
        Outcome::Unsubscribed(Err(UnsubscribeError::Refused(refused))) => {
            let verdicts = refused.verdicts().iter();
            let codes = codes(verdicts.map(|verdict| verdict.reason.as_u8()));
            format!("refused{codes}")
        }
        Outcome::Unsubscribed(Err(UnsubscribeError::ConnectionLost(cause))) => lost(cause, version),
        Outcome::Unsubscribed(Err(error)) => why(error),
    };
    format!("#{number} {text}")
}

fn event(event: &Event, version: Version) -> String {
    let text = match event {
        Event::Connected(connected) => {
            let mut line = "connected".to_owned();
            if connected.session_present() {
                line.push_str(", session present");
            }
            if connected.lost_messages() > 0 {
                let _ = write!(line, ", {} messages lost", connected.lost_messages());
            }
            line
        }
        Event::ConnectFailed(ConnectError::Refused(refused)) => {
            format!("not connected: {}", refusal(&refused.as_refusal()))
        }
        Event::ConnectFailed(ConnectError::ConnectionLost(cause)) => {
            format!("not connected: {}", lost(cause, version))
        }
        Event::ConnectFailed(error) => format!("not connected: {}", why(error)),
        Event::ConnectionLost(cause) => lost(cause, version),
        Event::Unsolicited { packet, packet_id } => {
            format!("unsolicited {} {packet_id}", packet.name())
        }
        Event::GrantedTooLate(filters) => {
            let filters: Vec<_> = filters.iter().map(|filter| filter.as_str()).collect();
            format!("granted too late: {}", filters.join(" "))
        }
        Event::ResendFailed(invalid) => format!("not sent again: {invalid}"),
    };
    format!("!! {text}")
}

fn refusal(refusal: &Refusal<'_>) -> String {
    let mut line = format!("{} 0x{:02X}", refusal.packet(), refusal.raw_code());
    if let Some(text) = refusal.reason_string() {
        let _ = write!(line, " {text:?}");
    }
    line
}

fn lost(cause: &ConnectionLost, version: Version) -> String {
    let why = match cause {
        ConnectionLost::ByServer(disconnect) => refusal(&disconnect.as_refusal()),
        ConnectionLost::Eof => "EOF".to_owned(),
        ConnectionLost::Io(error) => error.to_string(),
        ConnectionLost::KeepAlive(timed_out) => timed_out.to_string(),
        ConnectionLost::Protocol {
            violation,
            version: spoken,
        } => {
            assert_eq!(*spoken, version);
            format!("{violation} [{}]", violation.statement(version))
        }
        ConnectionLost::Decode(error) => format!("{error} [{}]", error.statement()),
        ConnectionLost::ByClient => "by the client".to_owned(),
    };
    format!("lost: {why}")
}

/// The innermost cause says what it was.
fn why(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

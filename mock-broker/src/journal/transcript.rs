//! Entries for people: one line each.

use std::fmt::{self, Display, Formatter};

use nack_codec::{
    Connect, Packet, Properties, Property, PropertyId, ReasonCode, RetainHandling, SubackReason,
    Subscription, Version,
};

use super::{Closed, Direction, Entry, EntryKind};
use crate::TransportKind;

/// How many bytes of what is not a packet are shown.
const BYTES_SHOWN: usize = 32;

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write!(f, "{:>9.3} ", self.at.as_secs_f64())?;
        }
        let arrow = match self.direction {
            Direction::FromClient => '→',
            Direction::ToClient => '←',
        };
        write!(f, "{arrow} ")?;
        if self.connection() > 0 {
            write!(f, "#{} ", self.connection())?;
        }
        self.what().fmt(f)?;
        if let Some(rule) = &self.rule {
            write!(f, " [rule {rule}]")?;
        }
        if f.alternate() && !self.raw.is_empty() && self.packet().is_some() {
            write!(f, " | {}", Hexadecimal(&self.raw))?;
        }
        Ok(())
    }
}

/// What happened, without by whom, on which connection and by which rule.
pub(super) struct What<'a>(&'a Entry);

impl Display for What<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let entry = self.0;
        match entry.kind {
            EntryKind::Opened => {
                f.write_str("opened")?;
                // What is usual goes without saying.
                if !matches!(
                    entry.transport(),
                    TransportKind::Memory | TransportKind::Tcp
                ) {
                    write!(f, " over {}", entry.transport())?;
                }
            }
            EntryKind::Transport => f.write_str(entry.note().unwrap_or_default())?,
            EntryKind::Closed(Closed::Finished) => f.write_str("closed")?,
            EntryKind::Closed(Closed::Reset) => f.write_str("reset")?,
            EntryKind::Withheld => {
                f.write_str("withheld ")?;
                entry.fmt_packet(f)?;
            }
            EntryKind::Dropped => {
                f.write_str("dropped ")?;
                entry.fmt_packet(f)?;
            }
            EntryKind::Packet => entry.fmt_packet(f)?,
        }
        Ok(())
    }
}

impl Entry {
    pub(super) const fn what(&self) -> What<'_> {
        What(self)
    }

    fn fmt_packet(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.decode() {
            Some(Ok(packet)) => fmt_packet(f, &packet, self.version()),
            Some(Err(error)) => write!(f, "malformed {} ({error})", Hexadecimal(&self.raw)),
            None => write!(f, "bytes {}", Hexadecimal(&self.raw)),
        }
    }
}

fn fmt_packet(f: &mut Formatter<'_>, packet: &Packet<'_>, version: Version) -> fmt::Result {
    f.write_str(packet.packet_type().name())?;
    match packet {
        Packet::Connect(packet) => fmt_connect(f, packet),
        Packet::Connack(packet) => {
            if packet.session_present {
                f.write_str(" session_present")?;
            }
            match (version, packet.reason.return_code()) {
                (Version::V311, Some(code)) => {
                    write!(f, " 0x{code:02X} {}", packet.reason)?;
                }
                _ => fmt_reason(f, packet.reason.as_u8(), packet.reason.text())?,
            }
            fmt_properties(f, packet.properties)
        }
        Packet::Publish(packet) => {
            if let Some(packet_id) = packet.packet_id {
                write!(f, " id={packet_id}")?;
            }
            write!(f, " qos={}", packet.qos as u8)?;
            if packet.dup {
                f.write_str(" dup")?;
            }
            if packet.retain {
                f.write_str(" retain")?;
            }
            if let Some(topic) = packet.topic {
                write!(f, " topic={:?}", topic.get())?;
            }
            fmt_properties(f, packet.properties)?;
            fmt_length(f, packet.payload.len())
        }
        Packet::Puback(ack) => fmt_ack(f, ack.packet_id, ack.reason.code(), ack.properties),
        Packet::Pubrec(ack) => fmt_ack(f, ack.packet_id, ack.reason.code(), ack.properties),
        Packet::Pubrel(ack) => fmt_ack(f, ack.packet_id, ack.reason.code(), ack.properties),
        Packet::Pubcomp(ack) => fmt_ack(f, ack.packet_id, ack.reason.code(), ack.properties),
        Packet::Subscribe(packet) => {
            write!(f, " id={}", packet.packet_id)?;
            fmt_properties(f, packet.properties)?;
            for subscription in packet.subscriptions {
                fmt_subscription(f, subscription)?;
            }
            Ok(())
        }
        Packet::Suback(packet) => {
            write!(f, " id={}", packet.packet_id)?;
            fmt_properties(f, packet.properties)?;
            for reason in packet.reasons {
                fmt_reason(f, reason.as_u8(), suback_text(reason, version))?;
            }
            Ok(())
        }
        Packet::Unsubscribe(packet) => {
            write!(f, " id={}", packet.packet_id)?;
            fmt_properties(f, packet.properties)?;
            for filter in packet.filters {
                write!(f, " {:?}", filter.get())?;
            }
            Ok(())
        }
        Packet::Unsuback(packet) => {
            write!(f, " id={}", packet.packet_id)?;
            fmt_properties(f, packet.properties)?;
            for reason in packet.reasons {
                fmt_reason(f, reason.as_u8(), reason.text())?;
            }
            Ok(())
        }
        Packet::Pingreq | Packet::Pingresp => Ok(()),
        Packet::Disconnect(packet) => {
            if version == Version::V5 {
                fmt_reason(f, packet.reason.as_u8(), packet.reason.text())?;
            }
            fmt_properties(f, packet.properties)
        }
        Packet::Auth(packet) => {
            fmt_reason(f, packet.reason.as_u8(), packet.reason.text())?;
            fmt_properties(f, packet.properties)
        }
    }
}

fn fmt_connect(f: &mut Formatter<'_>, packet: &Connect<'_>) -> fmt::Result {
    let version = match packet.version {
        Version::V311 => "v3.1.1",
        Version::V5 => "v5",
    };
    write!(f, " {version} client={:?}", packet.client_id.get())?;
    if packet.clean_start {
        f.write_str(match packet.version {
            Version::V311 => " clean_session",
            Version::V5 => " clean_start",
        })?;
    }
    if packet.keep_alive > 0 {
        write!(f, " keep_alive={}", packet.keep_alive)?;
    }
    if let Some(user_name) = packet.user_name {
        write!(f, " user={:?}", user_name.get())?;
    }
    if packet.password.is_some() {
        f.write_str(" password")?;
    }
    fmt_properties(f, packet.properties)?;
    let Some(will) = packet.will else {
        return Ok(());
    };
    write!(f, " will(qos={}", will.qos as u8)?;
    if will.retain {
        f.write_str(" retain")?;
    }
    write!(f, " topic={:?}", will.topic.get())?;
    fmt_properties(f, will.properties)?;
    fmt_length(f, will.payload.get().len())?;
    f.write_str(")")
}

fn fmt_ack(
    f: &mut Formatter<'_>,
    packet_id: impl Display,
    reason: ReasonCode,
    properties: Properties<&[u8]>,
) -> fmt::Result {
    write!(f, " id={packet_id}")?;
    if reason != ReasonCode::Success {
        fmt_reason(f, reason as u8, reason.text())?;
    }
    fmt_properties(f, properties)
}

fn fmt_subscription(f: &mut Formatter<'_>, subscription: Subscription<'_>) -> fmt::Result {
    let options = subscription.options;
    write!(
        f,
        " {:?} qos={}",
        subscription.filter.get(),
        options.qos as u8
    )?;
    if options.no_local {
        f.write_str(" no_local")?;
    }
    if options.retain_as_published {
        f.write_str(" retain_as_published")?;
    }
    match options.retain_handling {
        RetainHandling::Send => Ok(()),
        RetainHandling::SendIfNew => f.write_str(" retained_if_new"),
        RetainHandling::DoNotSend => f.write_str(" no_retained"),
    }
}

/// What a version calls a code of SUBACK.
pub(super) fn suback_text(reason: SubackReason, version: Version) -> &'static str {
    match (version, reason) {
        // 3.1.1, section 3.9.3.
        (Version::V311, SubackReason::UnspecifiedError) => "failure",
        _ => reason.text(),
    }
}

/// Success needs no number.
fn fmt_reason(f: &mut Formatter<'_>, code: u8, text: &str) -> fmt::Result {
    match code {
        0..=2 => write!(f, " {text}"),
        _ => write!(f, " 0x{code:02X} {text}"),
    }
}

fn fmt_length(f: &mut Formatter<'_>, bytes: usize) -> fmt::Result {
    match bytes {
        1 => f.write_str(" 1 byte"),
        _ => write!(f, " {bytes} bytes"),
    }
}

fn fmt_properties(f: &mut Formatter<'_>, properties: Properties<&[u8]>) -> fmt::Result {
    for property in properties.iter() {
        f.write_str(" ")?;
        fmt_property(f, property)?;
    }
    Ok(())
}

fn fmt_property(f: &mut Formatter<'_>, property: Property<'_>) -> fmt::Result {
    match property {
        Property::ReasonString(text) => return write!(f, "{:?}", text.get()),
        Property::UserProperty(name, value) => {
            return write!(f, "{:?}={:?}", name.get(), value.get());
        }
        _ => {}
    }
    fmt_name(f, property.id())?;
    f.write_str("=")?;
    match property {
        Property::PayloadFormatIndicator(value)
        | Property::RequestProblemInformation(value)
        | Property::RequestResponseInformation(value)
        | Property::RetainAvailable(value)
        | Property::WildcardSubscriptionAvailable(value)
        | Property::SubscriptionIdentifierAvailable(value)
        | Property::SharedSubscriptionAvailable(value) => u8::from(value).fmt(f),
        Property::MaximumQos(qos) => (qos as u8).fmt(f),
        Property::ServerKeepAlive(value)
        | Property::ReceiveMaximum(value)
        | Property::TopicAliasMaximum(value)
        | Property::TopicAlias(value) => value.fmt(f),
        Property::MessageExpiryInterval(value)
        | Property::SessionExpiryInterval(value)
        | Property::WillDelayInterval(value)
        | Property::MaximumPacketSize(value)
        | Property::SubscriptionIdentifier(value) => value.fmt(f),
        Property::ContentType(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text)
        | Property::UserProperty(text, _) => write!(f, "{:?}", text.get()),
        Property::ResponseTopic(topic) => write!(f, "{:?}", topic.get()),
        Property::CorrelationData(data) | Property::AuthenticationData(data) => {
            write!(f, "\"{}\"", data.get().escape_ascii())
        }
    }
}

/// The name as one word: `receive_maximum`.
fn fmt_name(f: &mut Formatter<'_>, id: PropertyId) -> fmt::Result {
    for (index, word) in id.text().split(' ').enumerate() {
        if index > 0 {
            f.write_str("_")?;
        }
        f.write_str(word)?;
    }
    Ok(())
}

struct Hexadecimal<'a>(&'a [u8]);

impl Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().take(BYTES_SHOWN).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{byte:02X}")?;
        }
        if self.0.len() > BYTES_SHOWN {
            write!(f, " … {} bytes", self.0.len())?;
        }
        Ok(())
    }
}

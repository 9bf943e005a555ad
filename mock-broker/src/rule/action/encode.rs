//! Writes answers. An encoder of our own: it must be able to say what the codec refuses, and the
//! client must not be checked against its own encoder.

use bytes::{BufMut, Bytes, BytesMut};
use nack_codec::{PacketType, Version};

use super::reply::{Body, Codes, Reply};
use super::{Form, Reason};

/// What an answer takes from where it goes to, as far as it does not say it itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) version: Version,
    /// The identifier of the request; for a PUBLISH above QoS 0, the next free one.
    pub(crate) packet_id: u16,
    pub(crate) session_present: bool,
    /// How many topic filters the request has.
    pub(crate) filters: usize,
}

impl Reply {
    pub(crate) fn encode(&self, context: Context) -> Bytes {
        let version = self.version.unwrap_or(context.version);
        let packet_id = self.packet_id.unwrap_or(context.packet_id);
        let form = self.form.unwrap_or_else(|| self.shortest_form(version));
        let mut body = BytesMut::new();
        match &self.body {
            Body::Connack {
                reason,
                session_present,
            } => {
                body.put_u8(u8::from(session_present.unwrap_or(context.session_present)));
                self.put_code(
                    &mut body,
                    form,
                    reason.on_wire(PacketType::Connack, version),
                );
            }
            Body::Ack { packet, reason } => {
                body.put_u16(packet_id);
                self.put_code(&mut body, form, reason.on_wire(*packet, version));
            }
            Body::Disconnect { reason } => {
                self.put_code(
                    &mut body,
                    form,
                    reason.on_wire(PacketType::Disconnect, version),
                );
            }
            Body::Auth { reason } => {
                self.put_code(&mut body, form, reason.on_wire(PacketType::Auth, version));
            }
            Body::Suback { packet, codes } => {
                body.put_u16(packet_id);
                if form == Form::Full {
                    self.put_properties(&mut body);
                }
                if form != Form::Short {
                    let codes = codes.on_wire(*packet, version, context.filters);
                    body.extend_from_slice(&codes);
                }
            }
            Body::Publish {
                topic,
                payload,
                qos,
                ..
            } => {
                body.extend_from_slice(&super::answer::prefixed(topic));
                if *qos > 0 || self.packet_id.is_some() {
                    body.put_u16(packet_id);
                }
                if form == Form::Full {
                    self.put_properties(&mut body);
                }
                if form != Form::Short {
                    body.extend_from_slice(payload);
                }
            }
            Body::Pingresp => {
                if form == Form::Full {
                    self.put_properties(&mut body);
                }
            }
        }
        let mut packet = BytesMut::with_capacity(5 + body.len());
        packet.put_u8(self.first_byte());
        put_var_int(&mut packet, body.len() as u32);
        packet.extend_from_slice(&body);
        packet.freeze()
    }

    /// The shortest form that says all that the answer says.
    fn shortest_form(&self, version: Version) -> Form {
        if !self.properties.is_empty() && !self.leaves_out_properties(version) {
            return Form::Full;
        }
        match &self.body {
            Body::Ack { reason, .. } | Body::Disconnect { reason } if reason.code() == 0 => {
                Form::Short
            }
            Body::Auth { reason } if reason.code() == 0 => Form::Short,
            Body::Ack { packet, reason } if reason.is_left_out(*packet, version) => Form::Short,
            Body::Ack { .. } | Body::Disconnect { .. } => Form::NoProperties,
            // Only the bare success may be without a property length.
            Body::Auth { .. } => Form::Full,
            Body::Suback { packet, codes }
                if *packet == PacketType::Unsuback
                    && version == Version::V311
                    && codes.are_successes() =>
            {
                Form::Short
            }
            Body::Connack { .. } | Body::Suback { .. } | Body::Publish { .. } => match version {
                Version::V311 => Form::NoProperties,
                Version::V5 => Form::Full,
            },
            Body::Pingresp => Form::Short,
        }
    }

    fn first_byte(&self) -> u8 {
        let flags = match &self.body {
            Body::Publish {
                qos, retain, dup, ..
            } => u8::from(*dup) << 3 | qos << 1 | u8::from(*retain),
            Body::Ack { packet, .. } if *packet == PacketType::Pubrel => 0b0010,
            _ => 0,
        };
        (self.packet_type() as u8) << 4 | self.flags.unwrap_or(flags)
    }

    /// A code, and properties behind it, as far as the form goes.
    fn put_code(&self, body: &mut BytesMut, form: Form, code: u8) {
        if form != Form::Short {
            body.put_u8(code);
        }
        if form == Form::Full {
            self.put_properties(body);
        }
    }

    fn put_properties(&self, body: &mut BytesMut) {
        let length: usize = self
            .properties
            .iter()
            .map(|property| 1 + property.value.len())
            .sum();
        put_var_int(body, length as u32);
        for property in &self.properties {
            body.put_u8(property.id);
            body.extend_from_slice(&property.value);
        }
    }
}

impl Codes {
    pub(crate) fn on_wire(&self, packet: PacketType, version: Version, filters: usize) -> Vec<u8> {
        match self {
            Self::List(codes) => codes
                .iter()
                .map(|code| code.on_wire(packet, version))
                .collect(),
            Self::Each(code) => vec![code.on_wire(packet, version); filters],
            Self::For { reasons, .. } => reasons
                .iter()
                .map(|code| code.on_wire(packet, version))
                .collect(),
        }
    }

    pub(crate) fn reasons(&self) -> &[Reason] {
        match self {
            Self::List(codes) => codes,
            Self::For { reasons, .. } => reasons,
            Self::Each(code) => std::slice::from_ref(code),
        }
    }

    fn are_successes(&self) -> bool {
        self.reasons().iter().all(|code| code.code() < 0x80)
    }
}

/// A variable byte integer in its shortest form; up to five bytes, of which MQTT allows four.
pub(crate) fn put_var_int(bytes: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        bytes.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.put_u8(value as u8);
}

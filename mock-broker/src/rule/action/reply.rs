//! A packet to a client, as it was told: what it says, and where it lies.

use bytes::Bytes;
use nack_codec::{PacketType, PropertyId, Version};

use super::answer::prefixed;
use super::layout::Layout;
use super::{Form, Reason};
use crate::Received;

/// What one answer says. What is `None` is filled in when it is sent, from the packet that it
/// answers and the connection that it goes to.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) body: Body,
    /// The lower four bits of the first byte.
    pub(crate) flags: Option<u8>,
    pub(crate) version: Option<Version>,
    pub(crate) form: Option<Form>,
    pub(crate) packet_id: Option<u16>,
    pub(crate) properties: Vec<RawProperty>,
    /// Whether the connection stays open although the packet says that it ends.
    pub(crate) stay_open: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Connack {
        reason: Reason,
        session_present: Option<bool>,
    },
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack {
        packet: PacketType,
        reason: Reason,
    },
    /// SUBACK or UNSUBACK.
    Suback {
        packet: PacketType,
        codes: Codes,
    },
    Disconnect {
        reason: Reason,
    },
    Auth {
        reason: Reason,
    },
    Publish {
        topic: Bytes,
        payload: Bytes,
        qos: u8,
        retain: bool,
        dup: bool,
    },
    Pingresp,
}

/// The codes of a SUBACK or UNSUBACK.
#[derive(Clone, Debug)]
pub(crate) enum Codes {
    List(Vec<Reason>),
    /// The same for each topic filter of the request.
    Each(Reason),
    /// Each for its own topic filter; the others of the request are answered as usual.
    For {
        filters: Vec<String>,
        reasons: Vec<Reason>,
    },
}

impl Codes {
    /// The code for each topic filter of a request, where it is told one; `None` where the codes are
    /// not by filters, or there are no filters.
    fn told(&self, received: &Received<'_>) -> Option<Vec<Option<Reason>>> {
        let Self::For { filters, reasons } = self else {
            return None;
        };
        let wanted = received.filters();
        let code = |wanted: &&str| {
            let mut told = filters.iter().zip(reasons);
            told.find(|(filter, _)| filter == wanted).map(|it| *it.1)
        };
        (!wanted.is_empty()).then(|| wanted.iter().map(code).collect())
    }
}

/// A property as it will lie on the wire: its identifier, and the bytes of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawProperty {
    pub(crate) id: u8,
    pub(crate) value: Bytes,
}

impl Codes {
    fn bytes(&self) -> usize {
        let filters: &[String] = match self {
            Self::For { filters, .. } => filters,
            Self::List(_) | Self::Each(_) => &[],
        };
        let text = filters.iter().map(String::len).sum::<usize>();
        size_of_val(self.reasons()) + size_of_val(filters) + text
    }
}

impl Reply {
    pub(crate) const fn new(body: Body) -> Self {
        Self {
            body,
            flags: None,
            version: None,
            form: None,
            packet_id: None,
            properties: Vec::new(),
            stay_open: false,
        }
    }

    pub(crate) const fn packet_type(&self) -> PacketType {
        match &self.body {
            Body::Connack { .. } => PacketType::Connack,
            Body::Ack { packet, .. } | Body::Suback { packet, .. } => *packet,
            Body::Disconnect { .. } => PacketType::Disconnect,
            Body::Auth { .. } => PacketType::Auth,
            Body::Publish { .. } => PacketType::Publish,
            Body::Pingresp => PacketType::Pingresp,
        }
    }

    /// An AUTH that names no method, with that of the CONNECT or AUTH that it answers: all AUTH
    /// packets have the method of the CONNECT, and it is a protocol error to leave it out
    /// (section 3.15.2.2.2, `[MQTT-4.12.0-5]`). `None` where there is nothing to be said.
    pub(crate) fn with_method_of(&self, received: &Received<'_>) -> Option<Self> {
        let id = PropertyId::AuthenticationMethod as u8;
        let is_silent = matches!(self.body, Body::Auth { .. })
            && matches!(self.form, None | Some(Form::Full))
            && self.properties.iter().all(|property| property.id != id);
        let asks = [PacketType::Connect, PacketType::Auth];
        if !is_silent || !asks.contains(&received.packet_type()?) {
            return None;
        }
        let properties = received.properties()?;
        let value = prefixed(properties.authentication_method()?.as_bytes()).freeze();
        let mut reply = self.clone();
        reply.properties.insert(0, RawProperty { id, value });
        Some(reply)
    }

    /// A SUBACK or UNSUBACK about some topic filters, with what the base behaviour says of the
    /// others: all codes, in the order of the request. Where it says nothing of them, they have the
    /// first code. `None` where there is nothing to be said.
    pub(crate) fn with_usual_codes(
        &self,
        received: &Received<'_>,
        usual: impl FnOnce() -> Option<Vec<Reason>>,
    ) -> Option<Self> {
        let Body::Suback { packet, codes } = &self.body else {
            return None;
        };
        let told = codes.told(received)?;
        let first = *codes.reasons().first()?;
        let usual = usual().unwrap_or_default();
        let code = |(index, told): (usize, Option<Reason>)| {
            told.or_else(|| usual.get(index).copied()).unwrap_or(first)
        };
        let codes = Codes::List(told.into_iter().enumerate().map(code).collect());
        let mut reply = self.clone();
        reply.body = Body::Suback {
            packet: *packet,
            codes,
        };
        Some(reply)
    }

    /// Where it answers this request, and says for which topic filters which code: the code for each
    /// filter of the request, where it has one.
    pub(crate) fn told(&self, received: &Received<'_>) -> Option<Vec<Option<Reason>>> {
        let Body::Suback { packet, codes } = &self.body else {
            return None;
        };
        let answers = match received.packet_type()? {
            PacketType::Subscribe => *packet == PacketType::Suback,
            PacketType::Unsubscribe => *packet == PacketType::Unsuback,
            _ => false,
        };
        answers.then(|| codes.told(received)).flatten()
    }

    /// Has the properties of this packet, as far as they can be told apart.
    pub(crate) fn take_properties_of(&mut self, packet: &[u8], version: Version) {
        if let Some(layout) = Layout::of(packet, version) {
            self.properties = layout.properties(layout.body(packet));
        }
    }

    /// How many bytes it keeps, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let values = self.properties.iter().map(|it| it.value.len());
        let properties = size_of_val(&self.properties[..]) + values.sum::<usize>();
        let body = match &self.body {
            Body::Publish { topic, payload, .. } => topic.len() + payload.len(),
            Body::Suback { codes, .. } => codes.bytes(),
            _ => 0,
        };
        properties + body
    }

    /// The reason that the version cannot say, if there is one: the connection is closed instead.
    pub(crate) fn unsayable(&self, version: Version) -> Option<Reason> {
        let version = self.version.unwrap_or(version);
        let reasons = match &self.body {
            Body::Connack { reason, .. }
            | Body::Ack { reason, .. }
            | Body::Disconnect { reason }
            | Body::Auth { reason } => std::slice::from_ref(reason),
            Body::Suback { codes, .. } => codes.reasons(),
            Body::Publish { .. } | Body::Pingresp => &[],
        };
        let packet = self.packet_type();
        let mut reasons = reasons.iter().copied();
        reasons.find(|reason| reason.is_unsayable(packet, version))
    }

    /// Whether it has properties and goes without them, as its packet has none in this version. Who
    /// asks for a [`Form`] has them written all the same.
    pub(crate) fn leaves_out_properties(&self, version: Version) -> bool {
        let version = self.version.unwrap_or(version);
        let is_of_both = match &self.body {
            Body::Connack { .. }
            | Body::Ack { .. }
            | Body::Suback { .. }
            | Body::Publish { .. } => true,
            // A server of 3.1.1 sends neither, and PINGRESP has no properties in any version.
            Body::Disconnect { .. } | Body::Auth { .. } | Body::Pingresp => false,
        };
        let is_told = self.form.is_some() || self.properties.is_empty();
        version == Version::V311 && is_of_both && !is_told
    }

    /// Whether it acknowledges a packet by an identifier that it was not told.
    pub(crate) const fn needs_packet_id(&self) -> bool {
        let acknowledges = matches!(self.body, Body::Ack { .. } | Body::Suback { .. });
        acknowledges && self.packet_id.is_none()
    }

    /// Whether the standard has the server close the connection behind this packet:
    /// `[MQTT-3.2.2-7]`, 3.1.1 `[MQTT-3.2.2-5]`, and `[MQTT-3.14.4-2]`.
    pub(crate) const fn ends_connection(&self) -> bool {
        if self.stay_open {
            return false;
        }
        match &self.body {
            Body::Disconnect { .. } => true,
            // In 3.1.1 every return code but 0 refuses.
            Body::Connack { reason, .. } => reason.code() != 0,
            _ => false,
        }
    }
}

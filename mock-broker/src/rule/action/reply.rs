//! A packet to a client, as it was told: what it says, and where it lies.

use bytes::Bytes;
use nack_codec::{PacketType, Version};

use super::{Form, Reason};

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
}

/// A property as it will lie on the wire: its identifier, and the bytes of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawProperty {
    pub(crate) id: u8,
    pub(crate) value: Bytes,
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

//! The broker said no: with which code, in which packet, in its own words.

use std::fmt;

use nack_codec::{PacketType, Properties, ReasonCode};

use super::{Retry, RetryTable};

/// A refusal by the broker. `R` is an enum of just the codes that the refusing packet may carry.
///
/// This is the counterpart of aiomqtt's `MqttCodeError`, whose `rc` is [`reason`](Self::reason)
/// here.
#[derive(Clone)]
pub struct Refused<R> {
    inner: Box<Inner<R>>,
}

#[derive(Clone)]
struct Inner<R> {
    reason: R,
    raw_code: u8,
    packet: PacketType,
    properties: Properties,
    retries: RetryTable,
}

impl<R: Copy + Into<ReasonCode>> Refused<R> {
    pub(crate) fn new(
        reason: R,
        raw_code: u8,
        packet: PacketType,
        properties: &Properties<&[u8]>,
        retries: RetryTable,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                reason,
                raw_code,
                packet,
                properties: copied(properties),
                retries,
            }),
        }
    }

    /// Why the broker refuses.
    pub fn reason(&self) -> R {
        self.inner.reason
    }

    /// The same reason in the table of all codes.
    pub fn code(&self) -> ReasonCode {
        self.inner.reason.into()
    }

    /// The code as it was on the wire: a return code of 3.1.1 is not mapped here.
    pub fn raw_code(&self) -> u8 {
        self.inner.raw_code
    }

    /// The packet that refused.
    pub fn packet(&self) -> PacketType {
        self.inner.packet
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.inner.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner.properties.user_properties()
    }

    /// Which server to use instead (MQTT 5.0).
    pub fn server_reference(&self) -> Option<&str> {
        self.inner.properties.server_reference()
    }

    /// All properties of the packet that refused (MQTT 5.0).
    pub fn properties(&self) -> &Properties {
        &self.inner.properties
    }

    /// The same refusal, whatever the operation was.
    pub fn as_refusal(&self) -> Refusal<'_> {
        Refusal {
            code: self.code(),
            raw_code: self.raw_code(),
            packet: self.packet(),
            properties: self.properties(),
            retries: &self.inner.retries,
        }
    }
}

/// Kept on its own, so that an error that lives long does not keep a whole read buffer alive.
pub(crate) fn copied(properties: &Properties<&[u8]>) -> Properties {
    if properties.is_empty() {
        return Properties::default();
    }
    let mut copy = Properties::new();
    for property in properties.iter() {
        copy.push(property)
            .expect("it comes from a block that was checked");
    }
    copy.into()
}

impl<R: Copy + Into<ReasonCode>> fmt::Display for Refused<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_refusal().fmt(f)
    }
}

impl<R: Copy + Into<ReasonCode>> fmt::Debug for Refused<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("packet", &self.packet())
            .field("reason", &self.code())
            .field("raw_code", &self.raw_code())
            .field("properties", self.properties())
            .finish()
    }
}

impl<R: Copy + Into<ReasonCode>> std::error::Error for Refused<R> {}

/// A refusal by the broker, whatever the operation was.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    code: ReasonCode,
    raw_code: u8,
    packet: PacketType,
    properties: &'a Properties,
    retries: &'a RetryTable,
}

impl<'a> Refusal<'a> {
    pub(crate) const fn new(
        code: ReasonCode,
        raw_code: u8,
        packet: PacketType,
        properties: &'a Properties,
        retries: &'a RetryTable,
    ) -> Self {
        Self {
            code,
            raw_code,
            packet,
            properties,
            retries,
        }
    }

    /// The same packet's verdict on another topic filter.
    pub(super) const fn with_code(self, code: ReasonCode) -> Self {
        Self {
            code,
            raw_code: code as u8,
            ..self
        }
    }

    /// Why the broker refuses.
    pub const fn code(&self) -> ReasonCode {
        self.code
    }

    /// The code as it was on the wire: a return code of 3.1.1 is not mapped here.
    pub const fn raw_code(&self) -> u8 {
        self.raw_code
    }

    /// The packet that refused.
    pub const fn packet(&self) -> PacketType {
        self.packet
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&'a str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.properties.user_properties()
    }

    /// Which server to use instead (MQTT 5.0).
    pub fn server_reference(&self) -> Option<&'a str> {
        self.properties.server_reference()
    }

    /// All properties of the packet that refused (MQTT 5.0).
    pub const fn properties(&self) -> &'a Properties {
        self.properties
    }

    /// What may be tried, by the [`RetryTable`] of the client that was refused.
    pub fn retry(&self) -> Retry {
        self.retries.advice(self)
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[code:{}] {}", self.raw_code, self.code)?;
        if let Some(text) = self.reason_string() {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

//! A message that came.

use bytes::Bytes;
use nack_codec::{Properties, Publish, QoS, TopicName};

/// A message that the broker delivered.
///
/// Payload and properties are slices of what was read from the socket: keeping a message keeps
/// that read alive. [`detach`](Self::detach) makes a copy that does not.
#[derive(Clone, Debug)]
pub struct Message {
    topic: TopicName,
    payload: Bytes,
    qos: QoS,
    retain: bool,
    dup: bool,
    properties: Properties,
}

impl Message {
    /// `read` is what the packet was read from.
    pub(crate) fn new(topic: TopicName, packet: &Publish<'_>, read: &Bytes) -> Self {
        Self {
            topic,
            payload: read.slice_ref(packet.payload),
            qos: packet.qos,
            retain: packet.retain,
            dup: packet.dup,
            properties: packet.properties.slice_of(read),
        }
    }

    /// Where it was published to.
    pub const fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// What it says; may be empty.
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// At which QoS it was delivered.
    pub const fn qos(&self) -> QoS {
        self.qos
    }

    /// Whether it is a retained message that was kept for this subscription.
    pub const fn retain(&self) -> bool {
        self.retain
    }

    /// Whether the broker sent it before.
    pub const fn dup(&self) -> bool {
        self.dup
    }

    /// The [identifiers](crate::Subscribe::subscription_identifier) of the subscriptions that it
    /// came for, where they have one (MQTT 5.0): several, if the broker sends one copy for all of
    /// them (`[MQTT-3.3.4-4]`), and possibly one of them more than once.
    pub fn subscription_identifiers(&self) -> impl Iterator<Item = u32> {
        self.properties.subscription_identifiers()
    }

    /// Its properties (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }

    /// A copy that does not keep what was read from the socket alive.
    pub fn detach(&self) -> Self {
        Self {
            payload: Bytes::copy_from_slice(&self.payload),
            properties: crate::error::copied(&self.properties.borrow()),
            ..self.clone()
        }
    }
}

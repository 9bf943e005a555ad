//! The will: the message that the server publishes when the client is gone (section 3.1.2.5).

use crate::wire::{Fault, Reader, Writer};
use crate::{
    Binary, DecodeErrorKind, EncodeError, Properties, PropertyOwner, QoS, TopicName, Version,
};

/// A message that the server publishes when the connection ends without a DISCONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Will<'a> {
    /// The quality of service it is published at.
    pub qos: QoS,
    /// Whether the server keeps it for later subscribers.
    pub retain: bool,
    /// Where to.
    pub topic: TopicName<&'a str>,
    /// The message itself.
    pub payload: Binary<&'a [u8]>,
    /// None in 3.1.1.
    pub properties: Properties<&'a [u8]>,
}

impl<'a> Will<'a> {
    pub(super) fn decode(
        qos: QoS,
        retain: bool,
        body: &mut Reader<'a>,
        version: Version,
    ) -> Result<Self, Fault> {
        let properties = Properties::decode_for(version, body, PropertyOwner::Will)?;
        let start = *body;
        let Some(topic) = body.topic_name("will topic")? else {
            return Err(start.fault(DecodeErrorKind::EmptyTopicName));
        };
        let payload = body.binary("will payload")?;
        Ok(Self {
            qos,
            retain,
            topic,
            payload,
            properties,
        })
    }

    pub(super) fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        let properties = self
            .properties
            .encoded_len_for(PropertyOwner::Will, version)?;
        Ok(properties + 2 + self.topic.get().len() + 2 + self.payload.get().len())
    }

    pub(super) fn encode(&self, version: Version, writer: &mut Writer<'_>) {
        self.properties.encode_for(version, writer);
        writer.text(self.topic.into());
        writer.binary(self.payload);
    }
}

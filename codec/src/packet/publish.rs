//! PUBLISH (section 3.3): a message.

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, PacketId, PacketType, Properties, PropertyId, PropertyOwner, QoS,
    TopicName, Version,
};

/// A message on its way to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Publish<'a> {
    /// Whether it was sent before (`[MQTT-3.3.1-1]`); never at QoS 0 (`[MQTT-3.3.1-2]`).
    pub dup: bool,
    /// The quality of service.
    pub qos: QoS,
    /// To a server: keep the message for later subscribers. From a server: it was kept.
    pub retain: bool,
    /// Where to; `None` where a topic alias stands for it (MQTT 5.0 only).
    pub topic: Option<TopicName<&'a str>>,
    /// Which message acknowledgements are about; present above QoS 0 and only there.
    pub packet_id: Option<PacketId>,
    /// None in 3.1.1.
    pub properties: Properties<&'a [u8]>,
    /// The message itself; may be empty.
    pub payload: &'a [u8],
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Publish);
const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

impl<'a> Publish<'a> {
    #[inline]
    pub(crate) fn decode(flags: u8, mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let dup = flags & DUP != 0;
        let Some(qos) = QoS::from_u8(flags >> 1 & 0b11) else {
            return Err(Fault {
                kind: DecodeErrorKind::InvalidQos,
                offset: 0,
            });
        };
        if dup && qos == QoS::AtMostOnce {
            return Err(Fault {
                kind: DecodeErrorKind::DupOnQos0,
                offset: 0,
            });
        }
        let start = body;
        let topic = body.topic_name("topic name")?;
        let packet_id = if qos == QoS::AtMostOnce {
            None
        } else {
            Some(body.packet_id()?)
        };
        let properties = Properties::decode_for(version, &mut body, OWNER)?;
        if topic.is_none() && !properties.contains(PropertyId::TopicAlias) {
            return Err(start.fault(match version {
                Version::V311 => DecodeErrorKind::EmptyTopicName,
                Version::V5 => DecodeErrorKind::TopicMissing,
            }));
        }
        let payload = body.all();
        let retain = flags & RETAIN != 0;
        Ok(Self {
            dup,
            qos,
            retain,
            topic,
            packet_id,
            properties,
            payload,
        })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    #[inline]
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        self.write(version, buffer, 0)?;
        buffer.extend_from_slice(self.payload);
        Ok(())
    }

    /// Writes all but the payload, for a caller that writes the payload from where it lies.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    #[inline]
    pub fn encode_head(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        self.write(version, buffer, self.payload.len())
    }

    /// `linked`: how many bytes of payload the caller writes itself.
    #[inline]
    fn write(
        &self,
        version: Version,
        buffer: &mut BytesMut,
        linked: usize,
    ) -> Result<(), EncodeError> {
        // Checked once and for all: an identifier above QoS 0 and only there, and DUP likewise.
        if self.packet_id.is_some() != (self.qos != QoS::AtMostOnce)
            || self.dup && self.packet_id.is_none()
        {
            return Err(self.misfit());
        }
        match self.topic {
            Some(topic) if self.properties.is_empty() => {
                self.write_plain(topic, version, buffer, linked)
            }
            topic => self.write_with_properties(topic, version, buffer, linked),
        }
    }

    /// Most messages have no properties, and are written in few pieces.
    #[inline]
    fn write_plain(
        &self,
        topic: TopicName<&str>,
        version: Version,
        buffer: &mut BytesMut,
        linked: usize,
    ) -> Result<(), EncodeError> {
        let topic = topic.get();
        // [MQTT-2.2.2-1]: no properties are written as a length of 0.
        let property_length = usize::from(version == Version::V5);
        let id_length = if self.packet_id.is_some() { 2 } else { 0 };
        let length = 2 + topic.len() + id_length + property_length + self.payload.len() - linked;
        let mut writer = self.begin(topic, length, buffer, linked)?;
        match (self.packet_id, version) {
            (None, Version::V311) => {}
            (None, Version::V5) => writer.u8(0),
            (Some(packet_id), Version::V311) => writer.packet_id(packet_id),
            (Some(packet_id), Version::V5) => {
                let [high, low] = packet_id.get().to_be_bytes();
                writer.bytes(&[high, low, 0]);
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn write_with_properties(
        &self,
        topic: Option<TopicName<&str>>,
        version: Version,
        buffer: &mut BytesMut,
        linked: usize,
    ) -> Result<(), EncodeError> {
        let properties_length = self.properties.encoded_len_for(OWNER, version)?;
        if topic.is_none() && !self.properties.contains(PropertyId::TopicAlias) {
            return Err(EncodeError::TopicMissing);
        }
        let topic = topic.map_or("", TopicName::get);
        let id_length = if self.packet_id.is_some() { 2 } else { 0 };
        let length = 2 + topic.len() + id_length + properties_length + self.payload.len() - linked;
        let mut writer = self.begin(topic, length, buffer, linked)?;
        if let Some(packet_id) = self.packet_id {
            writer.packet_id(packet_id);
        }
        self.properties.encode(&mut writer);
        Ok(())
    }

    /// Writes the fixed header and the topic.
    #[inline]
    fn begin<'b>(
        &self,
        topic: &str,
        length: usize,
        buffer: &'b mut BytesMut,
        linked: usize,
    ) -> Result<Writer<'b>, EncodeError> {
        let first = PacketType::Publish.first_byte()
            | u8::from(self.dup) << DUP.trailing_zeros()
            | (self.qos as u8) << 1
            | u8::from(self.retain);
        // Its length fits: a topic name has at most 65,535 bytes.
        let prefix = topic.len() as u16;
        let mut writer = Writer::packet_with_prefix(buffer, first, length, linked, prefix)?;
        writer.bytes(topic.as_bytes());
        Ok(writer)
    }

    #[cold]
    fn misfit(&self) -> EncodeError {
        match self.packet_id {
            Some(_) => EncodeError::PacketIdOnQos0,
            None if self.qos != QoS::AtMostOnce => EncodeError::PacketIdMissing,
            None => EncodeError::DupOnQos0,
        }
    }
}

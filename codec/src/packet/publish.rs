//! PUBLISH (section 3.3): a message.

use bytes::BytesMut;

use crate::properties::Source;
use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, PacketId, PacketType, Properties, PropertyId, PropertyOwner, QoS,
    TopicName, Version,
};

/// A message on its way to a topic.
///
/// `P` is what its properties are taken from: [`Properties`] in a packet that was read, and where
/// it does not say otherwise; a [`PropertyList`](crate::PropertyList) may stand there to be
/// encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Publish<'a, P = Properties<&'a [u8]>> {
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
    pub properties: P,
    /// The message itself; may be empty.
    pub payload: &'a [u8],
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Publish);
const FIRST: u8 = PacketType::Publish.first_byte();
/// The longest remaining length that two bytes can say.
const SHORT: usize = 0x3FFF;
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
}

#[expect(private_bounds, reason = "the sources are those of this crate")]
impl<P: Source> Publish<'_, P> {
    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    #[inline]
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        // Most messages have no properties and are short.
        if self.write_short(version, buffer) {
            buffer.extend_from_slice(self.payload);
            return Ok(());
        }
        self.encode_any(version, buffer)
    }

    #[inline(never)]
    fn encode_any(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        self.write_any(version, buffer, 0)?;
        buffer.extend_from_slice(self.payload);
        Ok(())
    }

    /// Writes all but the payload, for a caller that writes the payload from where it lies.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode_head(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        self.write_any(version, buffer, self.payload.len())
    }

    /// Writes all but the payload, or nothing where the message is not one of those that most are:
    /// with a topic, without properties, short, and with nothing wrong.
    #[inline(always)]
    fn write_short(&self, version: Version, buffer: &mut BytesMut) -> bool {
        let Some(topic) = self.topic else {
            return false;
        };
        let topic = topic.get();
        // [MQTT-2.2.2-1]: no properties are written as a length of 0.
        let property_length = usize::from(version == Version::V5);
        let length = 2 + topic.len() + property_length + self.payload.len();
        if !self.properties.is_empty() || length > SHORT - 2 {
            return false;
        }
        match self.packet_id {
            None if self.fits_qos0() => {
                let first = FIRST | u8::from(self.retain);
                let mut writer = Writer::short_packet(buffer, first, length, topic.len());
                writer.bytes(topic.as_bytes());
                if version == Version::V5 {
                    writer.u8(0);
                }
                true
            }
            Some(packet_id) if self.qos != QoS::AtMostOnce => {
                let first = self.first_byte();
                let mut writer = Writer::short_packet(buffer, first, length + 2, topic.len());
                writer.bytes(topic.as_bytes());
                let [high, low] = packet_id.get().to_be_bytes();
                match version {
                    Version::V5 => writer.bytes(&[high, low, 0]),
                    Version::V311 => writer.bytes(&[high, low]),
                }
                true
            }
            _ => false,
        }
    }

    /// Writes all but the payload, of which the caller writes `linked` bytes itself.
    #[inline(always)]
    fn write_any(
        &self,
        version: Version,
        buffer: &mut BytesMut,
        linked: usize,
    ) -> Result<(), EncodeError> {
        let fits = match self.packet_id {
            None => self.fits_qos0(),
            Some(_) => self.qos != QoS::AtMostOnce,
        };
        if !fits {
            return Err(self.misfit());
        }
        let properties_length = self.properties.encoded_len_for(OWNER, version)?;
        let topic = match self.topic {
            Some(topic) => topic.get(),
            None if self.properties.contains(PropertyId::TopicAlias) => "",
            None => return Err(EncodeError::TopicMissing),
        };
        let id_length = if self.packet_id.is_some() { 2 } else { 0 };
        let length = 2 + topic.len() + id_length + properties_length + self.payload.len() - linked;
        let first = self.first_byte();
        let mut writer = if length + linked <= SHORT {
            Writer::short_packet(buffer, first, length + linked, topic.len())
        } else {
            Writer::long_packet(buffer, first, length, linked, topic.len())?
        };
        writer.bytes(topic.as_bytes());
        if let Some(packet_id) = self.packet_id {
            writer.packet_id(packet_id);
        }
        self.properties.encode_for(version, &mut writer);
        Ok(())
    }

    #[inline]
    const fn first_byte(&self) -> u8 {
        FIRST | (self.dup as u8) << DUP.trailing_zeros() | (self.qos as u8) << 1 | self.retain as u8
    }

    /// Whether a message without a packet identifier has the flags of QoS 0: no DUP
    /// (`[MQTT-3.3.1-2]`), and no other QoS.
    #[inline]
    const fn fits_qos0(&self) -> bool {
        self.qos as u8 | self.dup as u8 == 0
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

//! A packet to its bytes, at the end of a buffer.

use bytes::BytesMut;

use crate::{EncodeError, Packet, PacketType, Version};

impl Packet<'_> {
    /// Writes the packet at the end of `buffer`, in its shortest form.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it; above all, 3.1.1 refuses what only MQTT 5.0 has. The
    /// buffer is then as it was.
    #[inline]
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Publish(packet) => packet.encode(version, buffer),
            Self::Puback(packet) => packet.encode(version, buffer),
            Self::Pubrec(packet) => packet.encode(version, buffer),
            Self::Pubrel(packet) => packet.encode(version, buffer),
            Self::Pubcomp(packet) => packet.encode(version, buffer),
            Self::Suback(packet) => packet.encode(version, buffer),
            other => other.encode_other(version, buffer),
        }
    }

    fn encode_other(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Connect(packet) if packet.version != version => {
                Err(EncodeError::VersionMismatch {
                    connect: packet.version,
                    asked: version,
                })
            }
            Self::Connect(packet) => packet.encode(buffer),
            Self::Connack(packet) => packet.encode(version, buffer),
            Self::Publish(packet) => packet.encode(version, buffer),
            Self::Puback(packet) => packet.encode(version, buffer),
            Self::Pubrec(packet) => packet.encode(version, buffer),
            Self::Pubrel(packet) => packet.encode(version, buffer),
            Self::Pubcomp(packet) => packet.encode(version, buffer),
            Self::Subscribe(packet) => packet.encode(version, buffer),
            Self::Suback(packet) => packet.encode(version, buffer),
            Self::Unsubscribe(packet) => packet.encode(version, buffer),
            Self::Unsuback(packet) => packet.encode(version, buffer),
            Self::Disconnect(packet) => packet.encode(version, buffer),
            Self::Auth(packet) => packet.encode(version, buffer),
            Self::Pingreq => ping(PacketType::Pingreq, buffer),
            Self::Pingresp => ping(PacketType::Pingresp, buffer),
        }
    }
}

fn ping(packet: PacketType, buffer: &mut BytesMut) -> Result<(), EncodeError> {
    buffer.extend_from_slice(&[packet.first_byte(), 0]);
    Ok(())
}

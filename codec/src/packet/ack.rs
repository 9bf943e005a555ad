//! PUBACK, PUBREC, PUBREL and PUBCOMP: four packets of one shape (sections 3.4 to 3.7).

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, PacketId, PacketType, Properties, PropertyOwner, PubackReason,
    PubcompReason, PubrecReason, PubrelReason, Version,
};

macro_rules! ack {
    ($(#[$doc:meta])* $name:ident, $reason:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
        pub struct $name<'a> {
            /// Which message this is about.
            pub packet_id: PacketId,
            /// What became of it; in 3.1.1 always success.
            pub reason: $reason,
            /// Reason string and user properties; none in 3.1.1.
            pub properties: Properties<&'a [u8]>,
        }

        impl $name<'_> {
            const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::$name);

            /// The packet that says success and nothing else.
            pub const fn success(packet_id: PacketId) -> Self {
                Self { packet_id, reason: $reason::Success, properties: Properties::empty() }
            }
        }

        impl<'a> $name<'a> {
            #[inline]
            pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
                let packet_id = body.packet_id()?;
                if body.is_empty() {
                    // The short form, which is the only form of 3.1.1.
                    return Ok($name::success(packet_id));
                }
                if version == Version::V311 {
                    return Err(body.fault(DecodeErrorKind::TrailingBytes {
                        count: body.rest().len(),
                    }));
                }
                let start = body;
                let code = body.u8("reason code")?;
                let Some(reason) = $reason::from_u8(code) else {
                    return Err(start.fault(DecodeErrorKind::UnknownReason { code }));
                };
                // A remaining length below 4 means that there is no property length.
                let properties = if body.is_empty() {
                    Properties::empty()
                } else {
                    Properties::decode(&mut body, Self::OWNER)?
                };
                body.finish()?;
                Ok(Self { packet_id, reason, properties })
            }

            /// Writes the packet in its shortest form.
            ///
            /// # Errors
            ///
            /// Where 3.1.1 cannot say it, or a property does not belong into this packet. The
            /// buffer is then as it was.
            #[inline]
            pub fn encode(
                &self,
                version: Version,
                buffer: &mut BytesMut,
            ) -> Result<(), EncodeError> {
                const FIRST: u8 = PacketType::$name.first_byte();
                let [high, low] = self.packet_id.get().to_be_bytes();
                if self.properties.is_empty() {
                    if self.reason == $reason::Success {
                        buffer.extend_from_slice(&[FIRST, 2, high, low]);
                        return Ok(());
                    }
                    if version == Version::V5 {
                        let reason = self.reason.as_u8();
                        buffer.extend_from_slice(&[FIRST, 3, high, low, reason]);
                        return Ok(());
                    }
                }
                self.encode_long(version, buffer)
            }

            fn encode_long(
                &self,
                version: Version,
                buffer: &mut BytesMut,
            ) -> Result<(), EncodeError> {
                let length = 3 + self.properties.encoded_len_for(Self::OWNER, version)?;
                if version == Version::V311 {
                    return Err(EncodeError::NotInV311 { what: "reason code here" });
                }
                let first = PacketType::$name.first_byte();
                let mut writer = Writer::packet(buffer, first, length)?;
                writer.packet_id(self.packet_id);
                writer.u8(self.reason.as_u8());
                self.properties.encode(&mut writer);
                Ok(())
            }
        }
    };
}

ack! {
    /// The answer to a QoS 1 message.
    Puback, PubackReason
}
ack! {
    /// The first answer to a QoS 2 message.
    Pubrec, PubrecReason
}
ack! {
    /// The sender of a QoS 2 message lets go of it.
    Pubrel, PubrelReason
}
ack! {
    /// The last answer to a QoS 2 message.
    Pubcomp, PubcompReason
}

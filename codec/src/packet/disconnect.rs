//! DISCONNECT (section 3.14): one side ends the connection and says why.

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, DisconnectReason, EncodeError, PacketType, Properties, PropertyOwner, Version,
};

/// The last packet of a connection (`[MQTT-3.14.4-1]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Disconnect<'a> {
    /// Why; in 3.1.1 always a normal disconnection.
    pub reason: DisconnectReason,
    /// None in 3.1.1.
    pub properties: Properties<&'a [u8]>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Disconnect);
const FIRST: u8 = PacketType::Disconnect.first_byte();

impl Disconnect<'_> {
    /// A normal disconnection that says nothing else.
    pub const NORMAL: Self = Self {
        reason: DisconnectReason::NormalDisconnection,
        properties: Properties::empty(),
    };
}

impl<'a> Disconnect<'a> {
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        if body.is_empty() {
            return Ok(Self::NORMAL);
        }
        if version == Version::V311 {
            body.finish()?;
        }
        let start = body;
        let code = body.u8("reason code")?;
        let Some(reason) = DisconnectReason::from_u8(code) else {
            return Err(start.fault(DecodeErrorKind::UnknownReason { code }));
        };
        // A remaining length below 2 means that there is no property length.
        let properties = if body.is_empty() {
            Properties::empty()
        } else {
            Properties::decode(&mut body, OWNER)?
        };
        body.finish()?;
        Ok(Self { reason, properties })
    }

    /// Writes the packet in its shortest form.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if self.properties.is_empty() && self.reason == DisconnectReason::NormalDisconnection {
            buffer.extend_from_slice(&[FIRST, 0]);
            return Ok(());
        }
        if version == Version::V311 {
            return Err(EncodeError::NotInV311 {
                what: "reason code or property in DISCONNECT",
            });
        }
        if self.properties.is_empty() {
            buffer.extend_from_slice(&[FIRST, 1, self.reason.as_u8()]);
            return Ok(());
        }
        let length = 1 + self.properties.encoded_len_for(OWNER, version)?;
        let mut writer = Writer::packet(buffer, FIRST, length)?;
        writer.u8(self.reason.as_u8());
        self.properties.encode(&mut writer);
        Ok(())
    }
}

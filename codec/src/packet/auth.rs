//! AUTH (section 3.15): a step of an enhanced authentication; MQTT 5.0 only.

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    AuthReason, DecodeErrorKind, EncodeError, PacketType, Properties, PropertyId, PropertyOwner,
    Version,
};

/// A step of an enhanced authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Auth<'a> {
    /// Which step.
    pub reason: AuthReason,
    /// The authentication method, which must be there, and its data.
    pub properties: Properties<&'a [u8]>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Auth);
const FIRST: u8 = PacketType::Auth.first_byte();

impl<'a> Auth<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Fault> {
        if body.is_empty() {
            // The short form of success. Section 3.15.2.1 allows it, although 3.15.2.2.2 makes a
            // packet without an authentication method a protocol error: that is left to the
            // session, which knows which method is in use.
            return Ok(Self {
                reason: AuthReason::Success,
                properties: Properties::empty(),
            });
        }
        let start = body;
        let code = body.u8("reason code")?;
        let Some(reason) = AuthReason::from_u8(code) else {
            return Err(start.fault(DecodeErrorKind::UnknownReason { code }));
        };
        let start = body;
        let properties = Properties::decode(&mut body, OWNER)?;
        body.finish()?;
        if !properties.contains(PropertyId::AuthenticationMethod) {
            return Err(start.fault(DecodeErrorKind::AuthenticationMethodMissing));
        }
        Ok(Self { reason, properties })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// In 3.1.1, which has no such packet; where the authentication method is missing from
    /// anything but the bare success. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if version == Version::V311 {
            return Err(EncodeError::NotInV311 { what: "AUTH" });
        }
        if self.properties.is_empty() && self.reason == AuthReason::Success {
            buffer.extend_from_slice(&[FIRST, 0]);
            return Ok(());
        }
        if !self.properties.contains(PropertyId::AuthenticationMethod) {
            return Err(EncodeError::AuthenticationMethodMissing);
        }
        let length = 1 + self.properties.encoded_len_for(OWNER, version)?;
        let mut writer = Writer::packet(buffer, FIRST, length)?;
        writer.u8(self.reason.as_u8());
        self.properties.encode(&mut writer);
        Ok(())
    }
}

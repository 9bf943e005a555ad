//! CONNACK (section 3.2): the server lets a client in, or says why not.

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    ConnackReason, DecodeErrorKind, EncodeError, PacketType, Properties, PropertyOwner, Version,
};

/// The answer to CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Connack<'a> {
    /// Whether the server still had the session; never with a refusal (`[MQTT-3.2.2-6]`).
    pub session_present: bool,
    /// Whether the client is let in. 3.1.1 return codes are mapped to the codes of MQTT 5.0, and
    /// [`ConnackReason::return_code`] maps back.
    pub reason: ConnackReason,
    /// None in 3.1.1.
    pub properties: Properties<&'a [u8]>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Connack);
const SESSION_PRESENT: u8 = 1;

impl<'a> Connack<'a> {
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let start = body;
        let flags = body.u8("connect acknowledge flags")?;
        if flags & !SESSION_PRESENT != 0 {
            return Err(start.fault(DecodeErrorKind::ReservedConnackFlags { found: flags }));
        }
        let session_present = flags & SESSION_PRESENT != 0;
        let at_reason = body;
        let code = body.u8("reason code")?;
        let reason = match version {
            Version::V311 => ConnackReason::from_return_code(code),
            // A server that knows only 3.1.1 answers an MQTT 5.0 CONNECT in its own format.
            Version::V5 if body.is_empty() && code == 0x01 => ConnackReason::from_return_code(code),
            Version::V5 => ConnackReason::from_u8(code),
        };
        let Some(reason) = reason else {
            return Err(at_reason.fault(DecodeErrorKind::UnknownReason { code }));
        };
        if session_present && reason.is_error() {
            return Err(start.fault(DecodeErrorKind::SessionPresentOnRefusal));
        }
        // Authentication data without a method is left to the session, which knows whether there is a
        // method: section 3.2.2.3.18 does not forbid it, as those of CONNECT and AUTH do.
        let properties = match version {
            Version::V5 if code != 0x01 => Properties::decode(&mut body, OWNER)?,
            _ => Properties::empty(),
        };
        body.finish()?;
        Ok(Self {
            session_present,
            reason,
            properties,
        })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if self.session_present && self.reason.is_error() {
            return Err(EncodeError::SessionPresentOnRefusal);
        }
        let code = match version {
            Version::V5 => self.reason.as_u8(),
            Version::V311 => self.reason.return_code().ok_or(EncodeError::NotInV311 {
                what: "return code for this reason",
            })?,
        };
        let length = 2 + self.properties.encoded_len_for(OWNER, version)?;
        let mut writer = Writer::packet(buffer, PacketType::Connack.first_byte(), length)?;
        writer.u8(u8::from(self.session_present));
        writer.u8(code);
        self.properties.encode_for(version, &mut writer);
        Ok(())
    }
}

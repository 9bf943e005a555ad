//! UNSUBACK (section 3.11): what became of each topic filter of an UNSUBSCRIBE.

use bytes::BytesMut;

use super::list::{check_codes, reason_item};
use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, List, PacketId, PacketType, Properties, PropertyOwner,
    UnsubackReason, Version,
};

/// The answer to UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Unsuback<'a> {
    /// Which request it answers.
    pub packet_id: PacketId,
    /// Reason string and user properties; none in 3.1.1.
    pub properties: Properties<&'a [u8]>,
    /// One a topic filter, in the order of the request (`[MQTT-3.11.3-1]`); none in 3.1.1, where
    /// the packet has no payload.
    pub reasons: List<'a, UnsubackReason>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Unsuback);

reason_item!(UnsubackReason);

impl<'a> Unsuback<'a> {
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let packet_id = body.packet_id()?;
        if version == Version::V311 {
            body.finish()?;
            let reasons = List::new(&[]);
            return Ok(Self {
                packet_id,
                properties: Properties::empty(),
                reasons,
            });
        }
        let properties = Properties::decode(&mut body, OWNER)?;
        if body.is_empty() {
            return Err(body.fault(DecodeErrorKind::NoReasonCode));
        }
        check_codes(&body, &UnsubackReason::KNOWN)?;
        Ok(Self {
            packet_id,
            properties,
            reasons: List::checked(body.rest()),
        })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        match version {
            Version::V5 if self.reasons.is_empty() => return Err(EncodeError::NoReasonCode),
            Version::V311 if !self.reasons.is_empty() => {
                return Err(EncodeError::NotInV311 {
                    what: "reason code here",
                });
            }
            _ => {}
        }
        let length =
            2 + self.properties.encoded_len_for(OWNER, version)? + self.reasons.encoded_len();
        let mut writer = Writer::packet(buffer, PacketType::Unsuback.first_byte(), length)?;
        writer.packet_id(self.packet_id);
        self.properties.encode_for(version, &mut writer);
        self.reasons.encode(&mut writer);
        Ok(())
    }
}

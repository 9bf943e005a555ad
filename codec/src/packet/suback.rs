//! SUBACK (section 3.9): what became of each subscription of a SUBSCRIBE.

use bytes::BytesMut;

use super::list::{check_codes, reason_item};
use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, List, PacketId, PacketType, Properties, PropertyOwner,
    SubackReason, Version,
};

/// The answer to SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Suback<'a> {
    /// Which request it answers.
    pub packet_id: PacketId,
    /// Reason string and user properties; none in 3.1.1.
    pub properties: Properties<&'a [u8]>,
    /// One a topic filter, in the order of the request (`[MQTT-3.8.4-6]`, `[MQTT-3.9.3-1]`).
    pub reasons: List<'a, SubackReason>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Suback);
const FIRST: u8 = PacketType::Suback.first_byte();
/// The most codes of a packet without properties whose remaining length is one byte.
const SHORT: usize = 0x7F - 3;

reason_item!(SubackReason);

impl<'a> Suback<'a> {
    #[inline]
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let packet_id = body.packet_id()?;
        let properties = Properties::decode_for(version, &mut body, OWNER)?;
        if body.is_empty() {
            return Err(body.fault(DecodeErrorKind::NoReasonCode));
        }
        check_codes(
            &body,
            match version {
                Version::V5 => &SubackReason::KNOWN,
                Version::V311 => &SubackReason::KNOWN_IN_V311,
            },
        )?;
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
    #[inline]
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        let count = self.reasons.encoded_len();
        if version == Version::V5 && self.properties.is_empty() && (1..=SHORT).contains(&count) {
            let [high, low] = self.packet_id.get().to_be_bytes();
            let head = [FIRST, (3 + count) as u8, high, low, 0];
            self.reasons.encode(&mut Writer::behind(head, buffer));
            return Ok(());
        }
        self.encode_any(version, buffer)
    }

    #[inline(never)]
    fn encode_any(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if self.reasons.is_empty() {
            return Err(EncodeError::NoReasonCode);
        }
        if version == Version::V311 && self.reasons.iter().any(|reason| !reason.in_v311()) {
            return Err(EncodeError::NotInV311 {
                what: "return code for this reason",
            });
        }
        let length =
            2 + self.properties.encoded_len_for(OWNER, version)? + self.reasons.encoded_len();
        let mut writer = Writer::packet(buffer, FIRST, length)?;
        writer.packet_id(self.packet_id);
        self.properties.encode_for(version, &mut writer);
        self.reasons.encode(&mut writer);
        Ok(())
    }
}

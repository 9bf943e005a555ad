//! UNSUBSCRIBE (section 3.10): a client asks for no more messages.

use bytes::BytesMut;

use super::list::Item;
use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, List, PacketId, PacketType, Properties, PropertyOwner,
    TopicFilter, Version,
};

/// A request to end one or more subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Unsubscribe<'a> {
    /// Which request the UNSUBACK answers.
    pub packet_id: PacketId,
    /// User properties; none in 3.1.1.
    pub properties: Properties<&'a [u8]>,
    /// Which subscriptions; at least one (`[MQTT-3.10.3-2]`).
    pub filters: List<'a, TopicFilter<&'a str>>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Unsubscribe);

impl<'a> Item<'a> for TopicFilter<&'a str> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        reader.topic_filter()
    }

    fn write(self, writer: &mut Writer<'_>) {
        writer.text(self.into());
    }

    fn encoded_len(self) -> usize {
        2 + self.get().len()
    }
}

impl<'a> Unsubscribe<'a> {
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let packet_id = body.packet_id()?;
        let properties = Properties::decode_for(version, &mut body, OWNER)?;
        if body.is_empty() {
            return Err(body.fault(DecodeErrorKind::NoTopicFilter));
        }
        let wire = body.rest();
        while !body.is_empty() {
            let start = body;
            let filter = body.topic_filter()?;
            if version == Version::V5
                && let Err(error) = filter.shared()
            {
                return Err(start.fault(DecodeErrorKind::InvalidTopicFilter(error)));
            }
        }
        Ok(Self {
            packet_id,
            properties,
            filters: List::checked(wire),
        })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if self.filters.is_empty() {
            return Err(EncodeError::NoTopicFilter);
        }
        if version == Version::V5 {
            for filter in self.filters {
                filter.shared().map_err(EncodeError::InvalidTopicFilter)?;
            }
        }
        let length =
            2 + self.properties.encoded_len_for(OWNER, version)? + self.filters.encoded_len();
        let mut writer = Writer::packet(buffer, PacketType::Unsubscribe.first_byte(), length)?;
        writer.packet_id(self.packet_id);
        self.properties.encode_for(version, &mut writer);
        self.filters.encode(&mut writer);
        Ok(())
    }
}

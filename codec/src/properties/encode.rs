//! Builds a property block, and writes one.

use bytes::BufMut;

use super::{Properties, Property, PropertyId, PropertyOwner};
use crate::wire::{Writer, var_int_len};
use crate::{EncodeError, VAR_INT_MAX, Version};

/// Enough for a few short properties, so that a block does not grow with each of them.
const FIRST_CAPACITY: usize = 64;

/// Why a property cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// It is there already, and may be there only once.
    #[error("the {id} is there already")]
    Repeated {
        /// Which property.
        id: PropertyId,
    },
    /// Its value is not one that the standard allows.
    #[error("{value} is out of range for the {id}")]
    OutOfRange {
        /// Which property.
        id: PropertyId,
        /// The value.
        value: u32,
    },
}

impl Properties<Vec<u8>> {
    /// Adds a property behind the others.
    ///
    /// A subscription identifier may be added again, as a PUBLISH to a client may carry several;
    /// a SUBSCRIBE with several is refused when it is encoded.
    ///
    /// # Errors
    ///
    /// Where the property is there already and may not repeat, or its value is out of range. The
    /// block is then as it was.
    pub fn push(&mut self, property: Property<'_>) -> Result<(), PropertyError> {
        let id = property.id();
        let may_repeat = matches!(
            id,
            PropertyId::UserProperty | PropertyId::SubscriptionIdentifier
        );
        if self.contains(id) && !may_repeat {
            return Err(PropertyError::Repeated { id });
        }
        let out_of_range = |value| Err(PropertyError::OutOfRange { id, value });
        match property {
            Property::SubscriptionIdentifier(value) if value == 0 || value > VAR_INT_MAX => {
                return out_of_range(value);
            }
            Property::ReceiveMaximum(0)
            | Property::TopicAlias(0)
            | Property::MaximumPacketSize(0) => {
                return out_of_range(0);
            }
            Property::MaximumQos(crate::QoS::ExactlyOnce) => return out_of_range(2),
            _ => {}
        }
        if self.block.capacity() == 0 {
            self.block.reserve(FIRST_CAPACITY);
        }
        self.block.push(id as u8);
        self.push_value(property);
        self.present |= id.bit();
        Ok(())
    }

    fn push_value(&mut self, property: Property<'_>) {
        let block = &mut self.block;
        let prefixed = |block: &mut Vec<u8>, bytes: &[u8]| {
            block.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            block.extend_from_slice(bytes);
        };
        match property {
            Property::PayloadFormatIndicator(flag)
            | Property::RequestProblemInformation(flag)
            | Property::RequestResponseInformation(flag)
            | Property::RetainAvailable(flag)
            | Property::WildcardSubscriptionAvailable(flag)
            | Property::SubscriptionIdentifierAvailable(flag)
            | Property::SharedSubscriptionAvailable(flag) => block.push(u8::from(flag)),
            Property::MaximumQos(qos) => block.push(qos as u8),
            Property::ServerKeepAlive(value)
            | Property::ReceiveMaximum(value)
            | Property::TopicAliasMaximum(value)
            | Property::TopicAlias(value) => block.put_u16(value),
            Property::MessageExpiryInterval(value)
            | Property::SessionExpiryInterval(value)
            | Property::WillDelayInterval(value)
            | Property::MaximumPacketSize(value) => block.put_u32(value),
            Property::SubscriptionIdentifier(mut value) => {
                while value >= 0x80 {
                    block.push(value as u8 | 0x80);
                    value >>= 7;
                }
                block.push(value as u8);
            }
            Property::ContentType(text)
            | Property::AssignedClientIdentifier(text)
            | Property::AuthenticationMethod(text)
            | Property::ResponseInformation(text)
            | Property::ServerReference(text)
            | Property::ReasonString(text) => prefixed(block, text.get().as_bytes()),
            Property::ResponseTopic(topic) => prefixed(block, topic.get().as_bytes()),
            Property::CorrelationData(data) | Property::AuthenticationData(data) => {
                prefixed(block, data.get());
            }
            Property::UserProperty(name, value) => {
                prefixed(block, name.get().as_bytes());
                prefixed(block, value.get().as_bytes());
            }
        }
    }
}

impl Properties<&[u8]> {
    /// How many bytes the block takes on the wire, with its length.
    #[inline]
    const fn encoded_len(&self) -> usize {
        // A block too long for its length field makes a packet too long for its own, which
        // `Writer::packet` refuses.
        let length = self.block.len();
        var_int_len(length as u32) + length
    }

    /// Refuses what does not belong into packets of this kind.
    #[inline]
    fn check_encode(&self, owner: PropertyOwner) -> Result<(), EncodeError> {
        if self.present & !owner.allowed() == 0 {
            return Ok(());
        }
        match self.misplaced_in(owner) {
            Some(id) => Err(EncodeError::MisplacedProperty { id, owner }),
            None => Ok(()),
        }
    }

    /// How many bytes the block takes in a packet of this kind and version: none in 3.1.1, which
    /// has no properties and refuses them.
    #[inline]
    pub(crate) fn encoded_len_for(
        &self,
        owner: PropertyOwner,
        version: Version,
    ) -> Result<usize, EncodeError> {
        match version {
            Version::V5 => {
                self.check_encode(owner)?;
                Ok(self.encoded_len())
            }
            Version::V311 if self.is_empty() => Ok(0),
            Version::V311 => Err(EncodeError::NotInV311 { what: "properties" }),
        }
    }

    /// Writes what a packet of this version has at this place: a block in MQTT 5.0, nothing in
    /// 3.1.1, for which [`encoded_len_for`](Self::encoded_len_for) has refused any.
    #[inline]
    pub(crate) fn encode_for(&self, version: Version, writer: &mut Writer<'_>) {
        if version == Version::V5 {
            self.encode(writer);
        }
    }

    /// Writes the block with its length (`[MQTT-2.2.2-1]`: 0 where there are none).
    #[inline]
    pub(crate) fn encode(&self, writer: &mut Writer<'_>) {
        writer.var_int(self.block.len() as u32);
        writer.bytes(self.block);
    }
}

//! Builds a property block, and writes one.

use bytes::BufMut;

use super::{Properties, Property, PropertyId, PropertyOwner};
use crate::wire::{Writer, var_int_len};
use crate::{EncodeError, QoS, VAR_INT_MAX, Version};

/// Enough for what most messages have, so that a block is allocated once.
const FIRST_CAPACITY: usize = 192;

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
    #[inline]
    pub fn push(&mut self, property: Property<'_>) -> Result<(), PropertyError> {
        let present = join(&property, self.present)?;
        if self.block.capacity() == 0 {
            self.block.reserve(FIRST_CAPACITY);
        }
        write(&property, &mut self.block);
        self.present = present;
        Ok(())
    }

    /// Removes all properties and keeps the room, for the next block.
    pub fn clear(&mut self) {
        self.block.clear();
        self.present = 0;
    }
}

/// Which properties there are with this one, where it may join those that are `present`.
#[inline]
pub(super) fn join(property: &Property<'_>, present: u64) -> Result<u64, PropertyError> {
    const MAY_REPEAT: u64 =
        PropertyId::UserProperty.bit() | PropertyId::SubscriptionIdentifier.bit();
    /// Those that have values which are out of range.
    const HAVE_RANGE: u64 = PropertyId::SubscriptionIdentifier.bit()
        | PropertyId::ReceiveMaximum.bit()
        | PropertyId::TopicAlias.bit()
        | PropertyId::MaximumPacketSize.bit()
        | PropertyId::MaximumQos.bit();
    let id = property.id();
    if present & id.bit() & !MAY_REPEAT != 0 {
        return Err(PropertyError::Repeated { id });
    }
    if id.bit() & HAVE_RANGE != 0 {
        check_range(property)?;
    }
    Ok(present | id.bit())
}

#[inline(never)]
fn check_range(property: &Property<'_>) -> Result<(), PropertyError> {
    let value = match *property {
        Property::SubscriptionIdentifier(value) if value == 0 || value > VAR_INT_MAX => value,
        Property::ReceiveMaximum(0) | Property::TopicAlias(0) | Property::MaximumPacketSize(0) => 0,
        Property::MaximumQos(QoS::ExactlyOnce) => 2,
        _ => return Ok(()),
    };
    let id = property.id();
    Err(PropertyError::OutOfRange { id, value })
}

/// How many bytes a property takes on the wire, with its identifier.
#[inline]
pub(super) fn encoded_len_of(property: &Property<'_>) -> usize {
    1 + match *property {
        Property::PayloadFormatIndicator(_)
        | Property::RequestProblemInformation(_)
        | Property::RequestResponseInformation(_)
        | Property::RetainAvailable(_)
        | Property::WildcardSubscriptionAvailable(_)
        | Property::SubscriptionIdentifierAvailable(_)
        | Property::SharedSubscriptionAvailable(_)
        | Property::MaximumQos(_) => 1,
        Property::ServerKeepAlive(_)
        | Property::ReceiveMaximum(_)
        | Property::TopicAliasMaximum(_)
        | Property::TopicAlias(_) => 2,
        Property::MessageExpiryInterval(_)
        | Property::SessionExpiryInterval(_)
        | Property::WillDelayInterval(_)
        | Property::MaximumPacketSize(_) => 4,
        Property::SubscriptionIdentifier(value) => var_int_len(value),
        Property::ContentType(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => 2 + text.get().len(),
        Property::ResponseTopic(topic) => 2 + topic.get().len(),
        Property::CorrelationData(data) | Property::AuthenticationData(data) => {
            2 + data.get().len()
        }
        Property::UserProperty(name, value) => 2 + name.get().len() + 2 + value.get().len(),
    }
}

/// Writes a property that was checked.
#[inline]
pub(super) fn write(property: &Property<'_>, out: &mut impl BufMut) {
    let id = property.id() as u8;
    match *property {
        Property::PayloadFormatIndicator(flag)
        | Property::RequestProblemInformation(flag)
        | Property::RequestResponseInformation(flag)
        | Property::RetainAvailable(flag)
        | Property::WildcardSubscriptionAvailable(flag)
        | Property::SubscriptionIdentifierAvailable(flag)
        | Property::SharedSubscriptionAvailable(flag) => out.put_slice(&[id, u8::from(flag)]),
        Property::MaximumQos(qos) => out.put_slice(&[id, qos as u8]),
        Property::ServerKeepAlive(value)
        | Property::ReceiveMaximum(value)
        | Property::TopicAliasMaximum(value)
        | Property::TopicAlias(value) => {
            let [high, low] = value.to_be_bytes();
            out.put_slice(&[id, high, low]);
        }
        Property::MessageExpiryInterval(value)
        | Property::SessionExpiryInterval(value)
        | Property::WillDelayInterval(value)
        | Property::MaximumPacketSize(value) => {
            let [a, b, c, d] = value.to_be_bytes();
            out.put_slice(&[id, a, b, c, d]);
        }
        Property::SubscriptionIdentifier(mut value) => {
            out.put_u8(id);
            while value >= 0x80 {
                out.put_u8(value as u8 | 0x80);
                value >>= 7;
            }
            out.put_u8(value as u8);
        }
        Property::ContentType(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => write_prefixed(id, text.get().as_bytes(), out),
        Property::ResponseTopic(topic) => write_prefixed(id, topic.get().as_bytes(), out),
        Property::CorrelationData(data) | Property::AuthenticationData(data) => {
            write_prefixed(id, data.get(), out);
        }
        Property::UserProperty(name, value) => {
            write_prefixed(id, name.get().as_bytes(), out);
            let value = value.get().as_bytes();
            out.put_slice(&(value.len() as u16).to_be_bytes());
            out.put_slice(value);
        }
    }
}

/// An identifier and a value behind its length, which its type has checked.
#[inline]
fn write_prefixed(id: u8, value: &[u8], out: &mut impl BufMut) {
    let [high, low] = (value.len() as u16).to_be_bytes();
    out.put_slice(&[id, high, low]);
    out.put_slice(value);
}

/// What a packet takes its properties from when it is encoded.
pub(crate) trait Source {
    fn is_empty(&self) -> bool;

    fn contains(&self, id: PropertyId) -> bool;

    /// How many bytes they take in a packet of this kind and version, with their length: none in
    /// 3.1.1, which has no properties and refuses them.
    fn encoded_len_for(&self, owner: PropertyOwner, version: Version)
    -> Result<usize, EncodeError>;

    /// Writes what a packet of this version has at this place: a block in MQTT 5.0, nothing in
    /// 3.1.1, for which [`encoded_len_for`](Self::encoded_len_for) has refused any.
    fn encode_for(&self, version: Version, writer: &mut Writer<'_>);
}

impl Source for Properties<&[u8]> {
    #[inline]
    fn is_empty(&self) -> bool {
        Properties::is_empty(self)
    }

    #[inline]
    fn contains(&self, id: PropertyId) -> bool {
        Properties::contains(self, id)
    }

    #[inline]
    fn encoded_len_for(
        &self,
        owner: PropertyOwner,
        version: Version,
    ) -> Result<usize, EncodeError> {
        Properties::encoded_len_for(self, owner, version)
    }

    #[inline]
    fn encode_for(&self, version: Version, writer: &mut Writer<'_>) {
        Properties::encode_for(self, version, writer);
    }
}

/// The error about the first of these identifiers that packets of this kind may not carry, where
/// there is one.
#[cold]
pub(super) fn misplaced(
    mut ids: impl Iterator<Item = PropertyId>,
    owner: PropertyOwner,
) -> EncodeError {
    let id = ids
        .find(|id| !id.allowed_in(owner))
        .expect("one was seen before this was called");
    EncodeError::MisplacedProperty { id, owner }
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
        let ids = self.iter().map(|property| property.id());
        Err(misplaced(ids, owner))
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

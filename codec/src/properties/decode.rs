//! Reads and checks a property block.

use super::skim::skim;
use super::{Properties, Property, PropertyId, PropertyOwner};
use crate::wire::{Fault, Reader};
use crate::{DecodeErrorKind, QoS, Version};

impl<'a> Properties<&'a [u8]> {
    /// What a packet of this version has at this place: a block in MQTT 5.0, nothing in 3.1.1.
    #[inline]
    pub(crate) fn decode_for(
        version: Version,
        reader: &mut Reader<'a>,
        owner: PropertyOwner,
    ) -> Result<Self, Fault> {
        match version {
            Version::V311 => Ok(Self::empty()),
            Version::V5 => Self::decode(reader, owner),
        }
    }

    /// Reads a block with its length, as one of `owner` must be: known identifiers, in their
    /// place, none twice, with values in range.
    #[inline]
    pub(crate) fn decode(reader: &mut Reader<'a>, owner: PropertyOwner) -> Result<Self, Fault> {
        // Most packets have none.
        if let Some((0, _)) = reader.rest().split_first() {
            reader.u8("property length")?;
            return Ok(Self::empty());
        }
        // A copy of its own, so that the caller's reader may stay in registers.
        let mut outlined = *reader;
        let properties = Self::decode_some(&mut outlined, owner);
        *reader = outlined;
        properties
    }

    #[inline(never)]
    fn decode_some(reader: &mut Reader<'a>, owner: PropertyOwner) -> Result<Self, Fault> {
        let length = reader.var_int("property length")?;
        let block = reader.sub(length as usize, "properties")?;
        let present = match skim(block.rest(), owner) {
            Some(present) => {
                debug_assert_eq!(check_block(block, owner), Ok(present));
                present
            }
            None => check_block(block, owner)?,
        };
        Ok(Self {
            block: block.rest(),
            present,
        })
    }
}

/// Which properties the block holds, one bit an identifier.
#[cold]
fn check_block(mut block: Reader<'_>, owner: PropertyOwner) -> Result<u64, Fault> {
    let block = &mut block;
    let allowed = owner.allowed();
    let mut present = 0;
    while !block.is_empty() {
        let start = *block;
        let id = read_id(block)?;
        let bit = id.bit();
        if allowed & bit == 0 {
            return Err(start.fault(DecodeErrorKind::MisplacedProperty { id, owner }));
        }
        // No numbered statement: each property's own section calls a repeat a protocol error.
        if present & bit != 0 && !id.may_repeat_in(owner) {
            return Err(start.fault(DecodeErrorKind::RepeatedProperty { id }));
        }
        present |= bit;
        read_value(block, id)?;
    }
    Ok(present)
}

#[inline]
fn read_id(block: &mut Reader<'_>) -> Result<PropertyId, Fault> {
    // A variable byte integer, of which all that the table has take one byte.
    let start = *block;
    if let Some(id) = block.rest().first().copied().and_then(PropertyId::from_u8) {
        block.u8("property identifier")?;
        return Ok(id);
    }
    let id = block.var_int("property identifier")?;
    Err(start.fault(DecodeErrorKind::UnknownProperty { id }))
}

/// The next property of a block.
#[inline]
pub(super) fn read_property<'a>(block: &mut Reader<'a>) -> Result<Property<'a>, Fault> {
    let id = read_id(block)?;
    read_value(block, id)
}

#[inline]
fn read_value<'a>(block: &mut Reader<'a>, id: PropertyId) -> Result<Property<'a>, Fault> {
    let start = *block;
    let field = id.text();
    let refuse = |value: u32| start.fault(DecodeErrorKind::PropertyOutOfRange { id, value });
    Ok(match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(flag(block, id)?),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(block.u32(field)?),
        PropertyId::ContentType => Property::ContentType(block.text(field)?),
        PropertyId::ResponseTopic => match block.topic_name(field).map_err(in_response_topic)? {
            Some(topic) => Property::ResponseTopic(topic),
            None => return Err(start.fault(DecodeErrorKind::EmptyTopicName)),
        },
        PropertyId::CorrelationData => Property::CorrelationData(block.binary(field)?),
        PropertyId::SubscriptionIdentifier => match block.var_int(field)? {
            0 => return Err(refuse(0)),
            identifier => Property::SubscriptionIdentifier(identifier),
        },
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(block.u32(field)?),
        PropertyId::AssignedClientIdentifier => {
            Property::AssignedClientIdentifier(block.text(field)?)
        }
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(block.u16(field)?),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(block.text(field)?),
        PropertyId::AuthenticationData => Property::AuthenticationData(block.binary(field)?),
        PropertyId::RequestProblemInformation => {
            Property::RequestProblemInformation(flag(block, id)?)
        }
        PropertyId::WillDelayInterval => Property::WillDelayInterval(block.u32(field)?),
        PropertyId::RequestResponseInformation => {
            Property::RequestResponseInformation(flag(block, id)?)
        }
        PropertyId::ResponseInformation => Property::ResponseInformation(block.text(field)?),
        PropertyId::ServerReference => Property::ServerReference(block.text(field)?),
        PropertyId::ReasonString => Property::ReasonString(block.text(field)?),
        PropertyId::ReceiveMaximum => match block.u16(field)? {
            0 => return Err(refuse(0)),
            count => Property::ReceiveMaximum(count),
        },
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(block.u16(field)?),
        PropertyId::TopicAlias => match block.u16(field)? {
            // [MQTT-3.3.2-8]
            0 => return Err(refuse(0)),
            alias => Property::TopicAlias(alias),
        },
        PropertyId::MaximumQos => match QoS::from_u8(block.u8(field)?) {
            Some(qos) if qos < QoS::ExactlyOnce => Property::MaximumQos(qos),
            _ => return Err(refuse(u32::from(start.rest()[0]))),
        },
        PropertyId::RetainAvailable => Property::RetainAvailable(flag(block, id)?),
        PropertyId::UserProperty => Property::UserProperty(block.text(field)?, block.text(field)?),
        PropertyId::MaximumPacketSize => match block.u32(field)? {
            0 => return Err(refuse(0)),
            bytes => Property::MaximumPacketSize(bytes),
        },
        PropertyId::WildcardSubscriptionAvailable => {
            Property::WildcardSubscriptionAvailable(flag(block, id)?)
        }
        PropertyId::SubscriptionIdentifierAvailable => {
            Property::SubscriptionIdentifierAvailable(flag(block, id)?)
        }
        PropertyId::SharedSubscriptionAvailable => {
            Property::SharedSubscriptionAvailable(flag(block, id)?)
        }
    })
}

#[cold]
fn in_response_topic(fault: Fault) -> Fault {
    let kind = match fault.kind {
        // [MQTT-3.3.2-14]
        DecodeErrorKind::WildcardInTopicName => DecodeErrorKind::WildcardInResponseTopic,
        kind => kind,
    };
    Fault { kind, ..fault }
}

#[inline]
fn flag(block: &mut Reader<'_>, id: PropertyId) -> Result<bool, Fault> {
    let start = *block;
    match block.u8(id.text())? {
        0 => Ok(false),
        1 => Ok(true),
        value => {
            let value = u32::from(value);
            Err(start.fault(DecodeErrorKind::PropertyOutOfRange { id, value }))
        }
    }
}

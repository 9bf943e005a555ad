//! Passes over a property block in which nothing is wrong, as nearly all are: no errors, no values,
//! nothing outlined. What it does not pass goes to [`super::decode`], which knows why, or finds that
//! it is right after all.

use super::{PropertyId, PropertyOwner};
use crate::wire::{Wildcards, is_plain, whole_var_int};

/// Which properties the block holds, one bit an identifier; `None` where it takes a closer look to
/// say whether it is right.
pub(super) fn skim(block: &[u8], owner: PropertyOwner) -> Option<u64> {
    let once = !owner.repeatable();
    let mut may_come = owner.allowed();
    let mut present = 0;
    let mut rest = block;
    while let Some((id, value)) = rest.split_first() {
        // The one that comes in numbers: every packet that has properties may carry it, and again.
        if *id == PropertyId::UserProperty as u8 {
            present |= PropertyId::UserProperty.bit();
            rest = skim_text(skim_text(value)?)?;
            continue;
        }
        let id = PropertyId::from_u8(*id)?;
        let bit = id.bit();
        if may_come & bit == 0 {
            return None;
        }
        may_come &= !(bit & once);
        present |= bit;
        rest = skim_value(id, value)?;
    }
    Some(present)
}

/// What lies behind the value.
#[inline(always)]
fn skim_value(id: PropertyId, bytes: &[u8]) -> Option<&[u8]> {
    match id {
        PropertyId::UserProperty => skim_text(skim_text(bytes)?),
        PropertyId::ContentType
        | PropertyId::AssignedClientIdentifier
        | PropertyId::AuthenticationMethod
        | PropertyId::ResponseInformation
        | PropertyId::ServerReference
        | PropertyId::ReasonString => skim_text(bytes),
        PropertyId::ResponseTopic => {
            let (topic, rest) = split_prefixed(bytes)?;
            (!topic.is_empty() && is_plain(topic, Wildcards::Refused)).then_some(rest)
        }
        PropertyId::CorrelationData | PropertyId::AuthenticationData => {
            Some(split_prefixed(bytes)?.1)
        }
        PropertyId::PayloadFormatIndicator
        | PropertyId::RequestProblemInformation
        | PropertyId::RequestResponseInformation
        | PropertyId::MaximumQos
        | PropertyId::RetainAvailable
        | PropertyId::WildcardSubscriptionAvailable
        | PropertyId::SubscriptionIdentifierAvailable
        | PropertyId::SharedSubscriptionAvailable => match bytes {
            [0 | 1, rest @ ..] => Some(rest),
            _ => None,
        },
        PropertyId::ServerKeepAlive | PropertyId::TopicAliasMaximum => bytes.get(2..),
        PropertyId::ReceiveMaximum | PropertyId::TopicAlias => match bytes {
            [0, 0, ..] => None,
            _ => bytes.get(2..),
        },
        PropertyId::MessageExpiryInterval
        | PropertyId::SessionExpiryInterval
        | PropertyId::WillDelayInterval => bytes.get(4..),
        PropertyId::MaximumPacketSize => match bytes {
            [0, 0, 0, 0, ..] => None,
            _ => bytes.get(4..),
        },
        PropertyId::SubscriptionIdentifier => match whole_var_int(bytes)? {
            (0, _) => None,
            (_, length) => bytes.get(length..),
        },
    }
}

#[inline(always)]
fn skim_text(bytes: &[u8]) -> Option<&[u8]> {
    let (text, rest) = split_prefixed(bytes)?;
    is_plain(text, Wildcards::Allowed).then_some(rest)
}

#[inline(always)]
fn split_prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PacketType, Properties, Property, TopicName};

    /// The block of these properties; what each of them holds is right.
    fn block(properties: &[Property<'_>]) -> Vec<u8> {
        let mut built = Properties::new();
        for property in properties {
            built.push(*property).unwrap();
        }
        built.block().to_vec()
    }

    const MESSAGE: PropertyOwner = PropertyOwner::Packet(PacketType::Publish);

    #[test]
    fn what_is_right_and_ascii_is_passed_over() {
        let text = |text: &'static str| text.try_into().unwrap();
        let bytes = block(&[
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(0),
            Property::ContentType(text("text/plain; charset=utf-8")),
            Property::ResponseTopic(TopicName::new("answers/1").unwrap()),
            Property::CorrelationData(crate::Binary::new(&b"\0\xFF"[..]).unwrap()),
            Property::SubscriptionIdentifier(1),
            Property::SubscriptionIdentifier(268_435_455),
            Property::TopicAlias(256),
            Property::UserProperty(text(""), text("+/#")),
            Property::UserProperty(text(""), text("+/#")),
        ]);
        let present = [0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26];
        let bits = present.into_iter().fold(0, |bits, id| bits | 1 << id);
        assert_eq!(skim(&bytes, MESSAGE), Some(bits));
        // Cut off anywhere but between two properties, it is not.
        let whole = (0..bytes.len()).filter(|end| skim(&bytes[..*end], MESSAGE).is_some());
        assert_eq!(whole.count(), 10);
    }

    #[test]
    fn what_may_be_wrong_is_left_to_a_closer_look() {
        for bytes in [
            &b"\x00"[..],
            b"\x01\x02",
            b"\x03\0\x01\0",
            "\x03\0\x02é".as_bytes(),
            b"\x08\0\0",
            b"\x08\0\x01#",
            b"\x0B\0",
            b"\x0B\x80\0",
            b"\x11\0\0\0\0",
            b"\x23\0\0",
            b"\x23\0\x01\x23\0\x01",
            b"\x26\0\0",
            b"\x2B",
            b"\xA6\0\0\0\0",
        ] {
            assert_eq!(skim(bytes, MESSAGE), None, "{bytes:x?}");
        }
    }
}

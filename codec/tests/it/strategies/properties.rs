//! Property blocks.

use nack_codec::{Binary, Property, PropertyId, PropertyOwner, QoS, Text, TopicName, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::values::{binaries, numbers, texts, topics};
use crate::model::Block;

/// Some of the properties that the owner may carry, in any order; none in 3.1.1.
pub(super) fn properties(owner: PropertyOwner, version: Version) -> BoxedStrategy<Block> {
    if version == Version::V311 {
        return Just(Block::new()).boxed();
    }
    let mut allowed: Vec<_> = PropertyId::ALL
        .iter()
        .copied()
        .filter(|id| id.allowed_in(owner))
        .collect();
    // Those that may repeat are drawn up to three times.
    let repeating: Vec<_> = allowed
        .iter()
        .copied()
        .filter(|id| id.may_repeat_in(owner))
        .collect();
    allowed.extend([&repeating[..], &repeating].concat());
    let count = 0..=allowed.len();
    // Packets without properties are as common as those with some.
    let some = subsequence(allowed, count)
        .prop_shuffle()
        .prop_flat_map(|ids| {
            let values = vec(
                (numbers(), texts(), texts(), topics(), binaries()),
                ids.len(),
            );
            values.prop_map(move |values| {
                let mut block = Block::new();
                for (id, (number, text, other, topic, binary)) in ids.iter().zip(&values) {
                    let property = property(*id, *number, (text, other), topic, binary);
                    block.push(property).expect("it may repeat and is in range");
                }
                block
            })
        });
    prop_oneof![Just(Block::new()), some].boxed()
}

/// The property of this identifier that these values make.
fn property<'a>(
    id: PropertyId,
    number: u32,
    (text, other): (&'a Text, &'a Text),
    topic: &'a TopicName,
    binary: &'a Binary,
) -> Property<'a> {
    let flag = number % 2 == 1;
    let (text, other) = (text.borrow(), other.borrow());
    let (short, above_0) = (number as u16, (number as u16).max(1));
    match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(flag),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(number),
        PropertyId::ContentType => Property::ContentType(text),
        PropertyId::ResponseTopic => Property::ResponseTopic(topic.borrow()),
        PropertyId::CorrelationData => Property::CorrelationData(binary.borrow()),
        PropertyId::SubscriptionIdentifier => {
            Property::SubscriptionIdentifier((number % 268_435_456).max(1))
        }
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(number),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier(text),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(short),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(text),
        PropertyId::AuthenticationData => Property::AuthenticationData(binary.borrow()),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(flag),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(number),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(flag),
        PropertyId::ResponseInformation => Property::ResponseInformation(text),
        PropertyId::ServerReference => Property::ServerReference(text),
        PropertyId::ReasonString => Property::ReasonString(text),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(above_0),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(short),
        PropertyId::TopicAlias => Property::TopicAlias(above_0),
        PropertyId::MaximumQos => Property::MaximumQos(if flag {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        }),
        PropertyId::RetainAvailable => Property::RetainAvailable(flag),
        PropertyId::UserProperty => Property::UserProperty(text, other),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(number.max(1)),
        PropertyId::WildcardSubscriptionAvailable => Property::WildcardSubscriptionAvailable(flag),
        PropertyId::SubscriptionIdentifierAvailable => {
            Property::SubscriptionIdentifierAvailable(flag)
        }
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(flag),
    }
}

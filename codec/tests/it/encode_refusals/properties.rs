//! Properties where they do not belong, and blocks that cannot be built.

use nack_codec::{EncodeError, Property, PropertyError, PropertyId, QoS, Text, Version};

use super::good::{built, with_properties};
use super::refused;
use crate::property_table::{OWNERS, needed_before, rows};
use crate::vectors::written;

#[test]
fn every_property_is_refused_in_every_packet_that_may_not_carry_it() {
    let method = Property::AuthenticationMethod(Text::EMPTY);
    for row in rows() {
        let id = PropertyId::from_u8(row.id).expect("in the table");
        for owner in OWNERS {
            let mut block = built(&[row.examples[0].value]);
            if !needed_before(*owner, row.id).is_empty() && method.id().allowed_in(*owner) {
                block.push(method).expect("it is another property");
            }
            with_properties(*owner, block.borrow(), |packet| {
                if row.owners.contains(owner) {
                    written(packet, Version::V5);
                } else {
                    let misplaced = EncodeError::MisplacedProperty { id, owner: *owner };
                    refused(packet, Version::V5, misplaced);
                }
            });
        }
    }
}

#[test]
fn properties_refuse_values_out_of_range() {
    for (property, value) in [
        (Property::SubscriptionIdentifier(0), 0),
        (Property::SubscriptionIdentifier(268_435_456), 268_435_456),
        (Property::ReceiveMaximum(0), 0),
        (Property::TopicAlias(0), 0),
        (Property::MaximumPacketSize(0), 0),
        (Property::MaximumQos(QoS::ExactlyOnce), 2),
    ] {
        let mut block = built(&[Property::RetainAvailable(true)]);
        let error = PropertyError::OutOfRange {
            id: property.id(),
            value,
        };
        assert_eq!(block.push(property), Err(error));
        assert_eq!(block, built(&[Property::RetainAvailable(true)]));
    }
}

#[test]
fn properties_refuse_a_second_one_where_one_is_all() {
    for row in rows() {
        let value = row.examples[0].value;
        let mut block = built(&[value]);
        match block.push(value) {
            Ok(()) => assert!([0x0B, 0x26].contains(&row.id), "{}", row.name),
            Err(error) => {
                assert_eq!(error, PropertyError::Repeated { id: value.id() });
                assert_eq!(block, built(&[value]));
            }
        }
    }
}

//! Every property in every packet that may carry it.

use nack_codec::{Packet, Properties, PropertyId, Version};

use super::{read, written};
use crate::notation::{hex, wire};
use crate::property_table::{OWNERS, WILL, needed_before, packet_with_properties, rows};

/// The properties of whatever carries some in the packet: its own, or else those of its will.
fn carried<'p>(packet: &'p Packet<'_>) -> &'p Properties<&'p [u8]> {
    match packet {
        Packet::Connect(packet) => match &packet.will {
            Some(will) => &will.properties,
            None => &packet.properties,
        },
        Packet::Connack(packet) => &packet.properties,
        Packet::Publish(packet) => &packet.properties,
        Packet::Puback(packet) => &packet.properties,
        Packet::Pubrec(packet) => &packet.properties,
        Packet::Pubrel(packet) => &packet.properties,
        Packet::Pubcomp(packet) => &packet.properties,
        Packet::Subscribe(packet) => &packet.properties,
        Packet::Suback(packet) => &packet.properties,
        Packet::Unsubscribe(packet) => &packet.properties,
        Packet::Unsuback(packet) => &packet.properties,
        Packet::Disconnect(packet) => &packet.properties,
        Packet::Auth(packet) => &packet.properties,
        Packet::Pingreq | Packet::Pingresp => panic!("a ping has no properties"),
    }
}

#[test]
fn every_property_is_read_and_written_in_every_packet_that_may_carry_it() {
    for row in rows() {
        for owner in &row.owners {
            for example in &row.examples {
                let needed = needed_before(*owner, row.id);
                let block = [&needed[..], &wire(example.notation)].concat();
                let (bytes, _) = packet_with_properties(*owner, &block);
                let packet = read(&bytes, Version::V5);
                let properties = carried(&packet);
                let last = properties.iter().last().expect("there is one");
                assert_eq!(last, example.value, "{} in {owner}", row.name);
                assert_eq!(last.id() as u8, row.id);
                assert!((example.found)(properties), "{} in {owner}", row.name);
                assert!(properties.contains(last.id()));
                assert_eq!(properties.block(), block);
                let written = written(&packet, Version::V5);
                assert_eq!(hex(&written), hex(&bytes), "{} in {owner}", row.name);
            }
        }
    }
}

#[test]
fn building_a_block_gives_the_bytes_of_the_standard() {
    for row in rows() {
        for example in &row.examples {
            let mut properties = Properties::new();
            properties.push(example.value).expect("one that is allowed");
            assert_eq!(
                hex(properties.block()),
                hex(&wire(example.notation)),
                "{}",
                row.name
            );
        }
    }
}

#[test]
fn absent_properties_are_not_found() {
    let (bytes, _) = packet_with_properties(WILL, &[]);
    let packet = read(&bytes, Version::V5);
    let none = carried(&packet);
    assert!(none.is_empty());
    for row in rows() {
        assert!(
            row.examples.iter().all(|example| !(example.found)(none)),
            "{}",
            row.name
        );
    }
}

#[test]
fn the_table_of_properties_is_that_of_the_standard() {
    let rows = rows();
    let numbers: Vec<_> = PropertyId::ALL.iter().map(|id| *id as u8).collect();
    assert_eq!(numbers, rows.iter().map(|row| row.id).collect::<Vec<_>>());
    for row in &rows {
        let id = PropertyId::from_u8(row.id).expect("in the table");
        assert_eq!(id.text(), row.name);
        for owner in OWNERS {
            let (allowed, expected) = (id.allowed_in(*owner), row.owners.contains(owner));
            assert_eq!(allowed, expected, "{id} in {owner}");
            if allowed {
                assert_eq!(
                    id.may_repeat_in(*owner),
                    row.may_repeat_in(*owner),
                    "{id} in {owner}"
                );
            }
        }
    }
}

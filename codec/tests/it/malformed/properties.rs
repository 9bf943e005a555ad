//! Property blocks that are refused: section 2.2.2, and every property in every place where it must
//! not be.

use nack_codec::{DecodeErrorKind as Kind, PropertyId, PropertyOwner, Version};

use super::{NUL, Row, UTF8, check, refusal, v5};
use crate::notation::{hex, var_int, wire};
use crate::property_table::{OWNERS, Row as Property, needed_before, packet_with_properties, rows};
use crate::vectors::read;

const UNKNOWN: &str = "2.2.2.2";

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    v5("properties_length_not_minimal", "30 07 0003'a/b' 8000", Kind::VarIntNotMinimal, 7, "MQTT-1.5.5-1", 0x81),
    v5("properties_length_five_bytes", "30 0A 0003'a/b' 8080808001", Kind::VarIntTooLong, 7, "MQTT-1.5.5-1", 0x81),
    v5("properties_identifier_not_minimal", "30 09 0003'a/b' 03 8100 01", Kind::VarIntNotMinimal, 8, "MQTT-1.5.5-1", 0x81),
    v5("properties_identifier_four_bytes", "30 0A 0003'a/b' 04 FFFFFF7F", Kind::UnknownProperty { id: 0x0FFF_FFFF }, 8, UNKNOWN, 0x81),
    // Known if it were cut to its lowest byte.
    v5("properties_identifier_above_a_byte", "30 09 0003'a/b' 03 8102 01", Kind::UnknownProperty { id: 0x101 }, 8, UNKNOWN, 0x81),
    v5("subscription_identifier_not_minimal", "30 09 0003'a/b' 03 0B 8100", Kind::VarIntNotMinimal, 9, "MQTT-1.5.5-1", 0x81),
    v5("subscription_identifier_five_bytes", "30 0C 0003'a/b' 06 0B FFFFFFFF01", Kind::VarIntTooLong, 9, "MQTT-1.5.5-1", 0x81),
    v5("user_property_name_not_utf8", "30 0D 0003'a/b' 07 26 0001 FF 0001'v'", Kind::InvalidUtf8, 11, UTF8[1], 0x81),
    v5("user_property_value_not_utf8", "30 0D 0003'a/b' 07 26 0001'k' 0001 FF", Kind::InvalidUtf8, 14, UTF8[1], 0x81),
    v5("user_property_value_with_nul", "30 0D 0003'a/b' 07 26 0001'k' 0001 00", Kind::NulCharacter, 14, NUL[1], 0x81),
    // The value reaches beyond the block, and not beyond the packet.
    v5("properties_value_reaches_into_payload", "30 0D 0003'a/b' 04 03 0004'text'", Kind::Truncated { field: "content type" }, 11, "4.13.1", 0x81),
];

fn id(row: &Property) -> PropertyId {
    PropertyId::from_u8(row.id).expect("in the table")
}

/// Every pair of a property and a packet that may carry it.
fn places(rows: &[Property]) -> impl Iterator<Item = (&Property, PropertyOwner)> {
    rows.iter()
        .flat_map(|row| row.owners.iter().map(move |owner| (row, *owner)))
}

#[test]
fn every_property_is_refused_in_every_packet_that_may_not_carry_it() {
    let mut count = 0;
    for row in rows() {
        for owner in OWNERS.iter().filter(|owner| !row.owners.contains(owner)) {
            for example in &row.examples {
                let (bytes, offset) = packet_with_properties(*owner, &wire(example.notation));
                let kind = Kind::MisplacedProperty {
                    id: id(&row),
                    owner: *owner,
                };
                check(&bytes, Version::V5, kind, offset, UNKNOWN, 0x81);
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count} is too few to be all");
}

#[test]
fn every_property_that_may_not_repeat_is_refused_when_it_does() {
    let rows = rows();
    for (row, owner) in places(&rows) {
        let needed = needed_before(owner, row.id);
        let (first, second) = (wire(row.examples[0].notation), row.examples.last());
        let second = wire(second.expect("there is one").notation);
        let (bytes, block) =
            packet_with_properties(owner, &[&needed[..], &first, &second].concat());
        if row.may_repeat_in(owner) {
            read(&bytes, Version::V5);
            continue;
        }
        let error = refusal(&bytes, Version::V5);
        assert_eq!(
            error.kind(),
            Kind::RepeatedProperty { id: id(row) },
            "in {owner}"
        );
        assert_eq!(error.offset(), block + needed.len() + first.len());
        assert_eq!(error.reason_code() as u8, 0x82);
        // Another property between the two does not hide it.
        let between = wire("26 0000 0000");
        let block = [&needed[..], &first, &between, &second].concat();
        let error = refusal(&packet_with_properties(owner, &block).0, Version::V5);
        assert_eq!(
            error.kind(),
            Kind::RepeatedProperty { id: id(row) },
            "in {owner}"
        );
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let rows = rows();
    for (row, owner) in places(&rows) {
        for (notation, value) in row.out_of_range {
            let block = [&[row.id][..], &wire(notation)].concat();
            let (bytes, offset) = packet_with_properties(owner, &block);
            let error = refusal(&bytes, Version::V5);
            let kind = Kind::PropertyOutOfRange {
                id: id(row),
                value: *value,
            };
            assert_eq!(
                (error.kind(), error.offset()),
                (kind, offset + 1),
                "in {owner}"
            );
            let reason = if row.id == 0x23 { 0x94 } else { 0x82 };
            assert_eq!(error.reason_code() as u8, reason, "{}", row.name);
        }
    }
}

#[test]
fn properties_that_their_block_cuts_off_are_refused() {
    let rows = rows();
    for (row, owner) in places(&rows) {
        for example in &row.examples {
            let whole = wire(example.notation);
            for length in 1..whole.len() {
                let (bytes, block) = packet_with_properties(owner, &whole[..length]);
                let error = refusal(&bytes, Version::V5);
                let shown = format!("{} in {owner}", hex(&bytes));
                assert_eq!(
                    error.kind(),
                    Kind::Truncated {
                        field: id(row).text()
                    },
                    "{shown}"
                );
                assert!(
                    (block + 1..=block + length).contains(&error.offset()),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn strings_of_properties_are_checked() {
    // What a string is, in the table of section 2.2.2.2.
    const STRINGS: &[u8] = &[0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F];
    let rows = rows();
    for (row, owner) in places(&rows).filter(|(row, _)| STRINGS.contains(&row.id)) {
        for (content, kind, statement) in [
            ("'a'FF", Kind::InvalidUtf8, UTF8[1]),
            ("'a'C3", Kind::InvalidUtf8, UTF8[1]),
            ("'a'00", Kind::NulCharacter, NUL[1]),
        ] {
            let block = [&[row.id, 0, 2][..], &wire(content)].concat();
            let (bytes, offset) = packet_with_properties(owner, &block);
            check(&bytes, Version::V5, kind, offset + 4, statement, 0x81);
        }
    }
}

#[test]
fn identifiers_that_are_not_in_the_table_are_refused() {
    let rows = rows();
    for owner in OWNERS {
        for number in (0..0x100).filter(|number| rows.iter().all(|row| row.id != *number as u8)) {
            let block = [&var_int(number)[..], &[0; 8]].concat();
            let (bytes, offset) = packet_with_properties(*owner, &block);
            let kind = Kind::UnknownProperty { id: number as u32 };
            check(&bytes, Version::V5, kind, offset, UNKNOWN, 0x81);
        }
    }
}

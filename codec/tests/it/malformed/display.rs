//! How a refusal reads: one of each kind.

use std::collections::BTreeMap;

use nack_codec::{DecodeError, DecodeErrorKind, Frame, PropertyId, PropertyOwner, Version};

use super::{refusal, rows};
use crate::notation::wire;
use crate::property_table::packet_with_properties;

const SOURCE: &str = include_str!("../../../src/error.rs");

/// The name of a kind, from its `Debug` form.
fn name(kind: DecodeErrorKind) -> String {
    let debug = format!("{kind:?}");
    let end = debug.find([' ', '(']).unwrap_or(debug.len());
    debug[..end].to_owned()
}

/// The names of the variants of an enum of `error.rs`.
pub(crate) fn variants(of: &str) -> Vec<&'static str> {
    let (_, body) = SOURCE
        .split_once(&format!("pub enum {of} {{\n"))
        .expect("the enum is there");
    let (body, _) = body.split_once("\n}\n").expect("the enum ends");
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    names
        .map(|line| line.split([' ', '(', ',']).next().expect("a name"))
        .collect()
}

/// The first refusal of each kind that a packet can be refused for.
fn one_of_each() -> BTreeMap<String, DecodeError> {
    let by_hand = rows().flat_map(|row| {
        let bytes = wire(row.notation);
        row.versions()
            .map(move |(version, _)| refusal(&bytes, version))
            .collect::<Vec<_>>()
    });
    let owner = PropertyOwner::Packet(nack_codec::PacketType::Connack);
    let with = |block: &str| refusal(&packet_with_properties(owner, &wire(block)).0, Version::V5);
    let more = [
        refusal(&wire("41 02 000A"), Version::V5),
        Frame::first(&wire("30 64"), 64, Version::V5).expect_err("100 bytes are too many"),
        with("01 00"),
        with("13 0001 13 0002"),
    ];
    let mut found = BTreeMap::new();
    for error in by_hand.chain(more) {
        found.entry(name(error.kind())).or_insert(error);
    }
    found
}

#[test]
fn every_kind_of_refusal_is_met() {
    let found: Vec<_> = one_of_each().into_keys().collect();
    let mut expected = variants("DecodeErrorKind");
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn refusals_say_what_and_where() {
    let lines = one_of_each().into_values().map(|error| {
        let (statement, reason) = (error.statement(), error.reason_code() as u8);
        format!(
            "{error}\n    {} {statement}, tell the peer 0x{reason:02X}\n",
            error.version()
        )
    });
    insta::assert_snapshot!("refusals", lines.collect::<String>());
}

#[test]
fn refusals_are_lower_case_without_a_full_stop_and_name_the_packet() {
    for error in one_of_each().into_values() {
        let text = error.to_string();
        assert!(!text.ends_with('.'), "{text}");
        let packet = error.packet().map_or("a packet", |packet| packet.name());
        assert!(
            text.ends_with(&format!(", at byte {} of {packet}", error.offset())),
            "{text}"
        );
    }
    assert_eq!(PropertyId::TopicAlias.to_string(), "topic alias");
}

//! The same bytes read by a codec that others wrote: rumqttc's. Where it does not read what the
//! standard says, `departures.rs` says why, and an entry that is no longer true fails.

mod departures;
mod fields;
mod v311;
mod v5;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::BytesMut;
use nack_codec::{PacketType, Version};

use crate::malformed;
use crate::model::Model;
use crate::notation::wire;
use crate::property_table::{needed_before, packet_with_properties, rows};
use crate::reason_table::{CODES, packet_with_code};
use crate::vectors::{self, read};
use departures::{ACCEPTED, MISREAD};

/// Why the peer has no packet, in its own words where it has some.
type Refusal = String;

/// What the peer makes of the bytes, in the types of these tests.
fn peer_reads(bytes: &[u8], version: Version) -> Result<Model, Refusal> {
    let mut buffer = BytesMut::from(bytes);
    let read = match version {
        Version::V311 => v311::read,
        Version::V5 => v5::read,
    };
    catch_unwind(AssertUnwindSafe(|| read(&mut buffer))).unwrap_or_else(|_| Err(PANICS.to_owned()))
}

/// What the peer makes of the bytes, in its own types.
fn peer_accepts(bytes: &[u8], version: Version) -> Result<String, Refusal> {
    let mut buffer = BytesMut::from(bytes);
    let accepts = match version {
        Version::V311 => v311::accepts,
        Version::V5 => v5::accepts,
    };
    catch_unwind(AssertUnwindSafe(|| accepts(&mut buffer)))
        .unwrap_or_else(|_| Err(PANICS.to_owned()))
}

const PANICS: &str = "it panics";

/// Every packet of the tests that is one: name, version, bytes.
fn packets() -> Vec<(String, Version, Vec<u8>)> {
    let by_hand =
        vectors::all().map(|(vector, version)| (vector.name.to_owned(), version, vector.bytes()));
    let codes = CODES.iter().flat_map(|(code, _, packets)| {
        packets.iter().map(move |packet| {
            let name = format!("code {code:#04X} in {packet}");
            let bytes = match packet {
                // Its short form, which the peer cannot read, is among the vectors.
                PacketType::Disconnect => vec![0xE0, 2, *code, 0],
                _ => packet_with_code(*packet, *code).0,
            };
            (name, Version::V5, bytes)
        })
    });
    let rows = rows();
    let properties = rows.iter().flat_map(|row| {
        row.owners.iter().flat_map(move |owner| {
            row.examples
                .iter()
                .enumerate()
                .map(move |(index, example)| {
                    let block = [needed_before(*owner, row.id), wire(example.notation)].concat();
                    let name = format!("{} {index} in {owner}", row.name);
                    (name, Version::V5, packet_with_properties(*owner, &block).0)
                })
        })
    });
    by_hand.chain(codes).chain(properties).collect()
}

/// Whether the name is the pattern's, in which a `*` stands for any characters.
fn is_named(name: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(rest) = name.strip_prefix(before) else {
        return false;
    };
    let starts = rest
        .char_indices()
        .map(|(start, _)| start)
        .chain([rest.len()]);
    starts
        .into_iter()
        .any(|start| is_named(&rest[start..], after))
}

#[test]
fn patterns_match_whole_names() {
    assert!(is_named("abc", "abc") && is_named("abc", "a*") && is_named("abc", "*b*c"));
    assert!(!is_named("abc", "ab") && !is_named("abc", "*b") && !is_named("abc", "c*"));
}

/// What differs must be listed, what is listed must differ, and no entry may be without a packet.
#[track_caller]
fn compare(table: &[(&str, &[&str])], differing: &BTreeMap<String, String>, agreeing: &[String]) {
    let listed = |name: &str| {
        table
            .iter()
            .any(|(_, patterns)| patterns.iter().any(|pattern| is_named(name, pattern)))
    };
    let unlisted: Vec<_> = differing.iter().filter(|(name, _)| !listed(name)).collect();
    assert!(
        unlisted.is_empty(),
        "the peer differs and no reason is listed: {unlisted:#?}"
    );
    let outdated: Vec<_> = agreeing.iter().filter(|name| listed(name)).collect();
    assert!(
        outdated.is_empty(),
        "the peer agrees and a reason is listed: {outdated:#?}"
    );
    for (reason, patterns) in table {
        assert!(!reason.is_empty());
        for pattern in *patterns {
            let used = differing.keys().any(|name| is_named(name, pattern));
            assert!(used, "{pattern:?} is listed and there is no such packet");
        }
    }
}

#[test]
fn the_peer_reads_the_same_packets() {
    let (mut differing, mut agreeing) = (BTreeMap::new(), Vec::new());
    for (name, version, bytes) in packets() {
        let name = format!("{name} ({version})");
        let ours = Model::from(&read(&bytes, version));
        match peer_reads(&bytes, version) {
            Ok(theirs) if theirs == ours => agreeing.push(name),
            Ok(theirs) => drop(differing.insert(name, format!("{theirs:?}"))),
            Err(refusal) => drop(differing.insert(name, refusal)),
        }
    }
    assert!(
        agreeing.len() > 150,
        "{} is too few for an opinion",
        agreeing.len()
    );
    compare(MISREAD, &differing, &agreeing);
}

#[test]
fn the_peer_refuses_the_same_bytes() {
    let (mut differing, mut agreeing) = (BTreeMap::new(), Vec::new());
    for row in malformed::rows() {
        for (version, _) in row.versions() {
            let name = format!("{} ({version})", row.name);
            match peer_accepts(&wire(row.notation), version) {
                Err(_) => agreeing.push(name),
                Ok(theirs) => drop(differing.insert(name, theirs)),
            }
        }
    }
    assert!(
        agreeing.len() > 80,
        "{} is too few for an opinion",
        agreeing.len()
    );
    compare(ACCEPTED, &differing, &agreeing);
}

//! Packets as bytes, written out of the two standards by hand: what each reads as is a snapshot,
//! and what is written back are the same bytes, or the shortest form of the same packet.

mod acks;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod every_code;
mod every_property;
mod ping;
mod publish;
mod sizes;
mod suback;
mod subscribe;
mod transcript;
mod unsuback;
mod unsubscribe;

use bytes::BytesMut;
use nack_codec::{Frame, MAXIMUM_PACKET_SIZE, Packet, Version};

use crate::notation::{hex, wire};

/// A packet as it lies on the wire.
#[derive(Clone, Copy)]
pub(crate) struct Vector {
    /// Unique; the seed of the fuzz targets has this name too.
    pub(crate) name: &'static str,
    /// In which versions these bytes are this packet.
    pub(crate) versions: &'static [Version],
    notation: &'static str,
    /// What is written for the packet, where that differs from what was read.
    shortest: Option<&'static str>,
}

const fn v311(name: &'static str, notation: &'static str) -> Vector {
    Vector {
        name,
        versions: &[Version::V311],
        notation,
        shortest: None,
    }
}

const fn v5(name: &'static str, notation: &'static str) -> Vector {
    Vector {
        name,
        versions: &[Version::V5],
        notation,
        shortest: None,
    }
}

const fn both(name: &'static str, notation: &'static str) -> Vector {
    Vector {
        name,
        versions: &Version::ALL,
        notation,
        shortest: None,
    }
}

impl Vector {
    const fn written_as(mut self, shortest: &'static str) -> Self {
        self.shortest = Some(shortest);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        wire(self.notation)
    }

    pub(crate) fn shortest(&self) -> Vec<u8> {
        wire(self.shortest.unwrap_or(self.notation))
    }
}

/// All vectors, by the packet that they are about.
pub(crate) const GROUPS: &[(&str, &[Vector])] = &[
    ("connect", connect::VECTORS),
    ("connack", connack::VECTORS),
    ("publish", publish::VECTORS),
    ("acks", acks::VECTORS),
    ("subscribe", subscribe::VECTORS),
    ("suback", suback::VECTORS),
    ("unsubscribe", unsubscribe::VECTORS),
    ("unsuback", unsuback::VECTORS),
    ("ping", ping::VECTORS),
    ("disconnect", disconnect::VECTORS),
    ("auth", auth::VECTORS),
];

/// Every vector with every version in which it is one.
pub(crate) fn all() -> impl Iterator<Item = (&'static Vector, Version)> {
    let vectors = GROUPS.iter().flat_map(|(_, vectors)| vectors.iter());
    vectors.flat_map(|vector| {
        vector
            .versions
            .iter()
            .map(move |version| (vector, *version))
    })
}

/// The one packet that these bytes are, all of them.
#[track_caller]
pub(crate) fn read(bytes: &[u8], version: Version) -> Packet<'_> {
    let frame = match Frame::first(bytes, MAXIMUM_PACKET_SIZE, version) {
        Ok(Some(frame)) => frame,
        Ok(None) => panic!("{} is not a whole packet", hex(bytes)),
        Err(error) => panic!("{}: {error}", hex(bytes)),
    };
    assert_eq!(
        frame.bytes(),
        bytes,
        "the remaining length of the vector is wrong"
    );
    frame
        .decode(version)
        .unwrap_or_else(|error| panic!("{}: {error}", hex(bytes)))
}

/// What is written for the packet.
#[track_caller]
pub(crate) fn written(packet: &Packet<'_>, version: Version) -> BytesMut {
    let mut buffer = BytesMut::new();
    match packet.encode(version, &mut buffer) {
        Ok(()) => buffer,
        Err(error) => panic!("{packet:?} cannot be written: {error}"),
    }
}

#[test]
fn vectors_read_as_the_standard_says() {
    for (group, vectors) in GROUPS {
        insta::assert_snapshot!(*group, transcript::of(vectors));
    }
}

#[test]
fn vectors_are_written_as_they_were_read() {
    for (vector, version) in all() {
        let bytes = vector.bytes();
        let written = written(&read(&bytes, version), version);
        assert_eq!(
            hex(&written),
            hex(&vector.shortest()),
            "{} in {version}",
            vector.name
        );
    }
}

#[test]
fn shorter_forms_are_the_same_packet() {
    for (vector, version) in all().filter(|(vector, _)| vector.shortest.is_some()) {
        assert_ne!(vector.bytes(), vector.shortest(), "{}", vector.name);
        assert_eq!(
            read(&vector.bytes(), version),
            read(&vector.shortest(), version)
        );
    }
}

#[test]
fn names_of_vectors_are_unique() {
    let mut names: Vec<_> = GROUPS
        .iter()
        .flat_map(|(_, vectors)| vectors.iter())
        .collect();
    names.sort_by_key(|vector| vector.name);
    for pair in names.windows(2) {
        assert_ne!(pair[0].name, pair[1].name);
    }
}

#[test]
fn every_packet_of_both_versions_has_a_vector() {
    for version in Version::ALL {
        let of_version = all().filter(|(_, its)| *its == version);
        let mut types: Vec<_> = of_version
            .map(|(vector, _)| vector.bytes()[0] >> 4)
            .collect();
        types.sort_unstable();
        types.dedup();
        let highest = if version == Version::V5 { 15 } else { 14 };
        assert_eq!(types, Vec::from_iter(1..=highest), "{version}");
    }
}

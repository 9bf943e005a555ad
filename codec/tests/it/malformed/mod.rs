//! Bytes that are no packet: what is wrong, at which byte, by which statement, and what a peer is to
//! be told.

mod acks;
mod codes;
mod connack;
mod connect;
pub(crate) mod display;
mod flags;
mod header;
mod properties;
mod publish;
mod statements;
mod suback;
mod subscribe;
mod unsubscribe;

use nack_codec::{
    DecodeError, DecodeErrorKind, Frame, MAXIMUM_PACKET_SIZE, PacketType, ReasonCode, Version,
};

use crate::notation::{hex, wire};

/// Bytes that are refused.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Unique, with the version.
    pub(crate) name: &'static str,
    pub(crate) notation: &'static str,
    pub(crate) kind: DecodeErrorKind,
    pub(crate) offset: usize,
    /// The statement, or the section where no statement says it, of each version in which the
    /// bytes are refused for this reason.
    v311: Option<&'static str>,
    v5: Option<&'static str>,
    reason: u8,
}

impl Row {
    pub(crate) fn versions(&self) -> impl Iterator<Item = (Version, &'static str)> {
        let versions = [(Version::V311, self.v311), (Version::V5, self.v5)];
        versions
            .into_iter()
            .filter_map(|(version, statement)| Some((version, statement?)))
    }
}

const fn v311(
    name: &'static str,
    notation: &'static str,
    kind: DecodeErrorKind,
    offset: usize,
    statement: &'static str,
    reason: u8,
) -> Row {
    Row {
        name,
        notation,
        kind,
        offset,
        v311: Some(statement),
        v5: None,
        reason,
    }
}

const fn v5(
    name: &'static str,
    notation: &'static str,
    kind: DecodeErrorKind,
    offset: usize,
    statement: &'static str,
    reason: u8,
) -> Row {
    Row {
        name,
        notation,
        kind,
        offset,
        v311: None,
        v5: Some(statement),
        reason,
    }
}

/// `statements`: that of 3.1.1, then that of 5.0.
const fn both(
    name: &'static str,
    notation: &'static str,
    kind: DecodeErrorKind,
    offset: usize,
    statements: [&'static str; 2],
    reason: u8,
) -> Row {
    let [v311, v5] = statements;
    Row {
        name,
        notation,
        kind,
        offset,
        v311: Some(v311),
        v5: Some(v5),
        reason,
    }
}

/// The field is cut off: malformed, with no statement of its own.
const fn cut(
    name: &'static str,
    notation: &'static str,
    field: &'static str,
    offset: usize,
) -> Row {
    both(
        name,
        notation,
        DecodeErrorKind::Truncated { field },
        offset,
        NO_NUMBER,
        0x81,
    )
}

/// The same in a place that 3.1.1 does not have, or has valid.
const fn cut_v5(
    name: &'static str,
    notation: &'static str,
    field: &'static str,
    offset: usize,
) -> Row {
    v5(
        name,
        notation,
        DecodeErrorKind::Truncated { field },
        offset,
        NO_NUMBER[1],
        0x81,
    )
}

const fn cut_v311(
    name: &'static str,
    notation: &'static str,
    field: &'static str,
    offset: usize,
) -> Row {
    v311(
        name,
        notation,
        DecodeErrorKind::Truncated { field },
        offset,
        NO_NUMBER[0],
        0x81,
    )
}

/// What is wrong in general: 3.1.1 has a statement for it, 5.0 a section.
const NO_NUMBER: [&str; 2] = ["MQTT-4.8.0-1", "4.13.1"];
const UTF8: [&str; 2] = ["MQTT-1.5.3-1", "MQTT-1.5.4-1"];
const NUL: [&str; 2] = ["MQTT-1.5.3-2", "MQTT-1.5.4-2"];

/// All rows that were written by hand.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [
        header::ROWS,
        connect::ROWS,
        connack::ROWS,
        publish::ROWS,
        acks::ROWS,
        subscribe::ROWS,
        suback::ROWS,
        unsubscribe::ROWS,
        properties::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// What is said of these bytes, which begin with a packet that is refused.
#[track_caller]
pub(crate) fn refusal(bytes: &[u8], version: Version) -> DecodeError {
    match Frame::first(bytes, MAXIMUM_PACKET_SIZE, version) {
        Err(error) => error,
        Ok(None) => panic!("{} is not a whole packet", hex(bytes)),
        Ok(Some(frame)) => {
            assert_eq!(
                frame.bytes().len(),
                bytes.len(),
                "{}: wrong length",
                hex(bytes)
            );
            match frame.decode(version) {
                Err(error) => error,
                // Its `Debug` form may not even exist.
                Ok(_) => panic!("{} is accepted in {version}", hex(bytes)),
            }
        }
    }
}

/// Checks all that an error says.
#[track_caller]
fn check(
    bytes: &[u8],
    version: Version,
    kind: DecodeErrorKind,
    offset: usize,
    statement: &str,
    reason: u8,
) {
    let error = refusal(bytes, version);
    let said = (
        error.kind(),
        error.offset(),
        error.statement(),
        error.reason_code() as u8,
    );
    assert_eq!(
        said,
        (kind, offset, statement, reason),
        "{} in {version}",
        hex(bytes)
    );
    assert_eq!(error.version(), version);
    assert_eq!(error.packet(), PacketType::from_u8(bytes[0] >> 4));
    assert!(ReasonCode::from_u8(reason).is_some_and(ReasonCode::is_error));
}

#[test]
fn rows_are_refused_for_what_is_wrong_with_them() {
    for row in rows() {
        for (version, statement) in row.versions() {
            let bytes = wire(row.notation);
            check(&bytes, version, row.kind, row.offset, statement, row.reason);
        }
    }
}

#[test]
fn names_of_rows_are_unique() {
    let mut names: Vec<_> = rows().map(|row| row.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
}

//! The fixed header: section 2.1 of MQTT 5.0, 2.2 of 3.1.1, and the packets that are no more.

use nack_codec::{DecodeErrorKind, Frame, Version};

use super::{NO_NUMBER, Row, both, v311};
use crate::notation::wire;

const TOO_LONG: DecodeErrorKind = DecodeErrorKind::VarIntTooLong;
const NOT_MINIMAL: DecodeErrorKind = DecodeErrorKind::VarIntNotMinimal;
const LENGTH: [&str; 2] = ["2.2.3", "MQTT-1.5.5-1"];

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    both(
        "packet_type_0",
        "00 00",
        DecodeErrorKind::UnknownPacketType { value: 0 },
        0,
        ["2.2.1", "2.1.2"],
        0x81,
    ),
    v311("auth_v311", "F0 00", DecodeErrorKind::UnknownPacketType { value: 15 }, 0, "2.2.1", 0x81),
    both("remaining_length_five_bytes", "30 80808080 01", TOO_LONG, 1, LENGTH, 0x81),
    both("remaining_length_a_fifth_to_come", "30 FFFFFFFF", TOO_LONG, 1, LENGTH, 0x81),
    both("remaining_length_0_in_two_bytes", "C0 8000", NOT_MINIMAL, 1, LENGTH, 0x81),
    both("remaining_length_2_in_two_bytes", "40 8200 000A", NOT_MINIMAL, 1, LENGTH, 0x81),
    both("remaining_length_127_in_three_bytes", "30 FF8000", NOT_MINIMAL, 1, LENGTH, 0x81),
    both("remaining_length_0_in_four_bytes", "D0 80808000", NOT_MINIMAL, 1, LENGTH, 0x81),
    both(
        "pingreq_with_body",
        "C0 01 00",
        DecodeErrorKind::TrailingBytes { count: 1 },
        2,
        NO_NUMBER,
        0x81,
    ),
    both(
        "pingresp_with_body",
        "D0 02 000A",
        DecodeErrorKind::TrailingBytes { count: 2 },
        2,
        NO_NUMBER,
        0x81,
    ),
];

#[test]
fn a_packet_above_the_limit_is_refused_by_its_fixed_header() {
    // [MQTT-3.1.2-24]: nobody waits for what will not be accepted.
    for (notation, size) in [
        ("30 64", 102),
        ("30 80 01", 131),
        ("30 FFFFFF7F", 268_435_460),
    ] {
        for (version, statement) in [(Version::V311, "2.2.3"), (Version::V5, "MQTT-3.1.2-24")] {
            let bytes = wire(notation);
            let error = Frame::first(&bytes, size - 1, version).expect_err("one byte too large");
            let maximum = size - 1;
            assert_eq!(
                error.kind(),
                DecodeErrorKind::PacketTooLarge { size, maximum }
            );
            assert_eq!((error.offset(), error.statement()), (1, statement));
            assert_eq!(error.reason_code() as u8, 0x95);
            assert_eq!(
                Frame::first(&bytes, size, version),
                Ok(None),
                "exactly the limit"
            );
        }
    }
}

#[test]
fn a_remaining_length_that_is_cut_off_is_waited_for() {
    for notation in ["30", "30 FF", "30 FFFF", "30 FFFFFF", "30 02 00", "40 02"] {
        for version in Version::ALL {
            assert_eq!(
                Frame::first(&wire(notation), 268_435_460, version),
                Ok(None),
                "{notation}"
            );
        }
    }
}

//! CONNACK that is refused: section 3.2 of both standards. Reserved codes are in `codes.rs`.

use nack_codec::DecodeErrorKind as Kind;

use super::{NO_NUMBER, Row, both, cut, cut_v5, v5, v311};

const FLAGS: [&str; 2] = ["3.2.2.1", "MQTT-3.2.2-1"];
const TRAILING: Kind = Kind::TrailingBytes { count: 1 };

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("connack_empty", "20 00", "connect acknowledge flags", 2),
    cut("connack_no_code", "20 01 00", "reason code", 3),
    cut_v5("connack_no_property_length", "20 02 00 00", "property length", 4),
    cut_v5("connack_properties_cut_off", "20 04 00 00 02 24", "properties", 5),
    both("connack_flags_02", "20 03 02 00 00", Kind::ReservedConnackFlags { found: 0x02 }, 2, FLAGS, 0x81),
    both("connack_flags_80", "20 03 80 00 00", Kind::ReservedConnackFlags { found: 0x80 }, 2, FLAGS, 0x81),
    both("connack_flags_ff", "20 03 FF 00 00", Kind::ReservedConnackFlags { found: 0xFF }, 2, FLAGS, 0x81),
    v311("connack_v311_session_with_refusal", "20 02 01 05", Kind::SessionPresentOnRefusal, 2, "MQTT-3.2.2-4", 0x82),
    v5("connack_session_with_refusal", "20 03 01 87 00", Kind::SessionPresentOnRefusal, 2, "MQTT-3.2.2-6", 0x82),
    v5("connack_session_with_refusal_of_v311", "20 02 01 01", Kind::SessionPresentOnRefusal, 2, "MQTT-3.2.2-6", 0x82),
    // Only 0x01, and only without a property length, is understood as the answer of a 3.1.1 server.
    v5("connack_other_code_of_v311", "20 02 00 05", Kind::UnknownReason { code: 0x05 }, 3, "MQTT-3.2.2-8", 0x82),
    v5("connack_code_of_v311_with_properties", "20 03 00 01 00", Kind::UnknownReason { code: 0x01 }, 3, "MQTT-3.2.2-8", 0x82),
    v311("connack_v311_trailing", "20 03 00 00 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    v5("connack_trailing", "20 04 00 00 00 FF", TRAILING, 5, NO_NUMBER[1], 0x81),
];

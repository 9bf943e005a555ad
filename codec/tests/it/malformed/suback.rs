//! SUBACK that is refused: section 3.9 of both standards. More reserved codes are in `codes.rs`.

use nack_codec::DecodeErrorKind as Kind;

use super::{Row, both, cut, cut_v5, v5, v311};

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("suback_empty", "90 00", "packet identifier", 2),
    both("suback_identifier_0", "90 03 0000 00", Kind::PacketIdZero, 2, ["MQTT-2.3.1-7", "MQTT-2.2.1-6"], 0x82),
    v311("suback_v311_no_code", "90 02 000A", Kind::NoReasonCode, 4, "MQTT-3.8.4-5", 0x82),
    cut_v5("suback_no_property_length", "90 02 000A", "property length", 4),
    cut_v5("suback_properties_cut_off", "90 04 000A 06 1F", "properties", 5),
    v5("suback_no_code", "90 03 000A 00", Kind::NoReasonCode, 5, "MQTT-3.8.4-6", 0x82),
    v311("suback_v311_second_code_reserved", "90 04 000A 00 03", Kind::UnknownReason { code: 3 }, 5, "MQTT-3.9.3-2", 0x82),
    v311("suback_v311_code_of_v5", "90 03 000A 87", Kind::UnknownReason { code: 0x87 }, 4, "MQTT-3.9.3-2", 0x82),
    v5("suback_second_code_reserved", "90 05 000A 00 00 03", Kind::UnknownReason { code: 3 }, 6, "MQTT-3.9.3-2", 0x82),
];

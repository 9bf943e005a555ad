//! PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, DISCONNECT and AUTH that are refused: sections 3.4 to
//! 3.7, 3.11, 3.14 and 3.15. Reserved codes are in `codes.rs`.

use nack_codec::DecodeErrorKind as Kind;

use super::{NO_NUMBER, Row, both, cut, cut_v5, v5, v311};

const IDENTIFIER: [&str; 2] = ["MQTT-2.3.1-6", "MQTT-2.2.1-5"];
const TRAILING: Kind = Kind::TrailingBytes { count: 1 };

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("puback_empty", "40 00", "packet identifier", 2),
    cut("puback_identifier_cut_off", "40 01 00", "packet identifier", 2),
    both("puback_identifier_0", "40 02 0000", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("puback_v311_trailing", "40 03 000A 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    cut_v5("puback_properties_cut_off", "40 05 000A 00 06 1F", "properties", 6),
    cut_v5("puback_property_length_cut_off", "40 04 000A 00 80", "property length", 5),
    v5("puback_trailing", "40 05 000A 00 00 FF", TRAILING, 6, NO_NUMBER[1], 0x81),
    cut("pubrec_empty", "50 00", "packet identifier", 2),
    both("pubrec_identifier_0", "50 02 0000", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("pubrec_v311_trailing", "50 03 000A 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    v5("pubrec_trailing", "50 05 000A 00 00 FF", TRAILING, 6, NO_NUMBER[1], 0x81),
    cut("pubrel_empty", "62 00", "packet identifier", 2),
    both("pubrel_identifier_0", "62 02 0000", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("pubrel_v311_trailing", "62 03 000A 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    v5("pubrel_trailing", "62 05 000A 00 00 FF", TRAILING, 6, NO_NUMBER[1], 0x81),
    cut("pubcomp_empty", "70 00", "packet identifier", 2),
    both("pubcomp_identifier_0", "70 02 0000", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("pubcomp_v311_trailing", "70 03 000A 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    v5("pubcomp_trailing", "70 05 000A 00 00 FF", TRAILING, 6, NO_NUMBER[1], 0x81),
    cut("unsuback_empty", "B0 00", "packet identifier", 2),
    both("unsuback_identifier_0", "B0 02 0000", Kind::PacketIdZero, 2, ["MQTT-2.3.1-7", "MQTT-2.2.1-6"], 0x82),
    v311("unsuback_v311_trailing", "B0 03 000A 00", TRAILING, 4, NO_NUMBER[0], 0x81),
    cut_v5("unsuback_no_property_length", "B0 02 000A", "property length", 4),
    cut_v5("unsuback_properties_cut_off", "B0 03 000A 01", "properties", 5),
    v5("unsuback_no_code", "B0 03 000A 00", Kind::NoReasonCode, 5, "MQTT-3.11.3-1", 0x82),
    v311("disconnect_v311_trailing", "E0 01 00", TRAILING, 2, NO_NUMBER[0], 0x81),
    cut_v5("disconnect_properties_cut_off", "E0 03 00 05 11", "properties", 4),
    v5("disconnect_trailing", "E0 03 00 00 FF", TRAILING, 4, NO_NUMBER[1], 0x81),
    cut_v5("auth_no_property_length", "F0 01 18", "property length", 3),
    cut_v5("auth_properties_cut_off", "F0 03 18 04 15", "properties", 4),
    v5("auth_no_method", "F0 02 18 00", Kind::AuthenticationMethodMissing, 3, "3.15.2.2.2", 0x82),
    v5("auth_data_alone", "F0 06 18 04 16 0001 AA", Kind::AuthenticationMethodMissing, 3, "3.15.2.2.2", 0x82),
    v5("auth_trailing", "F0 07 18 04 15 0001'm' FF", TRAILING, 8, NO_NUMBER[1], 0x81),
];

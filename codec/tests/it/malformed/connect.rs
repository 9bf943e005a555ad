//! CONNECT that is refused: section 3.1 of both standards.

use nack_codec::{DecodeErrorKind as Kind, Version};

use super::{NO_NUMBER, NUL, Row, UTF8, both, cut, cut_v5, cut_v311, refusal, v5, v311};
use crate::notation::wire;

const NAME: [&str; 2] = ["MQTT-3.1.2-1"; 2];
const LEVEL: [&str; 2] = ["MQTT-3.1.2-2"; 2];
const TRAILING: Kind = Kind::TrailingBytes { count: 1 };

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("connect_empty", "10 00", "protocol name", 2),
    cut("connect_name_without_bytes", "10 02 0004", "protocol name", 4),
    cut("connect_name_cut_off", "10 05 0004'MQT'", "protocol name", 4),
    both("connect_other_name", "10 0C 0004'MQTX' 04 02 0000 0000", Kind::InvalidProtocolName, 2, NAME, 0x84),
    both("connect_lower_case_name", "10 0C 0004'mqtt' 04 02 0000 0000", Kind::InvalidProtocolName, 2, NAME, 0x84),
    both("connect_name_of_v31", "10 0E 0006'MQIsdp' 03 02 0000 0000", Kind::InvalidProtocolName, 2, NAME, 0x84),
    both("connect_empty_name", "10 08 0000 04 02 0000 0000", Kind::InvalidProtocolName, 2, NAME, 0x84),
    cut("connect_no_level", "10 06 0004'MQTT'", "protocol version", 8),
    both(
        "connect_level_3",
        "10 0C 0004'MQTT' 03 02 0000 0000",
        Kind::UnsupportedProtocolVersion { level: 3 },
        8,
        LEVEL,
        0x84,
    ),
    both(
        "connect_level_6",
        "10 0D 0004'MQTT' 06 02 0000 00 0000",
        Kind::UnsupportedProtocolVersion { level: 6 },
        8,
        LEVEL,
        0x84,
    ),
    cut_v311("connect_v311_no_flags", "10 07 0004'MQTT' 04", "connect flags", 9),
    cut_v5("connect_no_flags", "10 07 0004'MQTT' 05", "connect flags", 9),
    v311("connect_v311_reserved_flag", "10 0C 0004'MQTT' 04 03 0000 0000", Kind::ReservedConnectFlag, 9, "MQTT-3.1.2-3", 0x81),
    v5("connect_reserved_flag", "10 0D 0004'MQTT' 05 01 0000 00 0000", Kind::ReservedConnectFlag, 9, "MQTT-3.1.2-3", 0x81),
    v311("connect_v311_will_qos_3", "10 11 0004'MQTT' 04 1E 0000 0000 0001'w' 0000", Kind::InvalidQos, 9, "MQTT-3.1.2-14", 0x81),
    v5("connect_will_qos_3", "10 13 0004'MQTT' 05 1E 0000 00 0000 00 0001'w' 0000", Kind::InvalidQos, 9, "MQTT-3.1.2-12", 0x81),
    v311("connect_v311_will_qos_without_will", "10 0C 0004'MQTT' 04 0A 0000 0000", Kind::WillQosWithoutWill, 9, "MQTT-3.1.2-13", 0x81),
    v5("connect_will_qos_without_will", "10 0D 0004'MQTT' 05 12 0000 00 0000", Kind::WillQosWithoutWill, 9, "MQTT-3.1.2-11", 0x81),
    v311("connect_v311_will_retain_without_will", "10 0C 0004'MQTT' 04 22 0000 0000", Kind::WillRetainWithoutWill, 9, "MQTT-3.1.2-15", 0x81),
    v5("connect_will_retain_without_will", "10 0D 0004'MQTT' 05 22 0000 00 0000", Kind::WillRetainWithoutWill, 9, "MQTT-3.1.2-13", 0x81),
    v311("connect_v311_password_alone", "10 10 0004'MQTT' 04 42 0000 0000 0002'pw'", Kind::PasswordWithoutUserName, 9, "MQTT-3.1.2-22", 0x82),
    cut_v311("connect_v311_keep_alive_cut_off", "10 09 0004'MQTT' 04 02 00", "keep alive", 10),
    cut_v5("connect_no_keep_alive", "10 08 0004'MQTT' 05 02", "keep alive", 10),
    cut_v5("connect_no_property_length", "10 0A 0004'MQTT' 05 02 0000", "property length", 12),
    cut_v5("connect_property_length_cut_off", "10 0B 0004'MQTT' 05 02 0000 80", "property length", 12),
    cut_v5("connect_properties_cut_off", "10 0C 0004'MQTT' 05 02 0000 05 11", "properties", 13),
    v5(
        "connect_authentication_data_alone",
        "10 11 0004'MQTT' 05 02 0000 04 16 0001 AA 0000",
        Kind::AuthenticationDataWithoutMethod,
        12,
        "3.1.2.11.10",
        0x82,
    ),
    cut_v311("connect_v311_no_client_id", "10 0A 0004'MQTT' 04 02 0000", "client identifier", 12),
    cut_v5("connect_no_client_id", "10 0B 0004'MQTT' 05 02 0000 00", "client identifier", 13),
    cut_v311("connect_v311_client_id_cut_off", "10 0D 0004'MQTT' 04 02 0000 0003'a'", "client identifier", 14),
    v311("connect_v311_client_id_not_utf8", "10 0E 0004'MQTT' 04 02 0000 0002'a'FF", Kind::InvalidUtf8, 15, UTF8[0], 0x81),
    v5("connect_client_id_not_utf8", "10 0F 0004'MQTT' 05 02 0000 00 0002'a'FF", Kind::InvalidUtf8, 16, UTF8[1], 0x81),
    v311("connect_v311_client_id_with_nul", "10 0E 0004'MQTT' 04 02 0000 0002 00'a'", Kind::NulCharacter, 14, NUL[0], 0x81),
    v5("connect_client_id_with_nul", "10 0F 0004'MQTT' 05 02 0000 00 0002 00'a'", Kind::NulCharacter, 15, NUL[1], 0x81),
    cut_v311("connect_v311_no_will_topic", "10 0C 0004'MQTT' 04 06 0000 0000", "will topic", 14),
    cut_v5("connect_no_will_properties", "10 0D 0004'MQTT' 05 06 0000 00 0000", "property length", 15),
    cut_v5("connect_will_properties_cut_off", "10 0E 0004'MQTT' 05 06 0000 00 0000 01", "properties", 16),
    v311("connect_v311_will_topic_empty", "10 10 0004'MQTT' 04 06 0000 0000 0000 0000", Kind::EmptyTopicName, 14, "MQTT-4.7.3-1", 0x82),
    v5("connect_will_topic_empty", "10 12 0004'MQTT' 05 06 0000 00 0000 00 0000 0000", Kind::EmptyTopicName, 16, "MQTT-4.7.3-1", 0x82),
    v311("connect_v311_will_topic_wildcard", "10 13 0004'MQTT' 04 06 0000 0000 0003'w/+' 0000", Kind::WildcardInTopicName, 18, "MQTT-4.7.1-1", 0x90),
    v5("connect_will_topic_wildcard", "10 13 0004'MQTT' 05 06 0000 00 0000 00 0001'#' 0000", Kind::WildcardInTopicName, 18, "MQTT-4.7.0-1", 0x90),
    v311("connect_v311_will_topic_with_nul", "10 12 0004'MQTT' 04 06 0000 0000 0002'w'00 0000", Kind::NulCharacter, 17, NUL[0], 0x81),
    v5("connect_will_topic_not_utf8", "10 14 0004'MQTT' 05 06 0000 00 0000 00 0002 C0AF 0000", Kind::InvalidUtf8, 18, UTF8[1], 0x81),
    cut_v311("connect_v311_no_will_payload", "10 0F 0004'MQTT' 04 06 0000 0000 0001'w'", "will payload", 17),
    cut_v311("connect_v311_will_payload_cut_off", "10 12 0004'MQTT' 04 06 0000 0000 0001'w' 0002'x'", "will payload", 19),
    cut_v311("connect_v311_no_user_name", "10 0C 0004'MQTT' 04 82 0000 0000", "user name", 14),
    cut_v5("connect_no_user_name", "10 0D 0004'MQTT' 05 82 0000 00 0000", "user name", 15),
    v311("connect_v311_user_name_not_utf8", "10 11 0004'MQTT' 04 82 0000 0000 0003 EDA080", Kind::InvalidUtf8, 16, UTF8[0], 0x81),
    v5("connect_user_name_with_nul", "10 10 0004'MQTT' 05 82 0000 00 0000 0001 00", Kind::NulCharacter, 17, NUL[1], 0x81),
    cut_v311("connect_v311_no_password", "10 0F 0004'MQTT' 04 C2 0000 0000 0001'u'", "password", 17),
    cut_v5("connect_password_cut_off", "10 10 0004'MQTT' 05 42 0000 00 0000 0002'p'", "password", 17),
    v311("connect_v311_trailing", "10 0D 0004'MQTT' 04 02 0000 0000 FF", TRAILING, 14, NO_NUMBER[0], 0x81),
    v5("connect_trailing", "10 0E 0004'MQTT' 05 02 0000 00 0000 FF", TRAILING, 15, NO_NUMBER[1], 0x81),
    // A password that no flag announces.
    v311("connect_v311_password_without_flag", "10 12 0004'MQTT' 04 82 0000 0000 0001'u' 0001'p'", Kind::TrailingBytes { count: 3 }, 17, NO_NUMBER[0], 0x81),
];

#[test]
fn a_connect_is_judged_by_the_version_that_it_names() {
    // Who reads it does not know the version yet.
    for (notation, named) in [
        ("10 0C 0004'MQTT' 04 03 0000 0000", Version::V311),
        ("10 10 0004'MQTT' 04 42 0000 0000 0002'pw'", Version::V311),
        ("10 0D 0004'MQTT' 05 03 0000 00 0000", Version::V5),
    ] {
        for version in Version::ALL {
            assert_eq!(
                refusal(&wire(notation), version),
                refusal(&wire(notation), named)
            );
            assert_eq!(refusal(&wire(notation), version).version(), named);
        }
    }
}

//! SUBSCRIBE that is refused: section 3.8 of both standards.

use nack_codec::{DecodeErrorKind as Kind, TopicError};

use super::{NUL, Row, UTF8, both, cut, cut_v5, cut_v311, v5, v311};

const IDENTIFIER: [&str; 2] = ["MQTT-2.3.1-1", "MQTT-2.2.1-3"];

const fn options(found: u8) -> Kind {
    Kind::InvalidSubscriptionOptions { found }
}

const fn filter(error: TopicError) -> Kind {
    Kind::InvalidTopicFilter(error)
}

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("subscribe_empty", "82 00", "packet identifier", 2),
    both("subscribe_identifier_0", "82 06 0000 0001'a' 00", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("subscribe_v311_no_filter", "82 02 000A", Kind::NoTopicFilter, 4, "MQTT-3.8.3-3", 0x82),
    cut_v5("subscribe_no_property_length", "82 02 000A", "property length", 4),
    cut_v5("subscribe_properties_cut_off", "82 03 000A 02", "properties", 5),
    v5("subscribe_no_filter", "82 03 000A 00", Kind::NoTopicFilter, 5, "MQTT-3.8.3-2", 0x82),
    cut_v311("subscribe_v311_filter_cut_off", "82 05 000A 0003'a'", "topic filter", 6),
    cut_v5("subscribe_filter_cut_off", "82 06 000A 00 0003'a'", "topic filter", 7),
    cut_v311("subscribe_v311_no_options", "82 05 000A 0001'a'", "subscription options", 7),
    cut_v5("subscribe_no_options", "82 06 000A 00 0001'a'", "subscription options", 8),
    cut_v311("subscribe_v311_second_without_options", "82 09 000A 0001'a' 00 0001'b'", "subscription options", 11),
    v311("subscribe_v311_filter_empty", "82 05 000A 0000 00", filter(TopicError::Empty), 4, "MQTT-4.7.3-1", 0x82),
    v5("subscribe_filter_empty", "82 06 000A 00 0000 00", filter(TopicError::Empty), 5, "MQTT-4.7.3-1", 0x82),
    v311("subscribe_v311_hash_in_word", "82 07 000A 0002'a#' 00", filter(TopicError::MultiLevelWildcard { offset: 1 }), 4, "MQTT-4.7.1-2", 0x82),
    v5("subscribe_hash_in_word", "82 08 000A 00 0002'a#' 00", filter(TopicError::MultiLevelWildcard { offset: 1 }), 5, "MQTT-4.7.1-1", 0x82),
    v5("subscribe_hash_not_last", "82 0B 000A 00 0005'a/#/b' 00", filter(TopicError::MultiLevelWildcard { offset: 2 }), 5, "MQTT-4.7.1-1", 0x82),
    v311("subscribe_v311_plus_in_word", "82 07 000A 0002'+a' 00", filter(TopicError::SingleLevelWildcard { offset: 0 }), 4, "MQTT-4.7.1-3", 0x82),
    v5("subscribe_plus_in_word", "82 0A 000A 00 0004'a/b+' 00", filter(TopicError::SingleLevelWildcard { offset: 3 }), 5, "MQTT-4.7.1-2", 0x82),
    v311("subscribe_v311_filter_not_utf8", "82 08 000A 0003'a/'FF 00", Kind::InvalidUtf8, 8, UTF8[0], 0x81),
    v5("subscribe_filter_not_utf8", "82 08 000A 00 0002 C0AF 00", Kind::InvalidUtf8, 7, UTF8[1], 0x81),
    v311("subscribe_v311_filter_with_nul", "82 06 000A 0001 00 00", Kind::NulCharacter, 6, NUL[0], 0x81),
    v5("subscribe_second_filter_with_nul", "82 0C 000A 00 0001'a' 00 0002'b'00 00", Kind::NulCharacter, 12, NUL[1], 0x81),
    // 3.1.1: the upper six bits are reserved, and QoS 3 is malformed as they are.
    v311("subscribe_v311_qos_3", "82 06 000A 0001'a' 03", options(0x03), 7, "MQTT-3.8.3-4", 0x81),
    v311("subscribe_v311_no_local", "82 06 000A 0001'a' 04", options(0x04), 7, "MQTT-3.8.3-4", 0x81),
    v311("subscribe_v311_retain_handling", "82 06 000A 0001'a' 10", options(0x10), 7, "MQTT-3.8.3-4", 0x81),
    v311("subscribe_v311_reserved", "82 06 000A 0001'a' 80", options(0x80), 7, "MQTT-3.8.3-4", 0x81),
    // 5.0 calls the values protocol errors, and the two reserved bits malformed.
    v5("subscribe_qos_3", "82 07 000A 00 0001'a' 03", options(0x03), 8, "3.8.3.1", 0x82),
    v5("subscribe_retain_handling_3", "82 07 000A 00 0001'a' 30", options(0x30), 8, "3.8.3.1", 0x82),
    v5("subscribe_reserved_6", "82 07 000A 00 0001'a' 40", options(0x40), 8, "MQTT-3.8.3-5", 0x81),
    v5("subscribe_reserved_7", "82 07 000A 00 0001'a' 81", options(0x81), 8, "MQTT-3.8.3-5", 0x81),
    v5("subscribe_second_reserved", "82 0B 000A 00 0001'a' 00 0001'b' C0", options(0xC0), 12, "MQTT-3.8.3-5", 0x81),
    v5("subscribe_no_local_on_shared", "82 10 000A 00 000A'$share/g/a' 04", Kind::NoLocalOnShared, 5, "MQTT-3.8.3-4", 0x82),
    v5("subscribe_share_name_empty", "82 0F 000A 00 0009'$share//a' 00", filter(TopicError::EmptyShareName), 5, "MQTT-4.8.2-1", 0x82),
    v5("subscribe_share_alone", "82 0D 000A 00 0007'$share/' 00", filter(TopicError::EmptyShareName), 5, "MQTT-4.8.2-1", 0x82),
    v5("subscribe_share_without_filter", "82 0E 000A 00 0008'$share/g' 00", filter(TopicError::IncompleteShare), 5, "MQTT-4.8.2-2", 0x82),
    v5("subscribe_share_with_empty_filter", "82 0F 000A 00 0009'$share/g/' 00", filter(TopicError::IncompleteShare), 5, "MQTT-4.8.2-2", 0x82),
    v5("subscribe_share_name_wildcard", "82 10 000A 00 000A'$share/+/a' 00", filter(TopicError::WildcardInShareName), 5, "MQTT-4.8.2-2", 0x82),
];

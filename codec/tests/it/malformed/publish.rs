//! PUBLISH that is refused: section 3.3 of both standards.

use nack_codec::{DecodeErrorKind as Kind, PropertyId};

use super::{NUL, Row, UTF8, both, cut, cut_v5, v5, v311};

const QOS: [&str; 2] = ["MQTT-3.3.1-4"; 2];
const DUP: [&str; 2] = ["MQTT-3.3.1-2"; 2];
const WILDCARD: [&str; 2] = ["MQTT-3.3.2-2"; 2];
const IDENTIFIER: [&str; 2] = ["MQTT-2.3.1-1", "MQTT-2.2.1-4"];

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    both("publish_qos_3", "36 07 0003'a/b' 000A", Kind::InvalidQos, 0, QOS, 0x81),
    both("publish_qos_3_dup_retain", "3F 07 0003'a/b' 000A", Kind::InvalidQos, 0, QOS, 0x81),
    both("publish_dup_at_qos_0", "38 05 0003'a/b'", Kind::DupOnQos0, 0, DUP, 0x82),
    cut("publish_empty", "30 00", "topic name", 2),
    cut("publish_topic_without_bytes", "30 02 0003", "topic name", 4),
    cut("publish_topic_cut_off", "30 04 0003'a/'", "topic name", 4),
    cut("publish_no_identifier", "32 05 0003'a/b'", "packet identifier", 7),
    cut("publish_identifier_cut_off", "34 06 0003'a/b' 00", "packet identifier", 7),
    both("publish_qos1_identifier_0", "32 07 0003'a/b' 0000", Kind::PacketIdZero, 7, IDENTIFIER, 0x82),
    both("publish_qos2_identifier_0", "34 08 0003'a/b' 0000 00", Kind::PacketIdZero, 7, IDENTIFIER, 0x82),
    v311("publish_v311_topic_empty", "30 04 0000 'hi'", Kind::EmptyTopicName, 2, "MQTT-4.7.3-1", 0x82),
    v5("publish_topic_missing", "30 03 0000 00", Kind::TopicMissing, 2, "3.3.2.1", 0x82),
    both("publish_topic_plus", "30 05 0003'a/+'", Kind::WildcardInTopicName, 6, WILDCARD, 0x90),
    both("publish_topic_hash", "30 05 0003'a/#'", Kind::WildcardInTopicName, 6, WILDCARD, 0x90),
    both("publish_topic_all_wildcard", "30 03 0001'#'", Kind::WildcardInTopicName, 4, WILDCARD, 0x90),
    both("publish_topic_plus_in_word", "30 08 0006'a+b/cd'", Kind::WildcardInTopicName, 5, WILDCARD, 0x90),
    both("publish_topic_lone_byte", "30 05 0003'a'FF'b'", Kind::InvalidUtf8, 5, UTF8, 0x81),
    both("publish_topic_overlong", "30 04 0002 C0AF", Kind::InvalidUtf8, 4, UTF8, 0x81),
    both("publish_topic_surrogate", "30 05 0003 EDA080", Kind::InvalidUtf8, 4, UTF8, 0x81),
    both("publish_topic_above_unicode", "30 06 0004 F4908080", Kind::InvalidUtf8, 4, UTF8, 0x81),
    both("publish_topic_half_a_character", "30 04 0002'a'C3", Kind::InvalidUtf8, 5, UTF8, 0x81),
    both("publish_topic_nul", "30 05 0003'a'00'b'", Kind::NulCharacter, 5, NUL, 0x81),
    both("publish_long_topic_nul", "30 0E 000C'abcdefghijk'00", Kind::NulCharacter, 15, NUL, 0x81),
    cut_v5("publish_no_property_length", "30 05 0003'a/b'", "property length", 7),
    cut_v5("publish_properties_cut_off", "30 07 0003'a/b' 02 01", "properties", 8),
    v5(
        "publish_alias_0",
        "30 09 0003'a/b' 03 23 0000",
        Kind::PropertyOutOfRange { id: PropertyId::TopicAlias, value: 0 },
        9,
        "MQTT-3.3.2-8",
        0x94,
    ),
    v5("publish_alias_0_for_topic", "30 06 0000 03 23 0000", Kind::PropertyOutOfRange { id: PropertyId::TopicAlias, value: 0 }, 6, "MQTT-3.3.2-8", 0x94),
    v5("publish_response_topic_wildcard", "30 0C 0003'a/b' 06 08 0003'a/+'", Kind::WildcardInResponseTopic, 13, "MQTT-3.3.2-14", 0x82),
    v5("publish_response_topic_empty", "30 09 0003'a/b' 03 08 0000", Kind::EmptyTopicName, 9, "MQTT-4.7.3-1", 0x82),
];

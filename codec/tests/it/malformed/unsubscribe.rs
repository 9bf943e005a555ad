//! UNSUBSCRIBE that is refused: section 3.10 of both standards.

use nack_codec::{DecodeErrorKind as Kind, TopicError};

use super::{NUL, Row, UTF8, both, cut, cut_v5, cut_v311, v5, v311};

const IDENTIFIER: [&str; 2] = ["MQTT-2.3.1-1", "MQTT-2.2.1-3"];

const fn filter(error: TopicError) -> Kind {
    Kind::InvalidTopicFilter(error)
}

// A row a line, as tables are read.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    cut("unsubscribe_empty", "A2 00", "packet identifier", 2),
    both("unsubscribe_identifier_0", "A2 05 0000 0001'a'", Kind::PacketIdZero, 2, IDENTIFIER, 0x82),
    v311("unsubscribe_v311_no_filter", "A2 02 000A", Kind::NoTopicFilter, 4, "MQTT-3.10.3-2", 0x82),
    cut_v5("unsubscribe_no_property_length", "A2 02 000A", "property length", 4),
    v5("unsubscribe_no_filter", "A2 03 000A 00", Kind::NoTopicFilter, 5, "MQTT-3.10.3-2", 0x82),
    cut_v311("unsubscribe_v311_filter_cut_off", "A2 05 000A 0002'a'", "topic filter", 6),
    cut_v5("unsubscribe_second_filter_cut_off", "A2 07 000A 00 0001'a' 00", "topic filter", 8),
    v311("unsubscribe_v311_filter_empty", "A2 04 000A 0000", filter(TopicError::Empty), 4, "MQTT-4.7.3-1", 0x82),
    v5("unsubscribe_plus_in_word", "A2 07 000A 00 0002'a+'", filter(TopicError::SingleLevelWildcard { offset: 1 }), 5, "MQTT-4.7.1-2", 0x82),
    v5("unsubscribe_second_filter_wrong", "A2 0A 000A 00 0001'a' 0002'##'", filter(TopicError::MultiLevelWildcard { offset: 0 }), 8, "MQTT-4.7.1-1", 0x82),
    v311("unsubscribe_v311_filter_not_utf8", "A2 05 000A 0001 80", Kind::InvalidUtf8, 6, UTF8[0], 0x81),
    v5("unsubscribe_filter_with_nul", "A2 06 000A 00 0001 00", Kind::NulCharacter, 7, NUL[1], 0x81),
    v5("unsubscribe_share_without_filter", "A2 0D 000A 00 0008'$share/g'", filter(TopicError::IncompleteShare), 5, "MQTT-4.8.2-2", 0x82),
];

//! PUBLISH: section 3.3 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("publish_v311_qos0", "30 07 0003'a/b' 'hi'"),
    v311("publish_v311_qos0_retain", "31 07 0003'a/b' 'hi'"),
    v311("publish_v311_retain_nothing", "31 05 0003'a/b'"),
    v311("publish_v311_no_payload", "30 05 0003'a/b'"),
    // Topic and identifier are those of the example in section 3.3.2.
    v311("publish_v311_qos1", "32 09 0003'a/b' 000A 'hi'"),
    v311("publish_v311_qos1_retain", "33 07 0003'a/b' 000A"),
    v311("publish_v311_qos1_dup", "3A 07 0003'a/b' 000A"),
    v311("publish_v311_qos1_dup_retain", "3B 07 0003'a/b' 000A"),
    v311("publish_v311_qos2", "34 09 0003'a/b' FFFF 'hi'"),
    v311("publish_v311_qos2_retain", "35 07 0003'a/b' 0001"),
    v311("publish_v311_qos2_dup", "3C 07 0003'a/b' 0100"),
    v311("publish_v311_qos2_dup_retain", "3D 07 0003'a/b' 00FF"),
    v311("publish_v311_topic_slash", "30 03 0001'/'"),
    v311("publish_v311_topic_system", "30 08 0006'$SYS/x'"),
    v311(
        "publish_v311_topic_beyond_ascii",
        "30 0B 0009 C3A4 E282AC F09F8C8A",
    ),
    v311(
        "publish_v311_topic_byte_order_mark",
        "30 0A 0008 EFBBBF 'a/' EFBBBF",
    ),
    v311(
        "publish_v311_any_payload",
        "30 0A 0001't' 00FF C0AF 2B23 20",
    ),
    v5("publish_qos0", "30 08 0003'a/b' 00 'hi'"),
    v5("publish_qos0_retain", "31 08 0003'a/b' 00 'hi'"),
    v5("publish_no_payload", "30 06 0003'a/b' 00"),
    v5("publish_qos1", "32 0A 0003'a/b' 000A 00 'hi'"),
    v5("publish_qos1_dup_retain", "3B 0A 0003'a/b' 000A 00 'hi'"),
    v5("publish_qos2", "34 0A 0003'a/b' FFFF 00 'hi'"),
    v5("publish_qos2_dup", "3C 08 0003'a/b' 0001 00"),
    v5(
        "publish_topic_beyond_ascii",
        "30 0C 0009 C3A4 E282AC F09F8C8A 00",
    ),
    v5(
        "publish_alias_with_topic",
        "32 0D 0003'a/b' 000A 03 23 0005 'hi'",
    ),
    v5("publish_qos1_alias", "32 0A 0000 000A 03 23 FFFF 'hi'"),
    v5("publish_qos0_alias", "30 06 0000 03 23 0001"),
    v5(
        "publish_all_properties",
        "32 2D 0003'a/b' 000A 23 01 01 02 0000003C 03 0004'text' 08 0001'r' 09 0002 CAFE 0B 01
         23 0005 26 0001'k'0001'v' 'hi'",
    ),
    // [MQTT-3.3.4-4]: one copy for several subscriptions; the borders of the identifier.
    v5(
        "publish_subscription_identifiers",
        "30 19 0003'a/b' 13 0B 01 0B 7F 0B 8001 0B FF7F 0B 808001 0B FFFFFF7F",
    ),
    // [MQTT-3.3.2-18]: the order is kept, and names may repeat.
    v5(
        "publish_user_properties_in_order",
        "30 1A 0003'a/b' 14 26 0001'z'0001'1' 26 0001'a'0000 26 0001'z'0001'1'",
    ),
    v5(
        "publish_empty_values",
        "30 11 0003'a/b' 0B 03 0000 09 0000 26 0000 0000",
    ),
    v5("publish_expires_at_once", "30 0B 0003'a/b' 05 02 00000000"),
    v5(
        "publish_properties_in_any_order",
        "30 0B 0003'a/b' 05 23 0001 01 00",
    ),
];

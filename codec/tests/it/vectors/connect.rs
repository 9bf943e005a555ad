//! CONNECT: section 3.1 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("connect_v311_shortest", "10 0C 0004'MQTT' 04 02 0000 0000"),
    v311(
        "connect_v311_client_id",
        "10 0D 0004'MQTT' 04 02 003C 0001'a'",
    ),
    v311("connect_v311_resume", "10 0D 0004'MQTT' 04 00 FFFF 0001'a'"),
    v311(
        "connect_v311_user_name",
        "10 10 0004'MQTT' 04 82 003C 0001'a' 0001'u'",
    ),
    v311(
        "connect_v311_password",
        "10 14 0004'MQTT' 04 C2 003C 0001'a' 0001'u' 0002'pw'",
    ),
    v311(
        "connect_v311_binary_password",
        "10 16 0004'MQTT' 04 C2 003C 0001'a' 0001'u' 0004 00FF80C0",
    ),
    v311(
        "connect_v311_empty_credentials",
        "10 11 0004'MQTT' 04 C2 003C 0001'a' 0000 0000",
    ),
    v311(
        "connect_v311_will_qos_0",
        "10 15 0004'MQTT' 04 06 003C 0001'a' 0001'w' 0003'bye'",
    ),
    v311(
        "connect_v311_will_qos_1_retain",
        "10 15 0004'MQTT' 04 2E 003C 0001'a' 0001'w' 0003'bye'",
    ),
    v311(
        "connect_v311_will_qos_2_empty",
        "10 12 0004'MQTT' 04 16 003C 0001'a' 0001'w' 0000",
    ),
    // The flags and the keep alive are those of the example in section 3.1.2.
    v311(
        "connect_v311_everything",
        "10 1C 0004'MQTT' 04 CE 000A 0001'a' 0001'w' 0003'bye' 0001'u' 0002'pw'",
    ),
    // [MQTT-1.5.3-3]: a byte order mark is a character like any other.
    v311(
        "connect_v311_byte_order_mark",
        "10 10 0004'MQTT' 04 02 003C 0004 EFBBBF'a'",
    ),
    v5("connect_shortest", "10 0D 0004'MQTT' 05 02 0000 00 0000"),
    v5(
        "connect_client_id",
        "10 0E 0004'MQTT' 05 02 003C 00 0001'a'",
    ),
    v5("connect_resume", "10 0E 0004'MQTT' 05 00 FFFF 00 0001'a'"),
    v5(
        "connect_user_name",
        "10 11 0004'MQTT' 05 82 003C 00 0001'a' 0001'u'",
    ),
    // 3.1.1 has no password without a user name.
    v5(
        "connect_password_alone",
        "10 12 0004'MQTT' 05 42 003C 00 0001'a' 0002'pw'",
    ),
    v5(
        "connect_user_name_and_password",
        "10 15 0004'MQTT' 05 C2 003C 00 0001'a' 0001'u' 0002'pw'",
    ),
    v5(
        "connect_will",
        "10 17 0004'MQTT' 05 06 003C 00 0001'a' 00 0001'w' 0003'bye'",
    ),
    v5(
        "connect_will_qos_1_retain",
        "10 17 0004'MQTT' 05 2E 003C 00 0001'a' 00 0001'w' 0003'bye'",
    ),
    v5(
        "connect_will_qos_2_empty",
        "10 14 0004'MQTT' 05 16 003C 00 0001'a' 00 0001'w' 0000",
    ),
    // The properties are those of the example in section 3.1.2.
    v5(
        "connect_session_expiry",
        "10 13 0004'MQTT' 05 02 000A 05 11 0000000A 0001'a'",
    ),
    v5(
        "connect_session_that_never_expires",
        "10 13 0004'MQTT' 05 00 000A 05 11 FFFFFFFF 0001'a'",
    ),
    v5(
        "connect_all_properties",
        "10 32 0004'MQTT' 05 02 003C 24 11 0000000A 15 0001'm' 16 0002 0102 17 00 19 01 21 0014
         22 000A 26 0001'k'0001'v' 27 00000400 0001'a'",
    ),
    v5(
        "connect_will_all_properties",
        "10 3A 0004'MQTT' 05 06 003C 00 0001'a' 23 01 01 02 0000003C 03 0004'text' 08 0001'r'
         09 0002 CAFE 18 00000005 26 0001'k'0001'v' 0001'w' 0003'bye'",
    ),
    v5(
        "connect_everything",
        "10 28 0004'MQTT' 05 CE 000A 05 11 0000000A 0001'a' 05 18 0000000A 0001'w' 0003'bye'
         0001'u' 0002'pw'",
    ),
    // Different properties have no order (section 2.2.2.2), and keep the one that they came in.
    v5(
        "connect_properties_in_any_order",
        "10 16 0004'MQTT' 05 02 003C 08 27 00000400 21 0014 0001'a'",
    ),
    v5(
        "connect_user_property_twice",
        "10 1C 0004'MQTT' 05 02 003C 0E 26 0001'k'0001'1' 26 0001'k'0001'2' 0001'a'",
    ),
];

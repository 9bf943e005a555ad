//! CONNACK: section 3.2 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("connack_v311_accepted", "20 02 00 00"),
    v311("connack_v311_session_present", "20 02 01 00"),
    v311("connack_v311_unacceptable_protocol_version", "20 02 00 01"),
    v311("connack_v311_identifier_rejected", "20 02 00 02"),
    v311("connack_v311_server_unavailable", "20 02 00 03"),
    v311("connack_v311_bad_user_name_or_password", "20 02 00 04"),
    v311("connack_v311_not_authorized", "20 02 00 05"),
    v5("connack_accepted", "20 03 00 00 00"),
    v5("connack_session_present", "20 03 01 00 00"),
    v5("connack_refused", "20 03 00 87 00"),
    v5(
        "connack_refused_with_reason_string",
        "20 09 00 8A 06 1F 0003'bye'",
    ),
    v5("connack_use_another_server", "20 0A 00 9C 07 1C 0004'b:18'"),
    v5(
        "connack_all_properties",
        "20 43 00 00 40 11 0000003C 12 0002'id' 13 001E 15 0001'm' 16 0001 AA 1A 0002'ri'
         1C 0002's1' 1F 0002'ok' 21 000A 22 0005 24 01 25 01 26 0001'k'0001'v' 27 00010000 28 01
         29 01 2A 01",
    ),
    v5(
        "connack_nothing_available",
        "20 0D 00 00 0A 24 00 25 00 28 00 29 00 2A 00",
    ),
    // No section says of CONNACK, as they do of CONNECT and AUTH, that the method must be there too.
    v5(
        "connack_authentication_data_alone",
        "20 07 00 00 04 16 0001 AA",
    ),
    v5("connack_server_keep_alive_off", "20 06 00 00 03 13 0000"),
    // A server of 3.1.1 refuses version 5 in its own words (3.1.1: [MQTT-3.1.2-2]).
    v5("connack_from_a_server_of_v311", "20 02 00 01").written_as("20 03 00 84 00"),
];

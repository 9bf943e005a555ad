//! DISCONNECT: section 3.14 of both standards.

use super::{Vector, both, v5};

pub(super) const VECTORS: &[Vector] = &[
    // A remaining length of 0 is the only form of 3.1.1, and a normal disconnection in 5.
    both("disconnect", "E0 00"),
    // A remaining length of 1: no property length.
    v5("disconnect_with_will", "E0 01 04"),
    v5("disconnect_session_taken_over", "E0 01 8E"),
    v5("disconnect_normal_spelled_out", "E0 01 00").written_as("E0 00"),
    v5("disconnect_no_properties_spelled_out", "E0 02 00 00").written_as("E0 00"),
    v5(
        "disconnect_refused_no_properties_spelled_out",
        "E0 02 8E 00",
    )
    .written_as("E0 01 8E"),
    v5(
        "disconnect_normal_with_session_expiry",
        "E0 07 00 05 11 00000000",
    ),
    v5("disconnect_server_moved", "E0 0B 9D 09 1C 0006'b:1883'"),
    v5(
        "disconnect_all_properties",
        "E0 19 9C 17 11 FFFFFFFF 1C 0002's2' 1F 0003'bye' 26 0001'k'0001'v'",
    ),
];

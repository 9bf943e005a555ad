//! AUTH: section 3.15 of MQTT 5.0.

use super::{Vector, v5};

pub(super) const VECTORS: &[Vector] = &[
    // Section 3.15.2.1: success without properties may leave everything out.
    v5("auth_success_short", "F0 00"),
    v5("auth_success", "F0 06 00 04 15 0001'm'"),
    v5("auth_continue", "F0 0B 18 09 15 0001'm' 16 0002 0102"),
    v5("auth_re_authenticate", "F0 0A 19 08 15 0001'm' 16 0001 00"),
    v5(
        "auth_all_properties",
        "F0 18 18 16 15 0001'm' 16 0002 0102 1F 0003'bye' 26 0001'k'0001'v'",
    ),
];

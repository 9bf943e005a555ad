//! SUBACK: section 3.9 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("suback_v311_granted", "90 03 000A 01"),
    v311("suback_v311_all_codes", "90 06 000A 00 01 02 80"),
    v5("suback_granted", "90 04 000A 00 01"),
    v5("suback_refused", "90 04 000A 00 87"),
    v5(
        "suback_eight_codes",
        "90 0B 000A 00 00 01 02 87 8F 9E A1 A2",
    ),
    v5(
        "suback_all_properties",
        "90 12 000A 0D 1F 0003'bye' 26 0001'k'0001'v' 02 97",
    ),
];

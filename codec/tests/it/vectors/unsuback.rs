//! UNSUBACK: section 3.11 of both standards; in 3.1.1 it has no payload.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("unsuback_v311", "B0 02 000A"),
    v5("unsuback_success", "B0 04 000A 00 00"),
    v5("unsuback_several_codes", "B0 06 000A 00 00 11 87"),
    v5(
        "unsuback_all_properties",
        "B0 12 000A 0D 1F 0003'bye' 26 0001'k'0001'v' 11 80",
    ),
];

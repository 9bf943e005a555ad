//! UNSUBSCRIBE: section 3.10 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("unsubscribe_v311", "A2 05 000A 0001'#'"),
    // The example in section 3.10.3.
    v311(
        "unsubscribe_v311_two_filters",
        "A2 0C 000A 0003'a/b' 0003'c/d'",
    ),
    v311(
        "unsubscribe_v311_share_without_filter",
        "A2 0C 000A 0008'$share/g'",
    ),
    v5("unsubscribe_one_filter", "A2 06 000A 00 0001'#'"),
    v5(
        "unsubscribe_two_filters",
        "A2 0D 000A 00 0003'a/b' 0003'c/d'",
    ),
    v5("unsubscribe_shared", "A2 0F 000A 00 000A'$share/g/a'"),
    v5(
        "unsubscribe_user_property",
        "A2 0D 000A 07 26 0001'k'0001'v' 0001'a'",
    ),
];

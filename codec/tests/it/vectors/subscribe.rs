//! SUBSCRIBE: section 3.8 of both standards.

use super::{Vector, v5, v311};

pub(super) const VECTORS: &[Vector] = &[
    v311("subscribe_v311_qos0", "82 06 000A 0001'a' 00"),
    // The example in section 3.8.3.
    v311(
        "subscribe_v311_two_filters",
        "82 0E 000A 0003'a/b' 01 0003'c/d' 02",
    ),
    v311(
        "subscribe_v311_wildcards",
        "82 10 0001 0001'#' 00 0003'+/+' 01 0001'+' 02",
    ),
    v311(
        "subscribe_v311_beyond_ascii",
        "82 0D FFFF 0008 C3A4 '/' E282AC '/+' 01",
    ),
    // 3.1.1 has no shared subscriptions: `$share` is a word like any other.
    v311(
        "subscribe_v311_share_without_filter",
        "82 0D 000A 0008'$share/g' 00",
    ),
    v5("subscribe_qos0", "82 07 000A 00 0001'a' 00"),
    v5(
        "subscribe_two_filters",
        "82 0F 000A 00 0003'a/b' 01 0003'c/d' 02",
    ),
    v5("subscribe_no_local", "82 07 000A 00 0001'a' 04"),
    v5("subscribe_retain_as_published", "82 07 000A 00 0001'a' 08"),
    v5("subscribe_retain_if_new", "82 07 000A 00 0001'a' 10"),
    v5("subscribe_no_retained", "82 07 000A 00 0001'a' 20"),
    v5("subscribe_all_options", "82 07 000A 00 0001'a' 2E"),
    v5("subscribe_shared", "82 10 000A 00 000A'$share/g/a' 09"),
    v5(
        "subscribe_shared_wildcards",
        "82 12 000A 00 000C'$share/g/+/#' 02",
    ),
    // `$share` alone, and what only begins like it, is no shared subscription.
    v5(
        "subscribe_not_shared",
        "82 18 000A 00 0006'$share' 04 0009'$shared/a' 04",
    ),
    v5("subscribe_identifier", "82 09 000A 02 0B 01 0001'a' 00"),
    v5(
        "subscribe_highest_identifier",
        "82 0C 000A 05 0B FFFFFF7F 0001'a' 00",
    ),
    v5(
        "subscribe_all_properties",
        "82 18 000A 11 0B 8001 26 0001'k'0001'1' 26 0001'k'0001'2' 0001'a' 01",
    ),
];

//! PUBACK, PUBREC, PUBREL and PUBCOMP: sections 3.4 to 3.7 of both standards.

use super::{Vector, both, v5};

pub(super) const VECTORS: &[Vector] = &[
    // A remaining length of 2 is the only form of 3.1.1, and means success in 5.
    both("puback", "40 02 000A"),
    both("puback_highest_identifier", "40 02 FFFF"),
    // A remaining length of 3: no property length.
    v5("puback_refused", "40 03 000A 87"),
    v5("puback_no_matching_subscribers", "40 03 000A 10"),
    v5("puback_success_spelled_out", "40 03 000A 00").written_as("40 02 000A"),
    v5("puback_no_properties_spelled_out", "40 04 000A 00 00").written_as("40 02 000A"),
    v5(
        "puback_refused_no_properties_spelled_out",
        "40 04 000A 87 00",
    )
    .written_as("40 03 000A 87"),
    v5("puback_reason_string", "40 0A 000A 97 06 1F 0003'bye'"),
    v5(
        "puback_success_with_reason_string",
        "40 09 000A 00 05 1F 0002'ok'",
    ),
    v5(
        "puback_all_properties",
        "40 18 000A 97 14 1F 0003'bye' 26 0001'k'0001'v' 26 0001'k'0001'w'",
    ),
    both("pubrec", "50 02 000A"),
    v5("pubrec_refused", "50 03 000A 97"),
    v5("pubrec_success_spelled_out", "50 03 000A 00").written_as("50 02 000A"),
    v5("pubrec_no_properties_spelled_out", "50 04 000A 00 00").written_as("50 02 000A"),
    v5(
        "pubrec_refused_no_properties_spelled_out",
        "50 04 000A 97 00",
    )
    .written_as("50 03 000A 97"),
    v5(
        "pubrec_all_properties",
        "50 11 000A 97 0D 1F 0003'bye' 26 0001'k'0001'v'",
    ),
    both("pubrel", "62 02 000A"),
    v5("pubrel_not_found", "62 03 000A 92"),
    v5("pubrel_success_spelled_out", "62 03 000A 00").written_as("62 02 000A"),
    v5("pubrel_no_properties_spelled_out", "62 04 000A 00 00").written_as("62 02 000A"),
    v5(
        "pubrel_all_properties",
        "62 11 000A 92 0D 1F 0003'bye' 26 0001'k'0001'v'",
    ),
    both("pubcomp", "70 02 000A"),
    v5("pubcomp_not_found", "70 03 000A 92"),
    v5("pubcomp_success_spelled_out", "70 03 000A 00").written_as("70 02 000A"),
    v5("pubcomp_no_properties_spelled_out", "70 04 000A 00 00").written_as("70 02 000A"),
    v5(
        "pubcomp_all_properties",
        "70 11 000A 92 0D 1F 0003'bye' 26 0001'k'0001'v'",
    ),
];

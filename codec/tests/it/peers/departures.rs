//! Where rumqttc 0.25.1 departs from the standard, and how.

/// A reason, and the packets that it explains; a `*` stands for any characters.
pub(super) type Table = &'static [(&'static str, &'static [&'static str])];

/// Packets of the standard that it cannot read, or reads as others.
pub(super) const MISREAD: Table = &[
    (
        "its reader does not know packet type 15, though it has the packet",
        &["auth_* (MQTT 5.0)", "* in AUTH (MQTT 5.0)"],
    ),
    (
        "it wants a body in every DISCONNECT of 5.0, and a property length behind every code",
        &[
            "disconnect (MQTT 5.0)",
            "disconnect_with_will (MQTT 5.0)",
            "disconnect_session_taken_over (MQTT 5.0)",
            "disconnect_normal_spelled_out (MQTT 5.0)",
        ],
    ),
    (
        "it takes the table of DISCONNECT for complete, not the one of all codes",
        &["code 0x8C in DISCONNECT (MQTT 5.0)"],
    ),
    (
        "it does not know the answer of a 3.1.1 server",
        &["connack_from_a_server_of_v311 (MQTT 5.0)"],
    ),
    (
        "it takes passwords for text",
        &["connect_v311_binary_password (MQTT 3.1.1)"],
    ),
    (
        "an empty user name or password is none to it",
        &["connect_v311_empty_credentials (MQTT 3.1.1)"],
    ),
    (
        "it counts the identifier byte of a subscription identifier twice, and so ends the \
         properties too early",
        &["publish_subscription_identifiers (MQTT 5.0)"],
    ),
];

/// Bytes that the standard refuses and it accepts.
pub(super) const ACCEPTED: Table = &[
    (
        "it does not look for bytes behind the last field",
        &[
            "con*_trailing *",
            "pub*_trailing *",
            "disconnect_*trailing *",
            "pingreq_with_body *",
            "pingresp_with_body *",
            "connect_v311_password_without_flag (MQTT 3.1.1)",
        ],
    ),
    (
        "it does not ask for the shortest form of a variable byte integer",
        &[
            "remaining_length_0_in_two_bytes *",
            "remaining_length_2_in_two_bytes *",
            "remaining_length_0_in_four_bytes *",
            "properties_length_not_minimal (MQTT 5.0)",
            "subscription_identifier_not_minimal (MQTT 5.0)",
        ],
    ),
    (
        "it looks for packet identifier 0 in PUBLISH alone",
        &[
            "puback_identifier_0 *",
            "pubrec_identifier_0 *",
            "pubrel_identifier_0 *",
            "pubcomp_identifier_0 *",
            "*suback_identifier_0 (MQTT 3.1.1)",
            "*subscribe_identifier_0 (MQTT 3.1.1)",
        ],
    ),
    (
        "it does not look for U+0000",
        &[
            "connect_*_with_nul *",
            "publish_*topic_nul (MQTT 3.1.1)",
            "*subscribe_*filter_with_nul *",
            "user_property_value_with_nul (MQTT 5.0)",
        ],
    ),
    (
        "it does not look into topic names, and keeps those of 5.0 as bytes",
        &[
            "connect_*will_topic_empty *",
            "connect_*will_topic_wildcard *",
            "connect_will_topic_not_utf8 (MQTT 5.0)",
            "publish_topic_*plus* (MQTT 3.1.1)",
            "publish_topic_hash (MQTT 3.1.1)",
            "publish_topic_all_wildcard (MQTT 3.1.1)",
            "publish_v311_topic_empty (MQTT 3.1.1)",
            "publish_topic_missing (MQTT 5.0)",
            "publish_response_topic_*",
        ],
    ),
    (
        "it does not look into topic filters, nor at shared subscriptions",
        &[
            "*subscribe_*filter_empty *",
            "subscribe_*hash_in_word *",
            "subscribe_hash_not_last (MQTT 5.0)",
            "*subscribe_*plus_in_word *",
            "*subscribe_share_*",
            "unsubscribe_second_filter_wrong (MQTT 5.0)",
            "subscribe_no_local_on_shared (MQTT 5.0)",
        ],
    ),
    (
        "it accepts an UNSUBSCRIBE without a filter",
        &["unsubscribe_*no_filter *"],
    ),
    (
        "it does not look at reserved bits",
        &[
            "connack_flags_*",
            "connect_*reserved_flag *",
            "subscribe_*reserved*",
            "subscribe_v311_no_local (MQTT 3.1.1)",
            "subscribe_v311_retain_handling (MQTT 3.1.1)",
        ],
    ),
    (
        "it does not ask whether fields fit together",
        &[
            "*_authentication_data_alone (MQTT 5.0)",
            "connack_*session_with_refusal (MQTT *",
            "connect_v311_password_alone (MQTT 3.1.1)",
            "publish_dup_at_qos_0 (MQTT 3.1.1)",
        ],
    ),
    (
        "it does not check the values of properties",
        &["publish_alias_0* (MQTT 5.0)"],
    ),
    (
        "it reads a property beyond the end of the block",
        &["properties_value_reaches_into_payload (MQTT 5.0)"],
    ),
];

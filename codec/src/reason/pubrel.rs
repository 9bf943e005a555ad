//! The reason codes of PUBREL.

packet_reasons! {
    /// Whether the sender knows the identifier (table 3-6, `[MQTT-3.6.2-1]`).
    PubrelReason of "PUBREL" {
        Success,
        PacketIdentifierNotFound,
    }
}

//! The reason codes of PUBCOMP.

packet_reasons! {
    /// Whether the receiver knows the identifier (table 3-7, `[MQTT-3.7.2-1]`).
    PubcompReason of "PUBCOMP" {
        Success,
        PacketIdentifierNotFound,
    }
}

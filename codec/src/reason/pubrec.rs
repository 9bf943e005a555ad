//! The reason codes of PUBREC.

packet_reasons! {
    /// What the receiver did with a QoS 2 message (table 3-5, `[MQTT-3.5.2-1]`).
    PubrecReason of "PUBREC" {
        Success,
        NoMatchingSubscribers,
        UnspecifiedError,
        ImplementationSpecificError,
        NotAuthorized,
        TopicNameInvalid,
        PacketIdentifierInUse,
        QuotaExceeded,
        PayloadFormatInvalid,
    }
}

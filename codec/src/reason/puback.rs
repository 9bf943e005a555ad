//! The reason codes of PUBACK.

packet_reasons! {
    /// What the receiver did with a QoS 1 message (table 3-4, `[MQTT-3.4.2-1]`).
    PubackReason of "PUBACK" {
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

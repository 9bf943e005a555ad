//! The reason codes of UNSUBACK.

packet_reasons! {
    /// What became of one unsubscription (table 3-9, `[MQTT-3.11.3-2]`).
    UnsubackReason of "UNSUBACK" {
        Success,
        NoSubscriptionExisted,
        UnspecifiedError,
        ImplementationSpecificError,
        NotAuthorized,
        TopicFilterInvalid,
        PacketIdentifierInUse,
    }
}

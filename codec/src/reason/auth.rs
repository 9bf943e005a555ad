//! The reason codes of AUTH.

packet_reasons! {
    /// Which step of an authentication this is (table 3-11, `[MQTT-3.15.2-1]`).
    AuthReason of "AUTH" {
        Success,
        ContinueAuthentication,
        ReAuthenticate,
    }
}

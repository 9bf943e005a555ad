//! The reason codes of SUBACK.

packet_reasons! {
    /// What became of one subscription (table 3-8, `[MQTT-3.9.3-2]`).
    SubackReason of "SUBACK" {
        GrantedQos0 = Success "granted QoS 0",
        GrantedQos1,
        GrantedQos2,
        UnspecifiedError,
        ImplementationSpecificError,
        NotAuthorized,
        TopicFilterInvalid,
        PacketIdentifierInUse,
        QuotaExceeded,
        SharedSubscriptionsNotSupported,
        SubscriptionIdentifiersNotSupported,
        WildcardSubscriptionsNotSupported,
    }
}

impl SubackReason {
    /// Whether 3.1.1 has a number as a return code, by the number.
    pub(crate) const KNOWN_IN_V311: [bool; 256] = {
        let mut known = [false; 256];
        let mut index = 0;
        while index < Self::ALL.len() {
            known[Self::ALL[index] as usize] = Self::ALL[index].in_v311();
            index += 1;
        }
        known
    };

    /// The QoS that was granted; `None` where the subscription was refused.
    pub const fn granted(self) -> Option<crate::QoS> {
        crate::QoS::from_u8(self as u8)
    }

    /// Whether 3.1.1 has this code: 0x00, 0x01, 0x02 and 0x80 (3.1.1: `[MQTT-3.9.3-2]`).
    pub const fn in_v311(self) -> bool {
        matches!(
            self,
            Self::GrantedQos0 | Self::GrantedQos1 | Self::GrantedQos2 | Self::UnspecifiedError
        )
    }
}

impl From<crate::QoS> for SubackReason {
    fn from(granted: crate::QoS) -> Self {
        match granted {
            crate::QoS::AtMostOnce => Self::GrantedQos0,
            crate::QoS::AtLeastOnce => Self::GrantedQos1,
            crate::QoS::ExactlyOnce => Self::GrantedQos2,
        }
    }
}

//! The reason codes of CONNACK.

packet_reasons! {
    /// Why a server accepts or refuses a connection (table 3-1, `[MQTT-3.2.2-8]`).
    ConnackReason of "CONNACK" {
        Success,
        UnspecifiedError,
        MalformedPacket,
        ProtocolError,
        ImplementationSpecificError,
        UnsupportedProtocolVersion,
        ClientIdentifierNotValid,
        BadUserNameOrPassword,
        NotAuthorized,
        ServerUnavailable,
        ServerBusy,
        Banned,
        BadAuthenticationMethod,
        TopicNameInvalid,
        PacketTooLarge,
        QuotaExceeded,
        PayloadFormatInvalid,
        RetainNotSupported,
        QosNotSupported,
        UseAnotherServer,
        ServerMoved,
        ConnectionRateExceeded,
    }
}

impl ConnackReason {
    /// The reason that a 3.1.1 return code stands for (section 3.2.2.3 of MQTT 3.1.1); `None` for
    /// 6 and above, which are reserved.
    pub const fn from_return_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Success),
            1 => Some(Self::UnsupportedProtocolVersion),
            2 => Some(Self::ClientIdentifierNotValid),
            3 => Some(Self::ServerUnavailable),
            4 => Some(Self::BadUserNameOrPassword),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }

    /// The return code that says this reason in 3.1.1; `None` where 3.1.1 has none.
    pub const fn return_code(self) -> Option<u8> {
        match self {
            Self::Success => Some(0),
            Self::UnsupportedProtocolVersion => Some(1),
            Self::ClientIdentifierNotValid => Some(2),
            Self::ServerUnavailable => Some(3),
            Self::BadUserNameOrPassword => Some(4),
            Self::NotAuthorized => Some(5),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_codes_map_both_ways() {
        for code in 0..=u8::MAX {
            if let Some(reason) = ConnackReason::from_return_code(code) {
                assert_eq!(reason.return_code(), Some(code));
            }
        }
        assert_eq!(
            ConnackReason::ALL
                .iter()
                .filter_map(|r| r.return_code())
                .count(),
            6
        );
    }
}

//! The code of an answer: any number, or one of the codec's named reasons.

use std::fmt;

use nack_codec::{
    AuthReason, ConnackReason, DisconnectReason, PacketType, PubackReason, PubcompReason,
    PubrecReason, PubrelReason, QoS, ReasonCode, SubackReason, UnsubackReason, Version,
};

/// A reason code as an answer says it: any number from 0 to 255, or a named reason.
///
/// A number is written as it is. A named reason is said in the words of the connection's version:
/// `ConnackReason::NotAuthorized` is 0x87 in MQTT 5.0 and return code 5 in 3.1.1. Where 3.1.1 has
/// fewer words, the nearest is taken, or else the broker does what one of 3.1.1 does:
///
/// | packet | a name that 3.1.1 has not |
/// | --- | --- |
/// | CONNACK | return code 5 for what is forbidden, 3 for all else that stands in the way; malformed packets and protocol errors close the connection (3.1.1, `[MQTT-3.1.4-1]`) |
/// | SUBACK | every refusal is 0x80 |
/// | PUBACK, PUBREC, UNSUBACK | without a code, where it is a success; a refusal closes the connection (3.1.1, `[MQTT-3.3.5-2]`) |
/// | PUBREL, PUBCOMP | without a code |
/// | DISCONNECT, AUTH | a server has none: the connection is closed |
///
/// The journal says where a connection is closed instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    code: u8,
    named: bool,
}

impl Reason {
    /// The number on the wire of MQTT 5.0.
    pub const fn code(self) -> u8 {
        self.code
    }

    /// The number on the wire of this version, in a packet of this type; where the version has no
    /// such thing, that of MQTT 5.0.
    pub(crate) fn on_wire(self, packet: PacketType, version: Version) -> u8 {
        if !self.named || version == Version::V5 {
            return self.code;
        }
        match packet {
            PacketType::Connack => self.return_code(),
            PacketType::Suback if self.code >= 0x80 => SubackReason::UnspecifiedError.as_u8(),
            _ => self.code,
        }
    }

    fn return_code(self) -> u8 {
        let said = ConnackReason::from_u8(self.code).and_then(ConnackReason::return_code);
        let forbidden = [ReasonCode::Banned, ReasonCode::BadAuthenticationMethod];
        match said {
            Some(code) => code,
            None if self.code < 0x80 => self.code,
            None if forbidden.iter().any(|it| *it as u8 == self.code) => 5,
            None => 3,
        }
    }

    /// Whether the version has a packet of this type without a code, which says the same.
    pub(crate) fn is_left_out(self, packet: PacketType, version: Version) -> bool {
        self.named
            && version == Version::V311
            && match packet {
                PacketType::Puback | PacketType::Pubrec | PacketType::Unsuback => self.code < 0x80,
                PacketType::Pubrel | PacketType::Pubcomp => true,
                _ => false,
            }
    }

    /// Whether the version can neither say this in a packet of this type, nor something near to it:
    /// a broker closes the connection.
    pub(crate) fn is_unsayable(self, packet: PacketType, version: Version) -> bool {
        if !self.named || version == Version::V5 {
            return false;
        }
        match packet {
            PacketType::Connack => {
                // 3.1.1 [MQTT-3.1.4-1]
                let broken = [ReasonCode::MalformedPacket, ReasonCode::ProtocolError];
                broken.iter().any(|it| *it as u8 == self.code)
            }
            // 3.1.1 [MQTT-3.3.5-2]: an acknowledgement in the usual way, or the end.
            PacketType::Puback | PacketType::Pubrec | PacketType::Unsuback => self.code >= 0x80,
            PacketType::Disconnect | PacketType::Auth => true,
            _ => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code;
        match ReasonCode::from_u8(code) {
            Some(reason) => write!(f, "0x{code:02X} {}", reason.text().to_lowercase()),
            None => write!(f, "0x{code:02X}"),
        }
    }
}

impl From<u8> for Reason {
    fn from(code: u8) -> Self {
        Self { code, named: false }
    }
}

impl From<ReasonCode> for Reason {
    fn from(reason: ReasonCode) -> Self {
        Self {
            code: reason as u8,
            named: true,
        }
    }
}

impl From<QoS> for Reason {
    fn from(granted: QoS) -> Self {
        SubackReason::from(granted).into()
    }
}

macro_rules! from_reasons {
    ($($reason:ty),*) => {
        $(impl From<$reason> for Reason {
            fn from(reason: $reason) -> Self {
                reason.code().into()
            }
        })*
    };
}

from_reasons!(
    AuthReason,
    ConnackReason,
    DisconnectReason,
    PubackReason,
    PubcompReason,
    PubrecReason,
    PubrelReason,
    SubackReason,
    UnsubackReason
);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: impl Into<Reason>, packet: PacketType, v311: u8, v5: u8) {
        let reason = reason.into();
        assert_eq!(reason.on_wire(packet, Version::V311), v311);
        assert_eq!(reason.on_wire(packet, Version::V5), v5);
    }

    #[test]
    fn a_named_reason_is_said_in_the_words_of_the_version() {
        check(ConnackReason::NotAuthorized, PacketType::Connack, 5, 0x87);
        check(ReasonCode::NotAuthorized, PacketType::Connack, 5, 0x87);
        check(ReasonCode::NotAuthorized, PacketType::Suback, 0x80, 0x87);
        check(QoS::ExactlyOnce, PacketType::Suback, 2, 2);
        check(PubackReason::QuotaExceeded, PacketType::Puback, 0x97, 0x97);
    }

    #[test]
    fn a_named_refusal_that_3_1_1_lacks_is_the_nearest_that_it_has() {
        for (reason, v311) in [
            (ConnackReason::QuotaExceeded, 3),
            (ConnackReason::ServerBusy, 3),
            (ConnackReason::ServerMoved, 3),
            (ConnackReason::Banned, 5),
            (ConnackReason::BadAuthenticationMethod, 5),
        ] {
            check(reason, PacketType::Connack, v311, reason as u8);
        }
        for reason in ConnackReason::ALL {
            let said = Reason::from(*reason).on_wire(PacketType::Connack, Version::V311);
            assert!(said <= 5, "{reason:?}");
        }
    }

    #[test]
    fn what_3_1_1_cannot_say_is_left_out_or_ends_the_connection() {
        use PacketType::{Auth, Connack, Disconnect, Puback, Pubcomp, Pubrec, Suback, Unsuback};
        use ReasonCode::{
            ContinueAuthentication, NoMatchingSubscribers, NoSubscriptionExisted,
            PacketIdentifierNotFound, ProtocolError, QuotaExceeded, Success,
        };
        let check = |reason: ReasonCode, packet, left_out, unsayable| {
            let named = Reason::from(reason);
            let found = |version| {
                let out = named.is_left_out(packet, version);
                (out, named.is_unsayable(packet, version))
            };
            assert_eq!(found(Version::V311), (left_out, unsayable), "{reason:?}");
            assert_eq!(found(Version::V5), (false, false));
            let number = Reason::from(reason as u8);
            assert!(!number.is_left_out(packet, Version::V311));
            assert!(!number.is_unsayable(packet, Version::V311));
        };
        check(QuotaExceeded, Puback, false, true);
        check(NoMatchingSubscribers, Pubrec, true, false);
        check(PacketIdentifierNotFound, Pubcomp, true, false);
        check(QuotaExceeded, Unsuback, false, true);
        check(NoSubscriptionExisted, Unsuback, true, false);
        check(QuotaExceeded, Suback, false, false);
        check(QuotaExceeded, Connack, false, false);
        check(ProtocolError, Connack, false, true);
        check(Success, Disconnect, false, true);
        check(ContinueAuthentication, Auth, false, true);
    }

    #[test]
    fn a_number_is_written_as_it_is() {
        check(0x87, PacketType::Connack, 0x87, 0x87);
        check(0x87, PacketType::Suback, 0x87, 0x87);
        check(0xFF, PacketType::Puback, 0xFF, 0xFF);
    }
}

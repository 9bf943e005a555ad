//! The code of an answer: any number, or one of the codec's named reasons.

use nack_codec::{
    AuthReason, ConnackReason, DisconnectReason, PacketType, PubackReason, PubcompReason,
    PubrecReason, PubrelReason, QoS, ReasonCode, SubackReason, UnsubackReason, Version,
};

/// A reason code as an answer says it: any number from 0 to 255, or a named reason.
///
/// A number is written as it is. A named reason is written as the version of the connection says
/// it: `ConnackReason::NotAuthorized` is 0x87 in MQTT 5.0 and return code 5 in 3.1.1, and every
/// refusal in a 3.1.1 SUBACK is 0x80. Where 3.1.1 has no word for a named reason, the number of
/// MQTT 5.0 is written.
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

    /// The number on the wire of this version, in a packet of this type.
    pub(crate) fn on_wire(self, packet: PacketType, version: Version) -> u8 {
        if !self.named || version == Version::V5 {
            return self.code;
        }
        match packet {
            PacketType::Connack => ConnackReason::from_u8(self.code)
                .and_then(ConnackReason::return_code)
                .unwrap_or(self.code),
            PacketType::Suback if self.code >= 0x80 => SubackReason::UnspecifiedError.as_u8(),
            _ => self.code,
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
    fn a_named_reason_that_3_1_1_lacks_keeps_its_number() {
        check(
            ConnackReason::QuotaExceeded,
            PacketType::Connack,
            0x97,
            0x97,
        );
    }

    #[test]
    fn a_number_is_written_as_it_is() {
        check(0x87, PacketType::Connack, 0x87, 0x87);
        check(0x87, PacketType::Suback, 0x87, 0x87);
        check(0xFF, PacketType::Puback, 0xFF, 0xFF);
    }
}

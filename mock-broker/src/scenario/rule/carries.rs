//! Which packets can have a reason code or a property, by the tables of the codec.

use nack_codec::{
    AuthReason, ConnackReason, DisconnectReason, PacketType, PropertyId, PropertyOwner,
    PubackReason, PubcompReason, PubrecReason, PubrelReason, SubackReason, UnsubackReason,
};

use super::BadStep;
use crate::scenario::{Code, PropertyName};

/// The highest return code of a CONNACK of 3.1.1.
const LAST_RETURN_CODE: u8 = 5;

/// A step that waits for a reason code which the packet cannot have.
pub(super) fn check_reason(packet: PacketType, code: Code) -> Result<(), BadStep> {
    if may_say(packet, code) {
        return Ok(());
    }
    let has_codes = has_reason(packet);
    let what = match has_codes {
        true => format!("the reason code {code}"),
        false => "a reason code".to_owned(),
    };
    let fits = |it: &PacketType| match has_codes {
        true => may_say(*it, code),
        false => has_reason(*it),
    };
    Err(never(packet, "reason", what, fits))
}

/// A step that asks for a property which the packet cannot have.
pub(super) fn check_property(
    packet: PacketType,
    key: &'static str,
    property: PropertyId,
) -> Result<(), BadStep> {
    let may_have = |it: &PacketType| property.allowed_in(PropertyOwner::Packet(*it));
    if may_have(&packet) {
        return Ok(());
    }
    let what = format!("the property {}", PropertyName(property).word());
    Err(never(packet, key, what, may_have))
}

fn never(
    packet: PacketType,
    key: &'static str,
    what: String,
    fits: impl Fn(&PacketType) -> bool,
) -> BadStep {
    let packets = PacketType::ALL.iter().filter(|it| fits(it));
    let packets: Vec<&str> = packets.map(|it| it.name()).collect();
    BadStep::NeverThere {
        key,
        packet: packet.name(),
        what,
        packets: match packets[..] {
            [] => "no packet".to_owned(),
            _ => packets.join(", "),
        },
    }
}

const fn has_reason(packet: PacketType) -> bool {
    !matches!(
        packet,
        PacketType::Connect
            | PacketType::Publish
            | PacketType::Subscribe
            | PacketType::Unsubscribe
            | PacketType::Pingreq
            | PacketType::Pingresp
    )
}

fn may_say(packet: PacketType, code: Code) -> bool {
    let number = code.number();
    match packet {
        PacketType::Connack => {
            let is_return_code = matches!(code, Code::Number(..=LAST_RETURN_CODE));
            is_return_code || ConnackReason::from_u8(number).is_some()
        }
        PacketType::Puback => PubackReason::from_u8(number).is_some(),
        PacketType::Pubrec => PubrecReason::from_u8(number).is_some(),
        PacketType::Pubrel => PubrelReason::from_u8(number).is_some(),
        PacketType::Pubcomp => PubcompReason::from_u8(number).is_some(),
        PacketType::Suback => SubackReason::from_u8(number).is_some(),
        PacketType::Unsuback => UnsubackReason::from_u8(number).is_some(),
        PacketType::Disconnect => DisconnectReason::from_u8(number).is_some(),
        PacketType::Auth => AuthReason::from_u8(number).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(packet: PacketType, code: &str, expected: Option<&str>) {
        let told = check_reason(packet, code.parse().unwrap());
        assert_eq!(told.err().map(|it| it.to_string()).as_deref(), expected);
    }

    #[test]
    fn a_code_is_one_that_the_packet_may_carry() {
        check(PacketType::Puback, "quota-exceeded", None);
        check(PacketType::Connack, "5", None);
        check(PacketType::Suback, "2", None);
        let never = "PUBACK never has the reason code server-busy; these have: CONNACK, DISCONNECT";
        check(PacketType::Puback, "server-busy", Some(never));
        let never = "PUBACK never has the reason code 0x7F; these have: no packet";
        check(PacketType::Puback, "0x7F", Some(never));
        let never = "PUBLISH never has a reason code; these have: CONNACK, PUBACK, PUBREC, PUBREL, \
            PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH";
        check(PacketType::Publish, "0", Some(never));
    }

    #[test]
    fn each_packet_that_has_a_code_may_say_one() {
        for packet in PacketType::ALL {
            let says = (0..=u8::MAX).any(|it| may_say(*packet, Code::Number(it)));
            assert_eq!(says, has_reason(*packet), "{packet:?}");
        }
    }
}

//! Which section of the standard says that a property comes once and what its values are: no
//! numbered statement does.

use super::PropertyId;
use crate::PacketType;

/// The section about this property in this packet, the will of CONNECT included; for a property
/// that the packet cannot carry, the section that says so.
pub(crate) const fn section(id: PropertyId, packet: PacketType) -> &'static str {
    match packet {
        PacketType::Connect => in_connect(id),
        PacketType::Connack => in_connack(id),
        PacketType::Publish => in_publish(id),
        PacketType::Subscribe => match id {
            PropertyId::SubscriptionIdentifier => "3.8.2.1.2",
            _ => MISPLACED,
        },
        PacketType::Disconnect => match id {
            PropertyId::SessionExpiryInterval => "3.14.2.2.2",
            PropertyId::ReasonString => "3.14.2.2.3",
            PropertyId::ServerReference => "3.14.2.2.5",
            _ => MISPLACED,
        },
        PacketType::Auth => match id {
            PropertyId::AuthenticationMethod => "3.15.2.2.2",
            PropertyId::AuthenticationData => "3.15.2.2.3",
            PropertyId::ReasonString => "3.15.2.2.4",
            _ => MISPLACED,
        },
        _ => match id {
            PropertyId::ReasonString => reason_string_in_ack(packet),
            _ => MISPLACED,
        },
    }
}

const MISPLACED: &str = "2.2.2.2";

const fn in_connect(id: PropertyId) -> &'static str {
    match id {
        PropertyId::SessionExpiryInterval => "3.1.2.11.2",
        PropertyId::ReceiveMaximum => "3.1.2.11.3",
        PropertyId::MaximumPacketSize => "3.1.2.11.4",
        PropertyId::TopicAliasMaximum => "3.1.2.11.5",
        PropertyId::RequestResponseInformation => "3.1.2.11.6",
        PropertyId::RequestProblemInformation => "3.1.2.11.7",
        PropertyId::AuthenticationMethod => "3.1.2.11.9",
        PropertyId::AuthenticationData => "3.1.2.11.10",
        PropertyId::WillDelayInterval => "3.1.3.2.2",
        PropertyId::PayloadFormatIndicator => "3.1.3.2.3",
        PropertyId::MessageExpiryInterval => "3.1.3.2.4",
        PropertyId::ContentType => "3.1.3.2.5",
        PropertyId::ResponseTopic => "3.1.3.2.6",
        PropertyId::CorrelationData => "3.1.3.2.7",
        _ => MISPLACED,
    }
}

const fn in_connack(id: PropertyId) -> &'static str {
    match id {
        PropertyId::SessionExpiryInterval => "3.2.2.3.2",
        PropertyId::ReceiveMaximum => "3.2.2.3.3",
        PropertyId::MaximumQos => "3.2.2.3.4",
        PropertyId::RetainAvailable => "3.2.2.3.5",
        PropertyId::MaximumPacketSize => "3.2.2.3.6",
        PropertyId::AssignedClientIdentifier => "3.2.2.3.7",
        PropertyId::TopicAliasMaximum => "3.2.2.3.8",
        PropertyId::ReasonString => "3.2.2.3.9",
        PropertyId::WildcardSubscriptionAvailable => "3.2.2.3.11",
        PropertyId::SubscriptionIdentifierAvailable => "3.2.2.3.12",
        PropertyId::SharedSubscriptionAvailable => "3.2.2.3.13",
        PropertyId::ServerKeepAlive => "3.2.2.3.14",
        PropertyId::ResponseInformation => "3.2.2.3.15",
        PropertyId::ServerReference => "3.2.2.3.16",
        PropertyId::AuthenticationMethod => "3.2.2.3.17",
        PropertyId::AuthenticationData => "3.2.2.3.18",
        _ => MISPLACED,
    }
}

const fn in_publish(id: PropertyId) -> &'static str {
    match id {
        PropertyId::PayloadFormatIndicator => "3.3.2.3.2",
        PropertyId::MessageExpiryInterval => "3.3.2.3.3",
        PropertyId::TopicAlias => "3.3.2.3.4",
        PropertyId::ResponseTopic => "3.3.2.3.5",
        PropertyId::CorrelationData => "3.3.2.3.6",
        PropertyId::SubscriptionIdentifier => "3.3.2.3.8",
        PropertyId::ContentType => "3.3.2.3.9",
        _ => MISPLACED,
    }
}

const fn reason_string_in_ack(packet: PacketType) -> &'static str {
    match packet {
        PacketType::Puback => "3.4.2.2.2",
        PacketType::Pubrec => "3.5.2.2.2",
        PacketType::Pubrel => "3.6.2.2.2",
        PacketType::Pubcomp => "3.7.2.2.2",
        PacketType::Suback => "3.9.2.1.2",
        PacketType::Unsuback => "3.11.2.1.2",
        _ => MISPLACED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PropertyOwner;

    #[test]
    fn what_may_come_once_has_a_section_of_its_own() {
        for packet in PacketType::ALL {
            let mut owners = vec![PropertyOwner::Packet(*packet)];
            if *packet == PacketType::Connect {
                owners.push(PropertyOwner::Will);
            }
            for id in PropertyId::ALL {
                if *id == PropertyId::UserProperty {
                    continue;
                }
                let allowed = owners.iter().any(|owner| id.allowed_in(*owner));
                let found = section(*id, *packet) != MISPLACED;
                assert_eq!(found, allowed, "{id} in {packet}");
            }
        }
    }
}

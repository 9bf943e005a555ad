//! Packets that may be written, for tests to put one wrong thing into.

use nack_codec::{
    Auth, AuthReason, Binary, Connack, ConnackReason, Connect, Disconnect, List, Packet, PacketId,
    PacketType, Properties, Property, PropertyOwner, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS,
    Suback, SubackReason, Subscribe, Subscription, SubscriptionOptions, Text, TopicFilter,
    TopicName, Unsuback, UnsubackReason, Unsubscribe, Version, Will,
};

use crate::property_table::WILL;

pub(super) const ID: PacketId = PacketId::MIN;
pub(super) const NONE: Properties<&[u8]> = Properties::empty();

pub(super) fn filter(filter: &str) -> TopicFilter<&str> {
    TopicFilter::new(filter).expect("a filter")
}

pub(super) fn built(properties: &[Property<'_>]) -> Properties<Vec<u8>> {
    let mut block = Properties::new();
    for property in properties {
        block.push(*property).expect("allowed");
    }
    block
}

pub(super) fn connect(version: Version) -> Connect<'static> {
    Connect {
        version,
        clean_start: true,
        keep_alive: 60,
        client_id: Text::EMPTY,
        will: None,
        user_name: None,
        password: None,
        properties: NONE,
    }
}

pub(super) fn publish() -> Publish<'static> {
    Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: Some(TopicName::new("t").expect("a name")),
        packet_id: None,
        properties: NONE,
        payload: b"",
    }
}

pub(super) fn connack(reason: ConnackReason) -> Connack<'static> {
    Connack {
        session_present: false,
        reason,
        properties: NONE,
    }
}

pub(super) fn subscribe<'a>(subscriptions: &'a [Subscription<'a>]) -> Subscribe<'a> {
    Subscribe {
        packet_id: ID,
        properties: NONE,
        subscriptions: List::new(subscriptions),
    }
}

pub(super) fn subscription(filter: &str, options: SubscriptionOptions) -> Subscription<'_> {
    Subscription {
        filter: self::filter(filter),
        options,
    }
}

pub(super) fn suback(reasons: &[SubackReason]) -> Suback<'_> {
    Suback {
        packet_id: ID,
        properties: NONE,
        reasons: List::new(reasons),
    }
}

pub(super) fn unsubscribe<'a>(filters: &'a [TopicFilter<&'a str>]) -> Unsubscribe<'a> {
    Unsubscribe {
        packet_id: ID,
        properties: NONE,
        filters: List::new(filters),
    }
}

pub(super) fn unsuback(reasons: &[UnsubackReason]) -> Unsuback<'_> {
    Unsuback {
        packet_id: ID,
        properties: NONE,
        reasons: List::new(reasons),
    }
}

/// A packet with these properties, put where the owner has them.
pub(super) fn with_properties<R>(
    owner: PropertyOwner,
    properties: Properties<&[u8]>,
    look: impl FnOnce(&Packet<'_>) -> R,
) -> R {
    let subscriptions = [subscription("f", SubscriptionOptions::default())];
    let filters = [filter("f")];
    let connect = connect(Version::V5);
    let packet = match owner {
        WILL => {
            let topic = TopicName::new("w").expect("a name");
            let payload = Binary::new(&b""[..]).expect("fits");
            let will = Will {
                qos: QoS::AtMostOnce,
                retain: false,
                topic,
                payload,
                properties,
            };
            Packet::Connect(Box::new(Connect {
                will: Some(will),
                ..connect
            }))
        }
        PropertyOwner::Packet(packet) => match packet {
            PacketType::Connect => Packet::Connect(Box::new(Connect {
                properties,
                ..connect
            })),
            PacketType::Connack => Packet::Connack(Connack {
                properties,
                ..connack(ConnackReason::Success)
            }),
            PacketType::Publish => Packet::Publish(Publish {
                properties,
                ..publish()
            }),
            PacketType::Puback => Packet::Puback(Puback {
                properties,
                ..Puback::success(ID)
            }),
            PacketType::Pubrec => Packet::Pubrec(Pubrec {
                properties,
                ..Pubrec::success(ID)
            }),
            PacketType::Pubrel => Packet::Pubrel(Pubrel {
                properties,
                ..Pubrel::success(ID)
            }),
            PacketType::Pubcomp => Packet::Pubcomp(Pubcomp {
                properties,
                ..Pubcomp::success(ID)
            }),
            PacketType::Subscribe => Packet::Subscribe(Subscribe {
                properties,
                ..subscribe(&subscriptions)
            }),
            PacketType::Suback => Packet::Suback(Suback {
                properties,
                ..suback(&[SubackReason::GrantedQos0])
            }),
            PacketType::Unsubscribe => Packet::Unsubscribe(Unsubscribe {
                properties,
                ..unsubscribe(&filters)
            }),
            PacketType::Unsuback => Packet::Unsuback(Unsuback {
                properties,
                ..unsuback(&[UnsubackReason::Success])
            }),
            PacketType::Disconnect => Packet::Disconnect(Disconnect {
                properties,
                ..Disconnect::NORMAL
            }),
            PacketType::Auth => Packet::Auth(Auth {
                reason: AuthReason::ContinueAuthentication,
                properties,
            }),
            PacketType::Pingreq | PacketType::Pingresp => panic!("a ping has no properties"),
        },
    };
    look(&packet)
}

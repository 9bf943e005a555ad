//! A packet for each kind of refusal.

use std::collections::BTreeSet;

use nack_codec::{
    Auth, AuthReason, Binary, Connack, ConnackReason, Connect, EncodeError, Packet, PacketType,
    Property, PropertyId, PropertyOwner, Puback, Publish, QoS, SubscriptionOptions, TopicError,
    Version,
};

use super::good::{
    ID, NONE, built, connack, connect, filter, publish, suback, subscribe, subscription, unsuback,
    unsubscribe, with_properties,
};
use super::refused;
use crate::malformed::display::variants;

/// What is refused, in which version, and why.
type Check<'c> = dyn FnMut(Packet<'_>, Version, EncodeError) + 'c;

fn of_publish(check: &mut Check<'_>) {
    // Nothing of it is touched, so it costs nothing.
    let too_much = vec![0; 268_435_455 - 2];
    let large = Publish {
        payload: &too_much,
        ..publish()
    };
    // The length of the properties is one byte more in 5.0.
    for (version, remaining_length) in [(Version::V311, 268_435_456), (Version::V5, 268_435_457)] {
        let expected = EncodeError::PacketTooLarge { remaining_length };
        check(Packet::Publish(large), version, expected);
    }
    for (publish, expected) in [
        (
            Publish {
                qos: QoS::AtLeastOnce,
                ..publish()
            },
            EncodeError::PacketIdMissing,
        ),
        (
            Publish {
                qos: QoS::ExactlyOnce,
                ..publish()
            },
            EncodeError::PacketIdMissing,
        ),
        (
            Publish {
                packet_id: Some(ID),
                ..publish()
            },
            EncodeError::PacketIdOnQos0,
        ),
        (
            Publish {
                dup: true,
                ..publish()
            },
            EncodeError::DupOnQos0,
        ),
        (
            Publish {
                topic: None,
                ..publish()
            },
            EncodeError::TopicMissing,
        ),
    ] {
        check(Packet::Publish(publish), Version::V311, expected);
        check(Packet::Publish(publish), Version::V5, expected);
    }
}

fn of_properties(check: &mut Check<'_>) {
    let alias = built(&[Property::TopicAlias(1)]);
    let id = PropertyId::TopicAlias;
    let owner = PropertyOwner::Packet(PacketType::Puback);
    let puback = Puback {
        properties: alias.borrow(),
        ..Puback::success(ID)
    };
    check(
        Packet::Puback(puback),
        Version::V5,
        EncodeError::MisplacedProperty { id, owner },
    );
    // A PUBLISH may have several of them.
    let twice = built(&[
        Property::SubscriptionIdentifier(1),
        Property::SubscriptionIdentifier(2),
    ]);
    let id = PropertyId::SubscriptionIdentifier;
    with_properties(
        PropertyOwner::Packet(PacketType::Subscribe),
        twice.borrow(),
        |packet| {
            check(
                packet.clone(),
                Version::V5,
                EncodeError::RepeatedProperty { id },
            );
        },
    );
}

fn of_subscriptions(check: &mut Check<'_>) {
    for version in Version::ALL {
        check(
            Packet::Subscribe(subscribe(&[])),
            version,
            EncodeError::NoTopicFilter,
        );
        check(
            Packet::Unsubscribe(unsubscribe(&[])),
            version,
            EncodeError::NoTopicFilter,
        );
        check(
            Packet::Suback(suback(&[])),
            version,
            EncodeError::NoReasonCode,
        );
    }
    check(
        Packet::Unsuback(unsuback(&[])),
        Version::V5,
        EncodeError::NoReasonCode,
    );
    let default = SubscriptionOptions::default();
    for (text, error) in [
        ("$share//a", TopicError::EmptyShareName),
        ("$share/g", TopicError::IncompleteShare),
        ("$share/g/", TopicError::IncompleteShare),
        ("$share/+/a", TopicError::WildcardInShareName),
    ] {
        let expected = EncodeError::InvalidTopicFilter(error);
        let subscriptions = [subscription("a", default), subscription(text, default)];
        check(
            Packet::Subscribe(subscribe(&subscriptions)),
            Version::V5,
            expected,
        );
        let filters = [filter("a"), filter(text)];
        check(
            Packet::Unsubscribe(unsubscribe(&filters)),
            Version::V5,
            expected,
        );
    }
    let no_local = SubscriptionOptions {
        no_local: true,
        ..default
    };
    let subscriptions = [subscription("$share/g/a", no_local)];
    let packet = Packet::Subscribe(subscribe(&subscriptions));
    check(packet, Version::V5, EncodeError::NoLocalOnShared);
}

fn of_connecting(check: &mut Check<'_>) {
    use Version::{V5, V311};
    let boxed = |connect| Packet::Connect(Box::new(connect));
    for (connect_is, asked) in [(V5, V311), (V311, V5)] {
        let expected = EncodeError::VersionMismatch {
            connect: connect_is,
            asked,
        };
        check(boxed(connect(connect_is)), asked, expected);
    }
    let password = Binary::new(&b"pw"[..]);
    let alone = Connect {
        password,
        ..connect(V311)
    };
    check(boxed(alone), V311, EncodeError::PasswordWithoutUserName);
    let refusal = connack(ConnackReason::NotAuthorized);
    for version in Version::ALL {
        let connack = Connack {
            session_present: true,
            ..refusal
        };
        check(
            Packet::Connack(connack),
            version,
            EncodeError::SessionPresentOnRefusal,
        );
    }
    let data = built(&[Property::AuthenticationData(
        Binary::new(&b""[..]).expect("fits"),
    )]);
    let alone = EncodeError::AuthenticationDataWithoutMethod;
    check(
        boxed(Connect {
            properties: data.borrow(),
            ..connect(V5)
        }),
        V5,
        alone,
    );
    for (reason, properties) in [
        (AuthReason::ContinueAuthentication, NONE),
        (AuthReason::ReAuthenticate, NONE),
        (AuthReason::Success, data.borrow()),
    ] {
        let auth = Packet::Auth(Auth { reason, properties });
        check(auth.clone(), V5, EncodeError::AuthenticationMethodMissing);
        check(auth, V311, EncodeError::NotInV311 { what: "AUTH" });
    }
}

fn one_of_each() -> Vec<(EncodeError, String)> {
    let mut all = Vec::new();
    let mut check = |packet: Packet<'_>, version, expected| {
        all.push((expected, refused(&packet, version, expected)));
    };
    of_publish(&mut check);
    of_properties(&mut check);
    of_subscriptions(&mut check);
    of_connecting(&mut check);
    all
}

#[test]
fn every_kind_of_refusal_leaves_the_buffer_as_it_was() {
    let name = |error: &EncodeError| {
        let debug = format!("{error:?}");
        debug[..debug.find([' ', '(']).unwrap_or(debug.len())].to_owned()
    };
    let found: BTreeSet<_> = one_of_each().iter().map(|(error, _)| name(error)).collect();
    let expected = variants("EncodeError")
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn refusals_say_what_cannot_be_said() {
    let lines: BTreeSet<_> = one_of_each()
        .into_iter()
        .map(|(_, text)| text + "\n")
        .collect();
    insta::assert_snapshot!("refusals", String::from_iter(lines));
}

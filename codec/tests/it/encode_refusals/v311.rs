//! What 3.1.1 has no bytes for is refused and never left out silently.

use bytes::BytesMut;
use nack_codec::{
    Auth, AuthReason, Binary, ConnackReason, Connect, Disconnect, DisconnectReason, EncodeError,
    Packet, Property, Puback, PubackReason, Pubcomp, PubcompReason, Pubrec, PubrecReason, Pubrel,
    PubrelReason, RetainHandling, SubackReason, SubscriptionOptions, Text, UnsubackReason, Version,
};

use super::good::{
    ID, NONE, built, connack, connect, filter, suback, subscribe, subscription, unsuback,
    unsubscribe, with_properties,
};
use super::refused;
use crate::property_table::OWNERS;
use crate::vectors::written;

#[test]
fn v311_has_no_properties() {
    for owner in OWNERS {
        let block = built(&[Property::UserProperty(Text::EMPTY, Text::EMPTY)]);
        with_properties(*owner, block.borrow(), |packet| {
            let mut packet = packet.clone();
            if let Packet::Connect(connect) = &mut packet {
                connect.version = Version::V311;
            }
            let mut buffer = BytesMut::new();
            let error = packet
                .encode(Version::V311, &mut buffer)
                .expect_err("3.1.1 has none");
            assert!(
                matches!(error, EncodeError::NotInV311 { .. }),
                "{owner}: {error:?}"
            );
            assert!(buffer.is_empty());
        });
    }
}

#[test]
fn v311_has_no_reason_but_its_own() {
    let mut refusals = 0;
    let mut check = |packet: &Packet<'_>, representable: bool| {
        let mut buffer = BytesMut::new();
        match packet.encode(Version::V311, &mut buffer) {
            Ok(()) => assert!(representable, "{packet:?}"),
            Err(EncodeError::NotInV311 { .. }) if !representable => refusals += 1,
            Err(error) => panic!("{packet:?}: {error:?}"),
        }
    };
    for reason in ConnackReason::ALL.iter().copied() {
        check(
            &Packet::Connack(connack(reason)),
            reason.return_code().is_some(),
        );
    }
    for reason in SubackReason::ALL.iter().copied() {
        let reasons = [SubackReason::GrantedQos1, reason];
        check(&Packet::Suback(suback(&reasons)), reason.in_v311());
    }
    macro_rules! acks {
        ($($packet:ident $reason:ident),*) => {$(
            for reason in $reason::ALL.iter().copied() {
                let ack = $packet { packet_id: ID, reason, properties: NONE };
                check(&Packet::$packet(ack), reason == $reason::Success);
            }
        )*};
    }
    acks!(Puback PubackReason, Pubrec PubrecReason, Pubrel PubrelReason, Pubcomp PubcompReason);
    for reason in DisconnectReason::ALL.iter().copied() {
        let disconnect = Disconnect {
            reason,
            properties: NONE,
        };
        check(
            &Packet::Disconnect(disconnect),
            reason == DisconnectReason::NormalDisconnection,
        );
    }
    for reason in UnsubackReason::ALL.iter().copied() {
        check(&Packet::Unsuback(unsuback(&[reason])), false);
    }
    for reason in AuthReason::ALL.iter().copied() {
        check(
            &Packet::Auth(Auth {
                reason,
                properties: NONE,
            }),
            false,
        );
    }
    assert_eq!(refusals, (22 - 6) + (12 - 4) + 8 + 8 + 1 + 1 + 29 + 7 + 3);
}

#[test]
fn v311_has_no_subscription_option_but_the_qos() {
    let default = SubscriptionOptions::default();
    for options in [
        SubscriptionOptions {
            no_local: true,
            ..default
        },
        SubscriptionOptions {
            retain_as_published: true,
            ..default
        },
        SubscriptionOptions {
            retain_handling: RetainHandling::SendIfNew,
            ..default
        },
        SubscriptionOptions {
            retain_handling: RetainHandling::DoNotSend,
            ..default
        },
    ] {
        let subscriptions = [subscription("f", options)];
        let packet = Packet::Subscribe(subscribe(&subscriptions));
        let what = "subscription option but the QoS";
        refused(&packet, Version::V311, EncodeError::NotInV311 { what });
        written(&packet, Version::V5);
    }
}

#[test]
fn v5_says_what_v311_cannot() {
    let password = Binary::new(&b"pw"[..]);
    let alone = Packet::Connect(Box::new(Connect {
        password,
        ..connect(Version::V5)
    }));
    written(&alone, Version::V5);
    // And what is no whole shared subscription is an ordinary filter in 3.1.1.
    let filters = [filter("$share/g")];
    written(&Packet::Unsubscribe(unsubscribe(&filters)), Version::V311);
}

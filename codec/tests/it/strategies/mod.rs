//! Arbitrary packets of both versions, as far as the standard lets packets be arbitrary.

mod properties;
mod values;

use nack_codec::{
    AuthReason, ConnackReason, DisconnectReason, PacketId, PacketType, Property, PropertyId,
    PropertyOwner, PubackReason, PubcompReason, PubrecReason, PubrelReason, QoS, RetainHandling,
    SubackReason, SubscriptionOptions, Text, UnsubackReason, Version,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use properties::properties;
use values::{binaries, filters, packet_ids, payloads, qos, texts, topics};

use crate::model::{Block, Model, WillModel};

/// A version and a packet that it has.
pub(crate) fn packets() -> impl Strategy<Value = (Version, Model)> {
    versions().prop_flat_map(|version| packet(version).prop_map(move |packet| (version, packet)))
}

/// Packets of one connection.
pub(crate) fn conversations() -> impl Strategy<Value = (Version, Vec<Model>)> {
    versions().prop_flat_map(|version| {
        vec(packet(version), 0..8).prop_map(move |packets| (version, packets))
    })
}

pub(crate) fn versions() -> impl Strategy<Value = Version> {
    select(&Version::ALL[..])
}

fn packet(version: Version) -> BoxedStrategy<Model> {
    let v5 = version == Version::V5;
    let mut known = vec![
        connect(version).boxed(),
        connack(version).boxed(),
        publish(version).boxed(),
        acks(version).boxed(),
        subscribe(version).boxed(),
        suback(version).boxed(),
        unsubscribe(version).boxed(),
        unsuback(version).boxed(),
        disconnect(version).boxed(),
        select(vec![Model::Pingreq, Model::Pingresp]).boxed(),
    ];
    if v5 {
        known.push(auth().boxed());
    }
    Union::new(known).boxed()
}

fn connect(version: Version) -> impl Strategy<Value = Model> {
    let v5 = version == Version::V5;
    let credentials =
        (option::of(texts()), option::of(binaries())).prop_map(move |(name, password)| {
            // 3.1.1: [MQTT-3.1.2-22]
            let password = password.filter(|_| v5 || name.is_some());
            (name, password)
        });
    (
        any::<bool>(),
        any::<u16>(),
        texts(),
        option::of(will(version)),
        credentials,
        properties(PropertyOwner::Packet(PacketType::Connect), version),
    )
        .prop_map(
            move |(clean_start, keep_alive, client_id, will, credentials, properties)| {
                let (user_name, password) = credentials;
                let properties = with_method(properties);
                Model::Connect {
                    version,
                    clean_start,
                    keep_alive,
                    client_id,
                    will,
                    user_name,
                    password,
                    properties,
                }
            },
        )
}

fn will(version: Version) -> impl Strategy<Value = WillModel> {
    (
        qos(),
        any::<bool>(),
        topics(),
        binaries(),
        properties(PropertyOwner::Will, version),
    )
        .prop_map(|(qos, retain, topic, payload, properties)| WillModel {
            qos,
            retain,
            topic,
            payload,
            properties,
        })
}

fn connack(version: Version) -> impl Strategy<Value = Model> {
    let reasons = ConnackReason::ALL.iter().copied();
    let reasons: Vec<_> = reasons
        .filter(|reason| version == Version::V5 || reason.return_code().is_some())
        .collect();
    let properties = properties(PropertyOwner::Packet(PacketType::Connack), version);
    (any::<bool>(), select(reasons), properties).prop_map(
        |(session_present, reason, properties)| Model::Connack {
            session_present: session_present && !reason.is_error(),
            reason,
            properties,
        },
    )
}

fn publish(version: Version) -> impl Strategy<Value = Model> {
    let properties = properties(PropertyOwner::Packet(PacketType::Publish), version);
    let flags = (any::<bool>(), qos(), any::<bool>());
    (
        flags,
        topics(),
        any::<bool>(),
        packet_ids(),
        properties,
        payloads(),
    )
        .prop_map(
            |((dup, qos, retain), topic, by_alias, packet_id, properties, payload)| {
                let has_alias = properties.contains(PropertyId::TopicAlias);
                Model::Publish {
                    dup: dup && qos != QoS::AtMostOnce,
                    qos,
                    retain,
                    topic: (!(by_alias && has_alias)).then_some(topic),
                    packet_id: (qos != QoS::AtMostOnce).then_some(packet_id),
                    properties,
                    payload,
                }
            },
        )
}

fn acks(version: Version) -> impl Strategy<Value = Model> {
    fn ack<R: Copy + std::fmt::Debug + 'static>(
        version: Version,
        packet: PacketType,
        reasons: &'static [R],
        model: fn(PacketId, R, Block) -> Model,
    ) -> BoxedStrategy<Model> {
        let reasons = if version == Version::V5 {
            reasons
        } else {
            &reasons[..1]
        };
        let properties = properties(PropertyOwner::Packet(packet), version);
        (packet_ids(), select(reasons), properties)
            .prop_map(move |(packet_id, reason, properties)| model(packet_id, reason, properties))
            .boxed()
    }
    prop_oneof![
        ack(
            version,
            PacketType::Puback,
            PubackReason::ALL,
            |packet_id, reason, properties| {
                Model::Puback {
                    packet_id,
                    reason,
                    properties,
                }
            }
        ),
        ack(
            version,
            PacketType::Pubrec,
            PubrecReason::ALL,
            |packet_id, reason, properties| {
                Model::Pubrec {
                    packet_id,
                    reason,
                    properties,
                }
            }
        ),
        ack(
            version,
            PacketType::Pubrel,
            PubrelReason::ALL,
            |packet_id, reason, properties| {
                Model::Pubrel {
                    packet_id,
                    reason,
                    properties,
                }
            }
        ),
        ack(
            version,
            PacketType::Pubcomp,
            PubcompReason::ALL,
            |packet_id, reason, properties| {
                Model::Pubcomp {
                    packet_id,
                    reason,
                    properties,
                }
            }
        ),
    ]
}

fn subscribe(version: Version) -> impl Strategy<Value = Model> {
    let properties = properties(PropertyOwner::Packet(PacketType::Subscribe), version);
    let subscriptions = vec((filters(version), options(version)), 1..5);
    (packet_ids(), properties, subscriptions).prop_map(
        |(packet_id, properties, mut subscriptions)| {
            for (filter, options) in &mut subscriptions {
                // [MQTT-3.8.3-4]
                options.no_local &= !filter.as_str().starts_with("$share/");
            }
            Model::Subscribe {
                packet_id,
                properties,
                subscriptions,
            }
        },
    )
}

fn options(version: Version) -> impl Strategy<Value = SubscriptionOptions> {
    let handling = select(vec![
        RetainHandling::Send,
        RetainHandling::SendIfNew,
        RetainHandling::DoNotSend,
    ]);
    (qos(), any::<bool>(), any::<bool>(), handling).prop_map(
        move |(qos, no_local, retain_as_published, retain_handling)| match version {
            Version::V311 => SubscriptionOptions::at(qos),
            Version::V5 => SubscriptionOptions {
                qos,
                no_local,
                retain_as_published,
                retain_handling,
            },
        },
    )
}

fn suback(version: Version) -> impl Strategy<Value = Model> {
    let reasons = SubackReason::ALL.iter().copied();
    let reasons: Vec<_> = reasons
        .filter(|reason| version == Version::V5 || reason.in_v311())
        .collect();
    let properties = properties(PropertyOwner::Packet(PacketType::Suback), version);
    (packet_ids(), properties, vec(select(reasons), 1..10)).prop_map(
        |(packet_id, properties, reasons)| Model::Suback {
            packet_id,
            properties,
            reasons,
        },
    )
}

fn unsubscribe(version: Version) -> impl Strategy<Value = Model> {
    let properties = properties(PropertyOwner::Packet(PacketType::Unsubscribe), version);
    (packet_ids(), properties, vec(filters(version), 1..5)).prop_map(
        |(packet_id, properties, filters)| Model::Unsubscribe {
            packet_id,
            properties,
            filters,
        },
    )
}

fn unsuback(version: Version) -> impl Strategy<Value = Model> {
    let properties = properties(PropertyOwner::Packet(PacketType::Unsuback), version);
    let count = if version == Version::V5 { 1..10 } else { 0..1 };
    (
        packet_ids(),
        properties,
        vec(select(UnsubackReason::ALL), count),
    )
        .prop_map(|(packet_id, properties, reasons)| Model::Unsuback {
            packet_id,
            properties,
            reasons,
        })
}

fn disconnect(version: Version) -> impl Strategy<Value = Model> {
    let reasons = DisconnectReason::ALL;
    let reasons = if version == Version::V5 {
        reasons
    } else {
        &reasons[..1]
    };
    let properties = properties(PropertyOwner::Packet(PacketType::Disconnect), version);
    (select(reasons), properties)
        .prop_map(|(reason, properties)| Model::Disconnect { reason, properties })
}

fn auth() -> impl Strategy<Value = Model> {
    let properties = properties(PropertyOwner::Packet(PacketType::Auth), Version::V5);
    (select(AuthReason::ALL), properties).prop_map(|(reason, mut properties)| {
        let short = properties.is_empty() && reason == AuthReason::Success;
        if !short && !properties.contains(PropertyId::AuthenticationMethod) {
            let method = Text::new("method").expect("fits");
            properties
                .push(Property::AuthenticationMethod(method))
                .expect("it was missing");
        }
        Model::Auth { reason, properties }
    })
}

/// Authentication data in a CONNECT needs a method.
fn with_method(mut properties: Block) -> Block {
    if properties.contains(PropertyId::AuthenticationData)
        && !properties.contains(PropertyId::AuthenticationMethod)
    {
        let method = Text::new("").expect("fits");
        properties
            .push(Property::AuthenticationMethod(method))
            .expect("it was missing");
    }
    properties
}

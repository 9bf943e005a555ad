//! A packet that owns what it holds, for tests that make packets or compare them with a peer's.

use bytes::Bytes;
use nack_codec::{
    Auth, AuthReason, Binary, Connack, ConnackReason, Connect, Disconnect, DisconnectReason, List,
    Packet, PacketId, Properties, Property, Puback, PubackReason, Pubcomp, PubcompReason, Publish,
    Pubrec, PubrecReason, Pubrel, PubrelReason, QoS, Suback, SubackReason, Subscribe, Subscription,
    SubscriptionOptions, Text, TopicFilter, TopicName, Unsuback, UnsubackReason, Unsubscribe,
    Version, Will,
};

/// Properties that are being built.
pub(crate) type Block = Properties<Vec<u8>>;

/// One of the fifteen packets, with the fields of the codec's own type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Connect {
        version: Version,
        clean_start: bool,
        keep_alive: u16,
        client_id: Text,
        will: Option<WillModel>,
        user_name: Option<Text>,
        password: Option<Binary>,
        properties: Block,
    },
    Connack {
        session_present: bool,
        reason: ConnackReason,
        properties: Block,
    },
    Publish {
        dup: bool,
        qos: QoS,
        retain: bool,
        topic: Option<TopicName>,
        packet_id: Option<PacketId>,
        properties: Block,
        payload: Vec<u8>,
    },
    Puback {
        packet_id: PacketId,
        reason: PubackReason,
        properties: Block,
    },
    Pubrec {
        packet_id: PacketId,
        reason: PubrecReason,
        properties: Block,
    },
    Pubrel {
        packet_id: PacketId,
        reason: PubrelReason,
        properties: Block,
    },
    Pubcomp {
        packet_id: PacketId,
        reason: PubcompReason,
        properties: Block,
    },
    Subscribe {
        packet_id: PacketId,
        properties: Block,
        subscriptions: Vec<(TopicFilter, SubscriptionOptions)>,
    },
    Suback {
        packet_id: PacketId,
        properties: Block,
        reasons: Vec<SubackReason>,
    },
    Unsubscribe {
        packet_id: PacketId,
        properties: Block,
        filters: Vec<TopicFilter>,
    },
    Unsuback {
        packet_id: PacketId,
        properties: Block,
        reasons: Vec<UnsubackReason>,
    },
    Pingreq,
    Pingresp,
    Disconnect {
        reason: DisconnectReason,
        properties: Block,
    },
    Auth {
        reason: AuthReason,
        properties: Block,
    },
}

/// The will of a CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WillModel {
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) topic: TopicName,
    pub(crate) payload: Binary,
    pub(crate) properties: Block,
}

impl Model {
    /// The same packet, borrowed from this one, for as long as `look` looks at it.
    pub(crate) fn with_packet<R>(&self, look: impl FnOnce(&Packet<'_>) -> R) -> R {
        let packet = match self {
            Self::Connect {
                version,
                clean_start,
                keep_alive,
                client_id,
                will,
                user_name,
                password,
                properties,
            } => Packet::Connect(Box::new(Connect {
                version: *version,
                clean_start: *clean_start,
                keep_alive: *keep_alive,
                client_id: client_id.borrow(),
                will: will.as_ref().map(|will| Will {
                    qos: will.qos,
                    retain: will.retain,
                    topic: will.topic.borrow(),
                    payload: will.payload.borrow(),
                    properties: will.properties.borrow(),
                }),
                user_name: user_name.as_ref().map(Text::borrow),
                password: password.as_ref().map(Binary::borrow),
                properties: properties.borrow(),
            })),
            Self::Connack {
                session_present,
                reason,
                properties,
            } => Packet::Connack(Connack {
                session_present: *session_present,
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Publish {
                dup,
                qos,
                retain,
                topic,
                packet_id,
                properties,
                payload,
            } => Packet::Publish(Publish {
                dup: *dup,
                qos: *qos,
                retain: *retain,
                topic: topic.as_ref().map(TopicName::borrow),
                packet_id: *packet_id,
                properties: properties.borrow(),
                payload,
            }),
            Self::Puback {
                packet_id,
                reason,
                properties,
            } => Packet::Puback(Puback {
                packet_id: *packet_id,
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Pubrec {
                packet_id,
                reason,
                properties,
            } => Packet::Pubrec(Pubrec {
                packet_id: *packet_id,
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Pubrel {
                packet_id,
                reason,
                properties,
            } => Packet::Pubrel(Pubrel {
                packet_id: *packet_id,
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Pubcomp {
                packet_id,
                reason,
                properties,
            } => Packet::Pubcomp(Pubcomp {
                packet_id: *packet_id,
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Subscribe {
                packet_id,
                properties,
                subscriptions,
            } => {
                let items: Vec<_> = subscriptions
                    .iter()
                    .map(|(filter, options)| Subscription {
                        filter: filter.borrow(),
                        options: *options,
                    })
                    .collect();
                return look(&Packet::Subscribe(Subscribe {
                    packet_id: *packet_id,
                    properties: properties.borrow(),
                    subscriptions: List::new(&items),
                }));
            }
            Self::Suback {
                packet_id,
                properties,
                reasons,
            } => Packet::Suback(Suback {
                packet_id: *packet_id,
                properties: properties.borrow(),
                reasons: List::new(reasons),
            }),
            Self::Unsubscribe {
                packet_id,
                properties,
                filters,
            } => {
                let filters: Vec<_> = filters.iter().map(TopicFilter::borrow).collect();
                return look(&Packet::Unsubscribe(Unsubscribe {
                    packet_id: *packet_id,
                    properties: properties.borrow(),
                    filters: List::new(&filters),
                }));
            }
            Self::Unsuback {
                packet_id,
                properties,
                reasons,
            } => Packet::Unsuback(Unsuback {
                packet_id: *packet_id,
                properties: properties.borrow(),
                reasons: List::new(reasons),
            }),
            Self::Pingreq => Packet::Pingreq,
            Self::Pingresp => Packet::Pingresp,
            Self::Disconnect { reason, properties } => Packet::Disconnect(Disconnect {
                reason: *reason,
                properties: properties.borrow(),
            }),
            Self::Auth { reason, properties } => Packet::Auth(Auth {
                reason: *reason,
                properties: properties.borrow(),
            }),
        };
        look(&packet)
    }
}

/// The properties by identifier: a peer with a field a property has lost the order in which
/// different ones came.
pub(crate) fn sorted(properties: &Properties<&[u8]>) -> Block {
    let mut items: Vec<_> = properties.iter().collect();
    items.sort_by_key(Property::id);
    let mut block = Block::new();
    for item in items {
        block.push(item).expect("it was accepted before");
    }
    block
}

/// The packet with properties by identifier, for comparing it with what a peer has read.
impl From<&Packet<'_>> for Model {
    fn from(packet: &Packet<'_>) -> Self {
        match packet {
            Packet::Connect(packet) => Self::Connect {
                version: packet.version,
                clean_start: packet.clean_start,
                keep_alive: packet.keep_alive,
                client_id: packet.client_id.to_owned(),
                will: packet.will.as_ref().map(|will| WillModel {
                    qos: will.qos,
                    retain: will.retain,
                    topic: will.topic.to_owned(),
                    payload: binary(will.payload.get()),
                    properties: sorted(&will.properties),
                }),
                user_name: packet.user_name.map(Text::to_owned),
                password: packet.password.map(|password| binary(password.get())),
                properties: sorted(&packet.properties),
            },
            Packet::Connack(packet) => Self::Connack {
                session_present: packet.session_present,
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Publish(packet) => Self::Publish {
                dup: packet.dup,
                qos: packet.qos,
                retain: packet.retain,
                topic: packet.topic.map(TopicName::to_owned),
                packet_id: packet.packet_id,
                properties: sorted(&packet.properties),
                payload: packet.payload.to_vec(),
            },
            Packet::Puback(packet) => Self::Puback {
                packet_id: packet.packet_id,
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Pubrec(packet) => Self::Pubrec {
                packet_id: packet.packet_id,
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Pubrel(packet) => Self::Pubrel {
                packet_id: packet.packet_id,
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Pubcomp(packet) => Self::Pubcomp {
                packet_id: packet.packet_id,
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Subscribe(packet) => Self::Subscribe {
                packet_id: packet.packet_id,
                properties: sorted(&packet.properties),
                subscriptions: packet
                    .subscriptions
                    .iter()
                    .map(|subscription| (subscription.filter.to_owned(), subscription.options))
                    .collect(),
            },
            Packet::Suback(packet) => Self::Suback {
                packet_id: packet.packet_id,
                properties: sorted(&packet.properties),
                reasons: packet.reasons.iter().collect(),
            },
            Packet::Unsubscribe(packet) => Self::Unsubscribe {
                packet_id: packet.packet_id,
                properties: sorted(&packet.properties),
                filters: packet.filters.iter().map(TopicFilter::to_owned).collect(),
            },
            Packet::Unsuback(packet) => Self::Unsuback {
                packet_id: packet.packet_id,
                properties: sorted(&packet.properties),
                reasons: packet.reasons.iter().collect(),
            },
            Packet::Pingreq => Self::Pingreq,
            Packet::Pingresp => Self::Pingresp,
            Packet::Disconnect(packet) => Self::Disconnect {
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
            Packet::Auth(packet) => Self::Auth {
                reason: packet.reason,
                properties: sorted(&packet.properties),
            },
        }
    }
}

fn binary(bytes: &[u8]) -> Binary {
    Binary::new(Bytes::copy_from_slice(bytes)).expect("it was read from a packet")
}

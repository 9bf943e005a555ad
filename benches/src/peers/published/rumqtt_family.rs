//! rumqttc, its fork, and mqttbytes, from which all of them grew, name their types alike: what is
//! the same in two or more of them.

/// The fields of 3.1.1 packets, and packets of those fields; where it is used, `Packet`,
/// `Publish`, `PubAck` and `QoS` are the peer's.
macro_rules! v4_packets {
    () => {
        fn fields(packet: &Packet) -> crate::Packet {
            match packet {
                Packet::Publish(publish) => {
                    assert!(!publish.dup && !publish.retain);
                    assert_eq!(publish.qos == QoS::AtLeastOnce, publish.pkid != 0);
                    crate::Packet::Publish(crate::Publish {
                        topic: publish.topic.clone(),
                        packet_id: (publish.pkid != 0).then_some(publish.pkid),
                        properties: None,
                        payload: publish.payload.clone(),
                    })
                }
                Packet::PubAck(puback) => crate::Packet::Puback {
                    packet_id: puback.pkid,
                },
                other => crate::peers::unexpected(other),
            }
        }

        fn outgoing(packet: &crate::Packet) -> Packet {
            match packet {
                crate::Packet::Publish(publish) => Packet::Publish(Publish {
                    dup: false,
                    qos: match publish.packet_id {
                        Some(_) => QoS::AtLeastOnce,
                        None => QoS::AtMostOnce,
                    },
                    retain: false,
                    topic: publish.topic.clone(),
                    pkid: publish.packet_id.unwrap_or(0),
                    payload: publish.payload.clone(),
                }),
                crate::Packet::Puback { packet_id } => Packet::PubAck(PubAck::new(*packet_id)),
                other => crate::peers::unexpected(other),
            }
        }
    };
}
pub(super) use v4_packets;

/// The same for 5.0; where it is used, `PublishProperties`, `PubAckReason`, `SubAck` and a table
/// `REASONS` of reason codes are the peer's too.
macro_rules! v5_packets {
    () => {
        fn fields(packet: &Packet) -> crate::Packet {
            match packet {
                Packet::Publish(publish) => {
                    assert!(!publish.dup && !publish.retain);
                    assert_eq!(publish.qos == QoS::AtLeastOnce, publish.pkid != 0);
                    let topic: Vec<u8> = publish.topic.clone().into();
                    crate::Packet::Publish(crate::Publish {
                        topic: String::from_utf8(topic).expect("the topics are text"),
                        packet_id: (publish.pkid != 0).then_some(publish.pkid),
                        properties: publish.properties.as_ref().and_then(property_fields),
                        payload: publish.payload.clone(),
                    })
                }
                Packet::PubAck(puback) => {
                    assert_eq!(puback.reason, PubAckReason::Success);
                    assert_eq!(puback.properties, None);
                    crate::Packet::Puback {
                        packet_id: puback.pkid,
                    }
                }
                Packet::SubAck(suback) => {
                    assert_eq!(suback.properties, None);
                    let code = |reason| {
                        REASONS
                            .iter()
                            .find(|(_, known)| *known == reason)
                            .map(|(code, _)| *code)
                    };
                    crate::Packet::Suback {
                        packet_id: suback.pkid,
                        reasons: suback
                            .return_codes
                            .iter()
                            .copied()
                            .filter_map(code)
                            .collect(),
                    }
                }
                other => crate::peers::unexpected(other),
            }
        }

        fn property_fields(read: &PublishProperties) -> Option<crate::PublishProperties> {
            assert_eq!(read.payload_format_indicator, None);
            assert_eq!(read.message_expiry_interval, None);
            assert!(read.subscription_identifiers.is_empty());
            Some(crate::PublishProperties {
                topic_alias: read.topic_alias?,
                content_type: read.content_type.clone()?,
                response_topic: read.response_topic.clone()?,
                correlation_data: read.correlation_data.clone()?,
                user_properties: read.user_properties.clone(),
            })
        }

        fn outgoing(packet: &crate::Packet) -> Packet {
            match packet {
                crate::Packet::Publish(publish) => Packet::Publish(Publish {
                    dup: false,
                    qos: match publish.packet_id {
                        Some(_) => QoS::AtLeastOnce,
                        None => QoS::AtMostOnce,
                    },
                    retain: false,
                    topic: publish.topic.clone().into(),
                    pkid: publish.packet_id.unwrap_or(0),
                    properties: publish
                        .properties
                        .as_ref()
                        .map(|properties| PublishProperties {
                            payload_format_indicator: None,
                            message_expiry_interval: None,
                            topic_alias: Some(properties.topic_alias),
                            response_topic: Some(properties.response_topic.clone()),
                            correlation_data: Some(properties.correlation_data.clone()),
                            user_properties: properties.user_properties.clone(),
                            subscription_identifiers: Vec::new(),
                            content_type: Some(properties.content_type.clone()),
                        }),
                    payload: publish.payload.clone(),
                }),
                crate::Packet::Puback { packet_id } => Packet::PubAck(PubAck {
                    pkid: *packet_id,
                    reason: PubAckReason::Success,
                    properties: None,
                }),
                crate::Packet::Suback { packet_id, reasons } => Packet::SubAck(SubAck {
                    pkid: *packet_id,
                    return_codes: reasons
                        .iter()
                        .filter_map(|code| REASONS.iter().find(|(known, _)| known == code))
                        .map(|(_, reason)| *reason)
                        .collect(),
                    properties: None,
                }),
            }
        }
    };
}
pub(super) use v5_packets;

/// The reason codes of the SUBACK workload, in the types of rumqttc and of its fork.
macro_rules! suback_reasons {
    () => {
        const REASONS: [(u8, SubscribeReasonCode); 7] = [
            (0x00, SubscribeReasonCode::Success(QoS::AtMostOnce)),
            (0x01, SubscribeReasonCode::Success(QoS::AtLeastOnce)),
            (0x02, SubscribeReasonCode::Success(QoS::ExactlyOnce)),
            (0x80, SubscribeReasonCode::Unspecified),
            (0x87, SubscribeReasonCode::NotAuthorized),
            (0x8F, SubscribeReasonCode::TopicFilterInvalid),
            (0x97, SubscribeReasonCode::QuotaExceeded),
        ];
    };
}
pub(super) use suback_reasons;

//! rumqttc's codec for 5.0.

use bytes::BytesMut;
use nack_codec::{
    AuthReason, Binary, ConnackReason, DisconnectReason, Property, PubackReason, PubcompReason,
    PubrecReason, PubrelReason, RetainHandling, SubackReason, SubscriptionOptions, Text,
    UnsubackReason, Version,
};
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectReturnCode, Disconnect, DisconnectReasonCode, LastWill, Login, Packet,
    PubAckReason, PubCompReason, PubRecReason, PubRelReason, Publish, RetainForwardRule, Subscribe,
    SubscribeReasonCode, UnsubAckReason,
};

use super::Refusal;
use super::fields::{Fields, filter, packet_id, qos, text, topic, unless_empty};
use crate::model::{Block, Model, WillModel};

/// The reason of the same name, and those that have another one.
macro_rules! reason {
    ($reason:expr, $theirs:ident => $ours:ident: $($name:ident)* $(, $their:ident is $our:ident)*) => {
        match $reason {
            $($theirs::$name => $ours::$name,)*
            $($theirs::$their => $ours::$our,)*
        }
    };
}

/// Reason string and user properties, which is what most acknowledgements have.
macro_rules! ack_properties {
    ($properties:expr) => {{
        let mut fields = Fields::default();
        if let Some(properties) = $properties {
            fields.text(&properties.reason_string, Property::ReasonString)?;
            fields.user(&properties.user_properties)?;
        }
        fields.block()
    }};
}

pub(super) fn accepts(buffer: &mut BytesMut) -> Result<String, Refusal> {
    let packet = Packet::read(buffer, None).map_err(|error| error.to_string())?;
    Ok(format!("{packet:?}"))
}

pub(super) fn read(buffer: &mut BytesMut) -> Result<Model, Refusal> {
    let packet = Packet::read(buffer, None).map_err(|error| error.to_string())?;
    Ok(match packet {
        Packet::Connect(connect, will, login) => connect_model(&connect, will, login)?,
        Packet::ConnAck(connack) => connack_model(&connack)?,
        Packet::Publish(publish) => publish_model(&publish)?,
        Packet::PubAck(ack) => Model::Puback {
            packet_id: packet_id(ack.pkid)?,
            reason: reason!(ack.reason, PubAckReason => PubackReason:
                Success NoMatchingSubscribers UnspecifiedError ImplementationSpecificError
                NotAuthorized TopicNameInvalid PacketIdentifierInUse QuotaExceeded
                PayloadFormatInvalid),
            properties: ack_properties!(ack.properties),
        },
        Packet::PubRec(ack) => Model::Pubrec {
            packet_id: packet_id(ack.pkid)?,
            reason: reason!(ack.reason, PubRecReason => PubrecReason:
                Success NoMatchingSubscribers UnspecifiedError ImplementationSpecificError
                NotAuthorized TopicNameInvalid PacketIdentifierInUse QuotaExceeded
                PayloadFormatInvalid),
            properties: ack_properties!(ack.properties),
        },
        Packet::PubRel(ack) => Model::Pubrel {
            packet_id: packet_id(ack.pkid)?,
            reason: reason!(ack.reason, PubRelReason => PubrelReason:
                Success PacketIdentifierNotFound),
            properties: ack_properties!(ack.properties),
        },
        Packet::PubComp(ack) => Model::Pubcomp {
            packet_id: packet_id(ack.pkid)?,
            reason: reason!(ack.reason, PubCompReason => PubcompReason:
                Success PacketIdentifierNotFound),
            properties: ack_properties!(ack.properties),
        },
        Packet::Subscribe(subscribe) => subscribe_model(&subscribe)?,
        Packet::SubAck(suback) => Model::Suback {
            packet_id: packet_id(suback.pkid)?,
            reasons: suback.return_codes.iter().map(suback_reason).collect(),
            properties: ack_properties!(suback.properties),
        },
        Packet::Unsubscribe(unsubscribe) => {
            let mut fields = Fields::default();
            if let Some(properties) = &unsubscribe.properties {
                fields.user(&properties.user_properties)?;
            }
            let filters = unsubscribe.filters.iter().map(|its| filter(its));
            Model::Unsubscribe {
                packet_id: packet_id(unsubscribe.pkid)?,
                filters: filters.collect::<Result<_, Refusal>>()?,
                properties: fields.block(),
            }
        }
        Packet::UnsubAck(unsuback) => Model::Unsuback {
            packet_id: packet_id(unsuback.pkid)?,
            reasons: unsuback
                .reasons
                .iter()
                .map(|reason| {
                    reason!(reason, UnsubAckReason => UnsubackReason:
                    Success NoSubscriptionExisted UnspecifiedError ImplementationSpecificError
                    NotAuthorized TopicFilterInvalid PacketIdentifierInUse)
                })
                .collect(),
            properties: ack_properties!(unsuback.properties),
        },
        Packet::PingReq(_) => Model::Pingreq,
        Packet::PingResp(_) => Model::Pingresp,
        Packet::Disconnect(disconnect) => disconnect_model(&disconnect)?,
        // It has the packet, and its reader has no such packet type.
        Packet::Auth(_) => Model::Auth {
            reason: AuthReason::Success,
            properties: Block::new(),
        },
    })
}

fn connect_model(
    connect: &Connect,
    will: Option<LastWill>,
    login: Option<Login>,
) -> Result<Model, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &connect.properties {
        fields.number(its.session_expiry_interval, Property::SessionExpiryInterval)?;
        fields.number(its.receive_maximum, Property::ReceiveMaximum)?;
        fields.number(its.max_packet_size, Property::MaximumPacketSize)?;
        fields.number(its.topic_alias_max, Property::TopicAliasMaximum)?;
        fields.flag(
            its.request_response_info,
            Property::RequestResponseInformation,
        )?;
        fields.flag(
            its.request_problem_info,
            Property::RequestProblemInformation,
        )?;
        fields.text(&its.authentication_method, Property::AuthenticationMethod)?;
        fields.bytes(&its.authentication_data, Property::AuthenticationData)?;
        fields.user(&its.user_properties)?;
    }
    let user_name = login
        .as_ref()
        .and_then(|login| unless_empty(&login.username));
    let password = login
        .as_ref()
        .and_then(|login| unless_empty(&login.password));
    Ok(Model::Connect {
        version: Version::V5,
        clean_start: connect.clean_start,
        keep_alive: connect.keep_alive,
        client_id: text(&connect.client_id)?.to_owned(),
        will: will.map(will_model).transpose()?,
        user_name: user_name.map(text).transpose()?.map(Text::to_owned),
        password: password
            .map(|password| Binary::new(password.to_owned().into()).expect("it was read")),
        properties: fields.block(),
    })
}

fn will_model(will: LastWill) -> Result<WillModel, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &will.properties {
        fields.number(its.delay_interval, Property::WillDelayInterval)?;
        fields.flag(
            its.payload_format_indicator,
            Property::PayloadFormatIndicator,
        )?;
        fields.number(its.message_expiry_interval, Property::MessageExpiryInterval)?;
        fields.text(&its.content_type, Property::ContentType)?;
        fields.response_topic(&its.response_topic)?;
        fields.bytes(&its.correlation_data, Property::CorrelationData)?;
        fields.user(&its.user_properties)?;
    }
    let name = std::str::from_utf8(&will.topic).map_err(|error| error.to_string())?;
    Ok(WillModel {
        qos: qos(will.qos as u8),
        retain: will.retain,
        topic: topic(name)?,
        payload: Binary::new(will.message).expect("it was read"),
        properties: fields.block(),
    })
}

fn connack_model(connack: &ConnAck) -> Result<Model, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &connack.properties {
        fields.number(its.session_expiry_interval, Property::SessionExpiryInterval)?;
        fields.number(its.receive_max, Property::ReceiveMaximum)?;
        fields.number(its.max_qos, |level| Property::MaximumQos(qos(level)))?;
        fields.flag(its.retain_available, Property::RetainAvailable)?;
        fields.number(its.max_packet_size, Property::MaximumPacketSize)?;
        fields.text(
            &its.assigned_client_identifier,
            Property::AssignedClientIdentifier,
        )?;
        fields.number(its.topic_alias_max, Property::TopicAliasMaximum)?;
        fields.text(&its.reason_string, Property::ReasonString)?;
        fields.user(&its.user_properties)?;
        fields.flag(
            its.wildcard_subscription_available,
            Property::WildcardSubscriptionAvailable,
        )?;
        fields.flag(
            its.subscription_identifiers_available,
            Property::SubscriptionIdentifierAvailable,
        )?;
        fields.flag(
            its.shared_subscription_available,
            Property::SharedSubscriptionAvailable,
        )?;
        fields.number(its.server_keep_alive, Property::ServerKeepAlive)?;
        fields.text(&its.response_information, Property::ResponseInformation)?;
        fields.text(&its.server_reference, Property::ServerReference)?;
        fields.text(&its.authentication_method, Property::AuthenticationMethod)?;
        fields.bytes(&its.authentication_data, Property::AuthenticationData)?;
    }
    Ok(Model::Connack {
        session_present: connack.session_present,
        reason: reason!(connack.code, ConnectReturnCode => ConnackReason:
            Success UnspecifiedError MalformedPacket ProtocolError ImplementationSpecificError
            UnsupportedProtocolVersion ClientIdentifierNotValid NotAuthorized ServerUnavailable
            ServerBusy Banned BadAuthenticationMethod TopicNameInvalid PacketTooLarge QuotaExceeded
            PayloadFormatInvalid RetainNotSupported UseAnotherServer ServerMoved
            ConnectionRateExceeded,
            BadUserNamePassword is BadUserNameOrPassword,
            QoSNotSupported is QosNotSupported,
            RefusedProtocolVersion is UnsupportedProtocolVersion,
            BadClientId is ClientIdentifierNotValid,
            ServiceUnavailable is ServerUnavailable),
        properties: fields.block(),
    })
}

fn publish_model(publish: &Publish) -> Result<Model, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &publish.properties {
        fields.flag(
            its.payload_format_indicator,
            Property::PayloadFormatIndicator,
        )?;
        fields.number(its.message_expiry_interval, Property::MessageExpiryInterval)?;
        fields.number(its.topic_alias, Property::TopicAlias)?;
        fields.response_topic(&its.response_topic)?;
        fields.bytes(&its.correlation_data, Property::CorrelationData)?;
        fields.user(&its.user_properties)?;
        for identifier in &its.subscription_identifiers {
            fields.push(Property::SubscriptionIdentifier(*identifier as u32))?;
        }
        fields.text(&its.content_type, Property::ContentType)?;
    }
    let name = std::str::from_utf8(&publish.topic).map_err(|error| error.to_string())?;
    Ok(Model::Publish {
        dup: publish.dup,
        qos: qos(publish.qos as u8),
        retain: publish.retain,
        topic: unless_empty(name).map(topic).transpose()?,
        packet_id: if publish.pkid == 0 {
            None
        } else {
            Some(packet_id(publish.pkid)?)
        },
        properties: fields.block(),
        payload: publish.payload.to_vec(),
    })
}

fn subscribe_model(subscribe: &Subscribe) -> Result<Model, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &subscribe.properties {
        let identifier = its.id.map(|identifier| identifier as u32);
        fields.number(identifier, Property::SubscriptionIdentifier)?;
        fields.user(&its.user_properties)?;
    }
    let subscription = |its: &rumqttc::v5::mqttbytes::v5::Filter| {
        let options = SubscriptionOptions {
            qos: qos(its.qos as u8),
            no_local: its.nolocal,
            retain_as_published: its.preserve_retain,
            retain_handling: match its.retain_forward_rule {
                RetainForwardRule::OnEverySubscribe => RetainHandling::Send,
                RetainForwardRule::OnNewSubscribe => RetainHandling::SendIfNew,
                RetainForwardRule::Never => RetainHandling::DoNotSend,
            },
        };
        Ok::<_, Refusal>((filter(&its.path)?, options))
    };
    Ok(Model::Subscribe {
        packet_id: packet_id(subscribe.pkid)?,
        subscriptions: subscribe
            .filters
            .iter()
            .map(subscription)
            .collect::<Result<_, _>>()?,
        properties: fields.block(),
    })
}

fn suback_reason(reason: &SubscribeReasonCode) -> SubackReason {
    match reason {
        SubscribeReasonCode::Success(granted) => qos(*granted as u8).into(),
        SubscribeReasonCode::Failure | SubscribeReasonCode::Unspecified => {
            SubackReason::UnspecifiedError
        }
        SubscribeReasonCode::ImplementationSpecific => SubackReason::ImplementationSpecificError,
        SubscribeReasonCode::NotAuthorized => SubackReason::NotAuthorized,
        SubscribeReasonCode::TopicFilterInvalid => SubackReason::TopicFilterInvalid,
        SubscribeReasonCode::PkidInUse => SubackReason::PacketIdentifierInUse,
        SubscribeReasonCode::QuotaExceeded => SubackReason::QuotaExceeded,
        SubscribeReasonCode::SharedSubscriptionsNotSupported => {
            SubackReason::SharedSubscriptionsNotSupported
        }
        SubscribeReasonCode::SubscriptionIdNotSupported => {
            SubackReason::SubscriptionIdentifiersNotSupported
        }
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => {
            SubackReason::WildcardSubscriptionsNotSupported
        }
    }
}

fn disconnect_model(disconnect: &Disconnect) -> Result<Model, Refusal> {
    let mut fields = Fields::default();
    if let Some(its) = &disconnect.properties {
        fields.number(its.session_expiry_interval, Property::SessionExpiryInterval)?;
        fields.text(&its.reason_string, Property::ReasonString)?;
        fields.user(&its.user_properties)?;
        fields.text(&its.server_reference, Property::ServerReference)?;
    }
    Ok(Model::Disconnect {
        reason: reason!(disconnect.reason_code, DisconnectReasonCode => DisconnectReason:
            NormalDisconnection DisconnectWithWillMessage UnspecifiedError MalformedPacket
            ProtocolError ImplementationSpecificError NotAuthorized ServerBusy ServerShuttingDown
            KeepAliveTimeout SessionTakenOver TopicFilterInvalid TopicNameInvalid
            ReceiveMaximumExceeded TopicAliasInvalid PacketTooLarge MessageRateTooHigh
            QuotaExceeded AdministrativeAction PayloadFormatInvalid RetainNotSupported
            UseAnotherServer ServerMoved ConnectionRateExceeded MaximumConnectTime
            SubscriptionIdentifiersNotSupported WildcardSubscriptionsNotSupported,
            QoSNotSupported is QosNotSupported,
            SharedSubscriptionNotSupported is SharedSubscriptionsNotSupported),
        properties: fields.block(),
    })
}

//! rumqttc's codec for 3.1.1.

use bytes::BytesMut;
use nack_codec::{
    Binary, ConnackReason, DisconnectReason, PubackReason, PubcompReason, PubrecReason,
    PubrelReason, SubackReason, SubscriptionOptions, Version,
};
use rumqttc::mqttbytes::v4::{ConnectReturnCode, Packet, SubscribeReasonCode};

use super::Refusal;
use super::fields::{filter, packet_id, qos, text, topic, unless_empty};
use crate::model::{Block, Model, WillModel};

const NONE: Block = Block::new();

pub(super) fn accepts(buffer: &mut BytesMut) -> Result<String, Refusal> {
    let packet = Packet::read(buffer, usize::MAX).map_err(|error| error.to_string())?;
    Ok(format!("{packet:?}"))
}

pub(super) fn read(buffer: &mut BytesMut) -> Result<Model, Refusal> {
    let packet = Packet::read(buffer, usize::MAX).map_err(|error| error.to_string())?;
    Ok(match packet {
        Packet::Connect(connect) => connect_model(connect)?,
        Packet::ConnAck(connack) => Model::Connack {
            session_present: connack.session_present,
            reason: match connack.code {
                ConnectReturnCode::Success => ConnackReason::Success,
                ConnectReturnCode::RefusedProtocolVersion => {
                    ConnackReason::UnsupportedProtocolVersion
                }
                ConnectReturnCode::BadClientId => ConnackReason::ClientIdentifierNotValid,
                ConnectReturnCode::ServiceUnavailable => ConnackReason::ServerUnavailable,
                ConnectReturnCode::BadUserNamePassword => ConnackReason::BadUserNameOrPassword,
                ConnectReturnCode::NotAuthorized => ConnackReason::NotAuthorized,
            },
            properties: NONE,
        },
        Packet::Publish(publish) => Model::Publish {
            dup: publish.dup,
            qos: qos(publish.qos as u8),
            retain: publish.retain,
            topic: Some(topic(&publish.topic)?),
            packet_id: if publish.pkid == 0 {
                None
            } else {
                Some(packet_id(publish.pkid)?)
            },
            properties: NONE,
            payload: publish.payload.to_vec(),
        },
        Packet::PubAck(ack) => Model::Puback {
            packet_id: packet_id(ack.pkid)?,
            reason: PubackReason::Success,
            properties: NONE,
        },
        Packet::PubRec(ack) => Model::Pubrec {
            packet_id: packet_id(ack.pkid)?,
            reason: PubrecReason::Success,
            properties: NONE,
        },
        Packet::PubRel(ack) => Model::Pubrel {
            packet_id: packet_id(ack.pkid)?,
            reason: PubrelReason::Success,
            properties: NONE,
        },
        Packet::PubComp(ack) => Model::Pubcomp {
            packet_id: packet_id(ack.pkid)?,
            reason: PubcompReason::Success,
            properties: NONE,
        },
        Packet::Subscribe(subscribe) => Model::Subscribe {
            packet_id: packet_id(subscribe.pkid)?,
            properties: NONE,
            subscriptions: subscribe
                .filters
                .iter()
                .map(|its| {
                    Ok((
                        filter(&its.path)?,
                        SubscriptionOptions::at(qos(its.qos as u8)),
                    ))
                })
                .collect::<Result<_, Refusal>>()?,
        },
        Packet::SubAck(suback) => Model::Suback {
            packet_id: packet_id(suback.pkid)?,
            properties: NONE,
            reasons: suback
                .return_codes
                .iter()
                .map(|code| match code {
                    SubscribeReasonCode::Success(granted) => qos(*granted as u8).into(),
                    SubscribeReasonCode::Failure => SubackReason::UnspecifiedError,
                })
                .collect(),
        },
        Packet::Unsubscribe(unsubscribe) => Model::Unsubscribe {
            packet_id: packet_id(unsubscribe.pkid)?,
            properties: NONE,
            filters: unsubscribe
                .topics
                .iter()
                .map(|topic| filter(topic))
                .collect::<Result<_, Refusal>>()?,
        },
        Packet::UnsubAck(unsuback) => Model::Unsuback {
            packet_id: packet_id(unsuback.pkid)?,
            properties: NONE,
            reasons: Vec::new(),
        },
        Packet::PingReq => Model::Pingreq,
        Packet::PingResp => Model::Pingresp,
        Packet::Disconnect => Model::Disconnect {
            reason: DisconnectReason::NormalDisconnection,
            properties: NONE,
        },
    })
}

fn connect_model(connect: rumqttc::mqttbytes::v4::Connect) -> Result<Model, Refusal> {
    let will = connect.last_will.map(|will| {
        Ok::<_, Refusal>(WillModel {
            qos: qos(will.qos as u8),
            retain: will.retain,
            topic: topic(&will.topic)?,
            payload: Binary::new(will.message).expect("it was read"),
            properties: NONE,
        })
    });
    let user_name = connect
        .login
        .as_ref()
        .and_then(|login| unless_empty(&login.username));
    let password = connect
        .login
        .as_ref()
        .and_then(|login| unless_empty(&login.password));
    Ok(Model::Connect {
        version: match connect.protocol {
            rumqttc::mqttbytes::Protocol::V4 => Version::V311,
            rumqttc::mqttbytes::Protocol::V5 => Version::V5,
        },
        clean_start: connect.clean_session,
        keep_alive: connect.keep_alive,
        client_id: text(&connect.client_id)?.to_owned(),
        will: will.transpose()?,
        user_name: user_name
            .map(text)
            .transpose()?
            .map(nack_codec::Text::to_owned),
        password: password
            .map(|password| Binary::new(password.to_owned().into()).expect("it was read")),
        properties: NONE,
    })
}

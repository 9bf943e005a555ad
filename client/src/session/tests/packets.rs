//! What the broker of a test says, and what the client asks for: short names for packets and
//! configurations.

use std::time::Duration;

use nack_codec::{
    Connack, ConnackReason, Disconnect, DisconnectReason, List, Packet, PacketId, Properties,
    Property, Puback, PubackReason, Pubcomp, PubcompReason, Publish, Pubrec, PubrecReason, Pubrel,
    PubrelReason, QoS, Suback, SubackReason, Text, TopicName, Unsuback, UnsubackReason, Version,
};

use crate::RetryTable;
use crate::session::Config;

pub(super) fn v5() -> Config {
    Config {
        version: Version::V5,
        client_id: Text::new("c").unwrap().to_owned(),
        clean_start: true,
        resume_session: false,
        keep_alive: 0,
        ping_timeout: Duration::from_secs(10),
        operation_timeout: None,
        connect_timeout: Duration::from_secs(20),
        user_name: None,
        password: None,
        will: None,
        receive_maximum: 10,
        maximum_packet_size: None,
        properties: Properties::new(),
        retry_table: RetryTable::new(),
    }
}

pub(super) fn v311() -> Config {
    Config {
        version: Version::V311,
        ..v5()
    }
}

/// Both versions, with a session that ends with its connection.
pub(super) fn both() -> [Config; 2] {
    [v311(), v5()]
}

/// The same, with a session that outlives its connection.
pub(super) fn kept(config: Config) -> Config {
    let properties = match config.version {
        Version::V5 => properties([Property::SessionExpiryInterval(300)]),
        Version::V311 => Properties::new(),
    };
    Config {
        clean_start: false,
        properties,
        ..config
    }
}

/// Both versions, with a session that outlives its connection.
pub(super) fn both_kept() -> [Config; 2] {
    both().map(kept)
}

pub(super) fn properties<'a>(list: impl IntoIterator<Item = Property<'a>>) -> Properties<Vec<u8>> {
    let mut properties = Properties::new();
    for property in list {
        properties.push(property).unwrap();
    }
    properties
}

pub(super) fn reason_string(text: &str) -> Properties<Vec<u8>> {
    properties([Property::ReasonString(Text::new(text).unwrap())])
}

const NONE: Properties<&[u8]> = Properties::empty();

pub(super) fn id(packet_id: u16) -> PacketId {
    PacketId::new(packet_id).unwrap()
}

pub(super) const fn connack(session_present: bool) -> Packet<'static> {
    Packet::Connack(Connack {
        session_present,
        reason: ConnackReason::Success,
        properties: NONE,
    })
}

pub(super) const fn connack_refusal(reason: ConnackReason) -> Packet<'static> {
    Packet::Connack(Connack {
        session_present: false,
        reason,
        properties: NONE,
    })
}

/// A CONNACK that grants less than everything.
pub(super) fn connack_with(session_present: bool, properties: &Properties<Vec<u8>>) -> Packet<'_> {
    Packet::Connack(Connack {
        session_present,
        reason: ConnackReason::Success,
        properties: properties.borrow(),
    })
}

pub(super) fn puback(packet_id: u16) -> Packet<'static> {
    puback_with(packet_id, PubackReason::Success)
}

pub(super) fn puback_with(packet_id: u16, reason: PubackReason) -> Packet<'static> {
    Packet::Puback(Puback {
        packet_id: id(packet_id),
        reason,
        properties: NONE,
    })
}

pub(super) fn pubrec(packet_id: u16) -> Packet<'static> {
    pubrec_with(packet_id, PubrecReason::Success)
}

pub(super) fn pubrec_with(packet_id: u16, reason: PubrecReason) -> Packet<'static> {
    Packet::Pubrec(Pubrec {
        packet_id: id(packet_id),
        reason,
        properties: NONE,
    })
}

pub(super) fn pubrel(packet_id: u16) -> Packet<'static> {
    Packet::Pubrel(Pubrel {
        packet_id: id(packet_id),
        reason: PubrelReason::Success,
        properties: NONE,
    })
}

pub(super) fn pubcomp(packet_id: u16) -> Packet<'static> {
    pubcomp_with(packet_id, PubcompReason::Success)
}

pub(super) fn pubcomp_with(packet_id: u16, reason: PubcompReason) -> Packet<'static> {
    Packet::Pubcomp(Pubcomp {
        packet_id: id(packet_id),
        reason,
        properties: NONE,
    })
}

pub(super) fn suback(packet_id: u16, reasons: &[SubackReason]) -> Packet<'_> {
    Packet::Suback(Suback {
        packet_id: id(packet_id),
        properties: NONE,
        reasons: List::new(reasons),
    })
}

/// In 3.1.1 there are no codes.
pub(super) fn unsuback(packet_id: u16, reasons: &[UnsubackReason]) -> Packet<'_> {
    Packet::Unsuback(Unsuback {
        packet_id: id(packet_id),
        properties: NONE,
        reasons: List::new(reasons),
    })
}

/// A message on topic `t`.
pub(super) fn publish(qos: QoS, packet_id: u16, payload: &str) -> Packet<'_> {
    Packet::Publish(Publish {
        dup: false,
        qos,
        retain: false,
        topic: Some(TopicName::new("t").unwrap()),
        packet_id: PacketId::new(packet_id),
        properties: NONE,
        payload: payload.as_bytes(),
    })
}

/// The same, sent again.
pub(super) fn publish_again(qos: QoS, packet_id: u16, payload: &str) -> Packet<'_> {
    match publish(qos, packet_id, payload) {
        Packet::Publish(first) => Packet::Publish(Publish { dup: true, ..first }),
        other => other,
    }
}

pub(super) const fn disconnect(reason: DisconnectReason) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: NONE,
    })
}

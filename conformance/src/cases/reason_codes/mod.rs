//! The matrix of reason codes: every code that a server may send in every packet that may carry
//! it, in every form that it can have on the wire, and every number that it may not send.
//!
//! None of it is written out: the table of the standard's codes says what there is.

mod answers;
mod auth;
mod bystanders;
mod connack;
mod disconnect;
mod form;
mod mixed;
mod publish;
mod pubrel;
mod subscribe;
mod subscriptions;
mod table;
mod told;
mod unlisted;

use nack_codec::{PacketType, Version};

use crate::Case;

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    connack::cases()
        .chain(publish::cases())
        .chain(pubrel::cases())
        .chain(subscribe::cases())
        .chain(mixed::cases())
        .chain(disconnect::cases())
        .chain(auth::cases())
        .chain(unlisted::cases())
}

/// The statement by which a packet carries only the codes of its table.
const fn table_statement(version: Version, packet: PacketType) -> &'static str {
    match (version, packet) {
        (Version::V5, PacketType::Connack) => "MQTT-3.2.2-8",
        (Version::V5, PacketType::Puback) => "MQTT-3.4.2-1",
        (Version::V5, PacketType::Pubrec) => "MQTT-3.5.2-1",
        (Version::V5, PacketType::Pubrel) => "MQTT-3.6.2-1",
        (Version::V5, PacketType::Pubcomp) => "MQTT-3.7.2-1",
        (Version::V5, PacketType::Unsuback) => "MQTT-3.11.3-2",
        (Version::V5, PacketType::Disconnect) => "MQTT-3.14.2-1",
        (Version::V5, PacketType::Auth) => "MQTT-3.15.2-1",
        (_, PacketType::Suback) => "MQTT-3.9.3-2",
        // 3.1.1 numbers no sentence about the return codes of CONNACK; this is about those that
        // do not fit.
        _ => "MQTT-3.2.2-6",
    }
}

/// Where a code stands in the name of a case.
fn path(packet: PacketType, code: u8, form: &str) -> String {
    format!("{}/0x{code:02X}/{form}", packet.name().to_lowercase())
}

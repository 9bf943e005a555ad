//! All 256 codes in every packet that has one: those that the tables do not give it are refused.

use nack_codec::{DecodeErrorKind, PacketType, Version};

use super::check;
use crate::reason_table::{CARRIERS, V311_CONNACK, V311_SUBACK, allowed, packet_with_code};
use crate::vectors::read;

/// The statement that a packet uses its listed codes only.
const fn statement(packet: PacketType) -> &'static str {
    match packet {
        PacketType::Connack => "MQTT-3.2.2-8",
        PacketType::Puback => "MQTT-3.4.2-1",
        PacketType::Pubrec => "MQTT-3.5.2-1",
        PacketType::Pubrel => "MQTT-3.6.2-1",
        PacketType::Pubcomp => "MQTT-3.7.2-1",
        PacketType::Suback => "MQTT-3.9.3-2",
        PacketType::Unsuback => "MQTT-3.11.3-2",
        PacketType::Disconnect => "MQTT-3.14.2-1",
        PacketType::Auth => "MQTT-3.15.2-1",
        _ => "",
    }
}

#[test]
fn every_code_is_refused_in_every_packet_that_may_not_carry_it() {
    let mut refused = 0;
    for packet in CARRIERS {
        for code in 0..=u8::MAX {
            let (bytes, offset) = packet_with_code(*packet, code);
            if allowed(*packet, code) {
                read(&bytes, Version::V5);
                continue;
            }
            let kind = DecodeErrorKind::UnknownReason { code };
            check(&bytes, Version::V5, kind, offset, statement(*packet), 0x82);
            refused += 1;
        }
    }
    // 9 packets, and 22 + 9 + 9 + 2 + 2 + 12 + 7 + 30 + 3 codes that are allowed.
    assert_eq!(refused, 9 * 256 - 96);
}

#[test]
fn every_return_code_of_v311_but_the_listed_ones_is_refused() {
    for code in 0..=u8::MAX {
        let kind = DecodeErrorKind::UnknownReason { code };
        if V311_CONNACK.iter().all(|(raw, _)| *raw != code) {
            check(&[0x20, 2, 0, code], Version::V311, kind, 3, "3.2.2.3", 0x82);
        }
        if !V311_SUBACK.contains(&code) {
            check(
                &[0x90, 3, 0, 10, code],
                Version::V311,
                kind,
                4,
                "MQTT-3.9.3-2",
                0x82,
            );
        }
    }
}

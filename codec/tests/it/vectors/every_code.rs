//! Every reason code in every packet that may carry it, and the return codes of 3.1.1.

use nack_codec::{ConnackReason, Packet, PacketType, ReasonCode, Version};

use super::{read, written};
use crate::notation::hex;
use crate::reason_table::{
    CODES, OTHER_NAMES, V311_CONNACK, V311_SUBACK, allowed, packet_with_code,
};

/// The code of a packet as its own type has it: number, entry in the table of all, and name.
fn code(packet: &Packet<'_>) -> (u8, ReasonCode, String) {
    macro_rules! of {
        ($reason:expr) => {
            ($reason.as_u8(), $reason.code(), $reason.to_string())
        };
    }
    match packet {
        Packet::Connack(packet) => of!(packet.reason),
        Packet::Puback(packet) => of!(packet.reason),
        Packet::Pubrec(packet) => of!(packet.reason),
        Packet::Pubrel(packet) => of!(packet.reason),
        Packet::Pubcomp(packet) => of!(packet.reason),
        Packet::Suback(packet) => of!(packet.reasons.iter().next().expect("one code")),
        Packet::Unsuback(packet) => of!(packet.reasons.iter().next().expect("one code")),
        Packet::Disconnect(packet) => of!(packet.reason),
        Packet::Auth(packet) => of!(packet.reason),
        other => panic!("{other:?} has no reason code"),
    }
}

fn name_in(packet: PacketType, row: &(u8, &'static str, &[PacketType])) -> &'static str {
    let other = OTHER_NAMES
        .iter()
        .find(|(its, _)| *its == packet && row.0 == 0x00);
    other.map_or(row.1, |(_, name)| name)
}

#[test]
fn every_code_is_read_and_written_in_every_packet_that_may_carry_it() {
    for row in CODES {
        for packet in row.2 {
            let (bytes, _) = packet_with_code(*packet, row.0);
            let read = read(&bytes, Version::V5);
            let (number, code, name) = code(&read);
            assert_eq!(number, row.0, "{packet}");
            assert_eq!(code as u8, row.0, "{packet}");
            assert_eq!(code.is_error(), row.0 >= 0x80, "{code}");
            assert_eq!(name, name_in(*packet, row), "{packet}");
            let written = written(&read, Version::V5);
            assert_eq!(super::read(&written, Version::V5), read);
            if row.0 == 0x00 && written.len() < bytes.len() {
                // The short forms of success.
                continue;
            }
            assert_eq!(hex(&written), hex(&bytes));
        }
    }
}

#[test]
fn the_table_of_all_codes_is_that_of_the_standard() {
    let numbers: Vec<_> = ReasonCode::ALL.iter().map(|code| *code as u8).collect();
    let expected: Vec<_> = CODES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(numbers, expected);
    for (code, name, _) in CODES {
        assert_eq!(
            ReasonCode::from_u8(*code).expect("in the table").text(),
            *name
        );
    }
}

#[test]
fn return_codes_of_v311_are_read_as_codes_of_v5_and_written_back() {
    for (raw, code) in V311_CONNACK {
        let bytes = [0x20, 2, 0, *raw];
        let packet = read(&bytes, Version::V311);
        let Packet::Connack(connack) = &packet else {
            panic!("{packet:?}")
        };
        assert_eq!(connack.reason.as_u8(), *code);
        assert_eq!(connack.reason.return_code(), Some(*raw));
        assert_eq!(written(&packet, Version::V311)[..], bytes);
        assert!(allowed(PacketType::Connack, *code));
    }
    let representable: Vec<_> = ConnackReason::ALL
        .iter()
        .filter(|reason| reason.return_code().is_some())
        .collect();
    assert_eq!(representable.len(), V311_CONNACK.len());

    for code in V311_SUBACK {
        let bytes = [0x90, 3, 0, 10, *code];
        let packet = read(&bytes, Version::V311);
        let Packet::Suback(suback) = &packet else {
            panic!("{packet:?}")
        };
        assert_eq!(
            suback
                .reasons
                .iter()
                .map(|reason| reason.as_u8())
                .collect::<Vec<_>>(),
            [*code]
        );
        assert_eq!(written(&packet, Version::V311)[..], bytes);
    }
}

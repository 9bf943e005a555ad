//! Which codes a server may send in which packet, read from a table of our own: the codec's enums
//! are not asked, so that a mistake in them is found.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nack_codec::{PacketType, Version};

use crate::statement::rows;

/// A code that a server may send in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// The number on the wire.
    pub(crate) number: u8,
    /// The number that means the same in MQTT 5.0: differs in a 3.1.1 CONNACK alone.
    pub(crate) meaning: u8,
    /// The standard's name.
    pub(crate) name: &'static str,
    /// Whether it says no.
    pub(crate) refuses: bool,
    /// Whether the refusal lasts.
    pub(crate) lasts: Lasts,
}

/// Whether a refusal lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// It is none.
    NotRefused,
    /// It may pass by itself.
    Transient,
    /// Something must change first.
    Permanent,
    /// The client did something wrong.
    CallerBug,
    /// Another server is the one to ask.
    Redirect,
}

type Key = (Version, PacketType);

/// The codes that a server may send in `packet`, lowest first.
pub(crate) fn listed(version: Version, packet: PacketType) -> &'static [Code] {
    static TABLE: LazyLock<BTreeMap<Key, Vec<Code>>> = LazyLock::new(load);
    TABLE.get(&(version, packet)).map_or(&[], Vec::as_slice)
}

/// The numbers that no server may send in `packet`, lowest first, with the name that the number
/// has elsewhere, if there is one.
pub(crate) fn unlisted(version: Version, packet: PacketType) -> Vec<(u8, Option<&'static str>)> {
    let names = names(version);
    let codes = listed(version, packet);
    let unlisted = (0..=u8::MAX).filter(|number| codes.iter().all(|code| code.number != *number));
    unlisted
        .map(|number| (number, names.get(&number).copied()))
        .collect()
}

fn load() -> BTreeMap<Key, Vec<Code>> {
    let mut table: BTreeMap<Key, Vec<Code>> = BTreeMap::new();
    for row in rows(include_str!("../../../statements/reason-codes.tsv")) {
        let &[number, name, packets, sender, class, retry, _] = &row[..] else {
            panic!("a reason code has seven columns: {row:?}");
        };
        for packet in packets.split(',').map(packet) {
            let code = code(number, number, name_in(packet, name), class, retry);
            let of_client = match packet {
                PacketType::Disconnect => sender == "client",
                // Only a client begins a new authentication.
                PacketType::Auth => code.number == 0x19,
                _ => false,
            };
            if !of_client {
                table.entry((Version::V5, packet)).or_default().push(code);
            }
        }
    }
    for row in rows(include_str!("../../../statements/return-codes.tsv")) {
        let &[packet_name, number, name, meaning, _, class, retry, _] = &row[..] else {
            panic!("a return code has eight columns: {row:?}");
        };
        let code = code(number, meaning, name, class, retry);
        table
            .entry((Version::V311, packet(packet_name)))
            .or_default()
            .push(code);
    }
    table
}

/// What the code is called in this packet. Code 0x00 alone has more than one name: that of most
/// packets, that of DISCONNECT and that of SUBACK, in this order.
fn name_in(packet: PacketType, names: &'static str) -> &'static str {
    let own = match packet {
        PacketType::Disconnect => 1,
        PacketType::Suback => 2,
        _ => 0,
    };
    let name = |which| names.split(" / ").nth(which);
    name(own).or_else(|| name(0)).unwrap_or(names)
}

fn code(number: &str, meaning: &str, name: &'static str, class: &str, retry: &str) -> Code {
    Code {
        number: parse(number),
        meaning: parse(meaning),
        name,
        refuses: match class {
            "success" => false,
            "error" => true,
            other => panic!("{number} has the class {other}"),
        },
        lasts: match retry {
            "-" => Lasts::NotRefused,
            "transient" => Lasts::Transient,
            "permanent" => Lasts::Permanent,
            "caller-bug" => Lasts::CallerBug,
            "redirect" => Lasts::Redirect,
            other => panic!("{number} is retried {other}"),
        },
    }
}

fn names(version: Version) -> BTreeMap<u8, &'static str> {
    match version {
        // A 3.1.1 code means something in its own packet only.
        Version::V311 => BTreeMap::new(),
        Version::V5 => rows(include_str!("../../../statements/reason-codes.tsv"))
            .map(|row| (parse(row[0]), row[1]))
            .collect(),
    }
}

fn parse(number: &str) -> u8 {
    let digits = number.strip_prefix("0x").expect("codes are written 0x00");
    u8::from_str_radix(digits, 16).expect("codes are one byte")
}

fn packet(name: &str) -> PacketType {
    let mut packets = PacketType::ALL.iter().copied();
    packets
        .find(|packet| packet.name() == name)
        .expect("packets have the standard's names")
}

#[cfg(test)]
mod tests {
    use nack_codec::{
        AuthReason, ConnackReason, DisconnectReason, PubackReason, PubcompReason, PubrecReason,
        PubrelReason, Role, SubackReason, UnsubackReason,
    };

    use super::*;

    #[track_caller]
    fn check(version: Version, packet: PacketType, expected: impl Fn(u8) -> bool) {
        let ours: Vec<u8> = listed(version, packet)
            .iter()
            .map(|code| code.number)
            .collect();
        let theirs: Vec<u8> = (0..=u8::MAX).filter(|number| expected(*number)).collect();
        assert_eq!(ours, theirs, "{packet} in {version}");
        assert_eq!(unlisted(version, packet).len(), 256 - ours.len());
    }

    #[test]
    fn the_codec_has_the_codes_of_the_table() {
        let v5 = Version::V5;
        check(v5, PacketType::Connack, |code| {
            ConnackReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Puback, |code| {
            PubackReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Pubrec, |code| {
            PubrecReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Pubrel, |code| {
            PubrelReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Pubcomp, |code| {
            PubcompReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Suback, |code| {
            SubackReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Unsuback, |code| {
            UnsubackReason::from_u8(code).is_some()
        });
        check(v5, PacketType::Disconnect, |code| {
            DisconnectReason::from_u8(code).is_some_and(|code| code.may_be_sent_by(Role::Server))
        });
        check(v5, PacketType::Auth, |code| {
            AuthReason::from_u8(code).is_some_and(|code| code != AuthReason::ReAuthenticate)
        });
    }

    #[test]
    fn the_codec_has_the_return_codes_of_the_table() {
        let v311 = Version::V311;
        check(v311, PacketType::Connack, |code| {
            ConnackReason::from_return_code(code).is_some()
        });
        check(v311, PacketType::Suback, |code| {
            SubackReason::from_u8(code).is_some_and(SubackReason::in_v311)
        });
        for code in listed(v311, PacketType::Connack) {
            let reason = ConnackReason::from_return_code(code.number).unwrap();
            assert_eq!(reason.as_u8(), code.meaning, "{}", code.name);
        }
    }

    #[test]
    fn a_code_is_called_as_in_its_packet() {
        let first = |packet| listed(Version::V5, packet)[0].name;
        assert_eq!(first(PacketType::Connack), "Success");
        assert_eq!(first(PacketType::Unsuback), "Success");
        assert_eq!(first(PacketType::Suback), "Granted QoS 0");
        assert_eq!(first(PacketType::Disconnect), "Normal disconnection");
        for packet in PacketType::ALL {
            for code in listed(Version::V5, *packet) {
                assert!(!code.name.contains('/'), "{packet} {}", code.name);
            }
        }
    }

    #[test]
    fn codes_of_0x80_and_above_refuse_in_mqtt_5() {
        for packet in PacketType::ALL {
            for code in listed(Version::V5, *packet) {
                assert_eq!(code.refuses, code.number >= 0x80, "{}", code.name);
                assert_eq!(
                    code.refuses,
                    code.lasts != Lasts::NotRefused,
                    "{}",
                    code.name
                );
            }
        }
    }
}

//! The flags of the fixed header: all sixteen of every packet (table 2-2), PUBLISH apart, whose
//! flags say something.

use nack_codec::{DecodeErrorKind, Version};

use super::{check, refusal};
use crate::notation::wire;
use crate::vectors::read;

/// A packet of each type, with the statements of 3.1.1 and 5.0 about its flags.
const PACKETS: &[(&str, &str, &str)] = &[
    ("10 0C 0004'MQTT' 04 02 0000 0000", "MQTT-2.2.2-2", ""),
    ("10 0D 0004'MQTT' 05 02 0000 00 0000", "", "MQTT-2.1.3-1"),
    ("20 02 00 00", "MQTT-2.2.2-2", ""),
    ("20 03 00 00 00", "", "MQTT-2.1.3-1"),
    ("40 02 000A", "MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    ("50 02 000A", "MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    ("62 02 000A", "MQTT-3.6.1-1", "MQTT-3.6.1-1"),
    ("70 02 000A", "MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    ("82 06 000A 0001'a' 00", "MQTT-3.8.1-1", ""),
    ("82 07 000A 00 0001'a' 00", "", "MQTT-3.8.1-1"),
    ("90 03 000A 00", "MQTT-2.2.2-2", ""),
    ("90 04 000A 00 00", "", "MQTT-2.1.3-1"),
    ("A2 05 000A 0001'a'", "MQTT-3.10.1-1", ""),
    ("A2 06 000A 00 0001'a'", "", "MQTT-3.10.1-1"),
    ("B0 02 000A", "MQTT-2.2.2-2", ""),
    ("B0 04 000A 00 00", "", "MQTT-2.1.3-1"),
    ("C0 00", "MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    ("D0 00", "MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    ("E0 00", "MQTT-3.14.1-1", "MQTT-3.14.1-1"),
    ("F0 00", "", "MQTT-3.15.1-1"),
];

#[test]
fn only_the_flags_of_the_standard_are_accepted() {
    for (notation, v311, v5) in PACKETS {
        let statements = [(Version::V311, v311), (Version::V5, v5)];
        for (version, statement) in statements.into_iter().filter(|(_, its)| !its.is_empty()) {
            let good = wire(notation);
            let expected = good[0] & 0x0F;
            read(&good, version);
            for found in (0..16).filter(|found| *found != expected) {
                let mut bytes = good.clone();
                bytes[0] = good[0] & 0xF0 | found;
                let kind = DecodeErrorKind::InvalidFlags { expected, found };
                check(&bytes, version, kind, 0, statement, 0x81);
                // The first byte alone is enough to know.
                check(&bytes[..1], version, kind, 0, statement, 0x81);
            }
        }
    }
}

#[test]
fn publish_takes_all_flags_but_qos_3_and_dup_at_qos_0() {
    for (version, qos0, above) in [
        (Version::V311, "30 03 0001't'", "30 05 0001't' 000A"),
        (Version::V5, "30 04 0001't' 00", "30 06 0001't' 000A 00"),
    ] {
        for flags in 0..16_u8 {
            let mut bytes = wire(if flags & 0b0110 == 0 { qos0 } else { above });
            bytes[0] |= flags;
            let kind = match flags {
                0b1000 | 0b1001 => DecodeErrorKind::DupOnQos0,
                _ if flags & 0b0110 == 0b0110 => DecodeErrorKind::InvalidQos,
                _ => {
                    read(&bytes, version);
                    continue;
                }
            };
            assert_eq!(refusal(&bytes, version).kind(), kind, "{flags:#06b}");
        }
    }
}

//! Section 2.4 once more, written down from the standard: which code may be in which packet.

use nack_codec::PacketType::{
    self, Auth, Connack, Disconnect, Puback, Pubcomp, Pubrec, Pubrel, Suback, Unsuback,
};

use crate::notation::{framed, wire};

/// A reason code of MQTT 5.0: its number, its name, and the packets that may carry it.
pub(crate) type Row = (u8, &'static str, &'static [PacketType]);

/// The names that 0x00 has by itself in some packets are in [`OTHER_NAMES`].
pub(crate) const CODES: &[Row] = &[
    (
        0x00,
        "success",
        &[
            Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth,
        ],
    ),
    (0x01, "granted QoS 1", &[Suback]),
    (0x02, "granted QoS 2", &[Suback]),
    (0x04, "disconnect with will message", &[Disconnect]),
    (0x10, "no matching subscribers", &[Puback, Pubrec]),
    (0x11, "no subscription existed", &[Unsuback]),
    (0x18, "continue authentication", &[Auth]),
    (0x19, "re-authenticate", &[Auth]),
    (
        0x80,
        "unspecified error",
        &[Connack, Puback, Pubrec, Suback, Unsuback, Disconnect],
    ),
    (0x81, "malformed packet", &[Connack, Disconnect]),
    (0x82, "protocol error", &[Connack, Disconnect]),
    (
        0x83,
        "implementation specific error",
        &[Connack, Puback, Pubrec, Suback, Unsuback, Disconnect],
    ),
    (0x84, "unsupported protocol version", &[Connack]),
    (0x85, "client identifier not valid", &[Connack]),
    (0x86, "bad user name or password", &[Connack]),
    (
        0x87,
        "not authorized",
        &[Connack, Puback, Pubrec, Suback, Unsuback, Disconnect],
    ),
    (0x88, "server unavailable", &[Connack]),
    (0x89, "server busy", &[Connack, Disconnect]),
    (0x8A, "banned", &[Connack]),
    (0x8B, "server shutting down", &[Disconnect]),
    // Section 2.4 lists it for DISCONNECT too, table 3-10 does not: taken at its widest.
    (0x8C, "bad authentication method", &[Connack, Disconnect]),
    (0x8D, "keep alive timeout", &[Disconnect]),
    (0x8E, "session taken over", &[Disconnect]),
    (
        0x8F,
        "topic filter invalid",
        &[Suback, Unsuback, Disconnect],
    ),
    (
        0x90,
        "topic name invalid",
        &[Connack, Puback, Pubrec, Disconnect],
    ),
    (
        0x91,
        "packet identifier in use",
        &[Puback, Pubrec, Suback, Unsuback],
    ),
    (0x92, "packet identifier not found", &[Pubrel, Pubcomp]),
    (0x93, "receive maximum exceeded", &[Disconnect]),
    (0x94, "topic alias invalid", &[Disconnect]),
    (0x95, "packet too large", &[Connack, Disconnect]),
    (0x96, "message rate too high", &[Disconnect]),
    (
        0x97,
        "quota exceeded",
        &[Connack, Puback, Pubrec, Suback, Disconnect],
    ),
    (0x98, "administrative action", &[Disconnect]),
    (
        0x99,
        "payload format invalid",
        &[Connack, Puback, Pubrec, Disconnect],
    ),
    (0x9A, "retain not supported", &[Connack, Disconnect]),
    (0x9B, "QoS not supported", &[Connack, Disconnect]),
    (0x9C, "use another server", &[Connack, Disconnect]),
    (0x9D, "server moved", &[Connack, Disconnect]),
    (
        0x9E,
        "shared subscriptions not supported",
        &[Suback, Disconnect],
    ),
    (0x9F, "connection rate exceeded", &[Connack, Disconnect]),
    (0xA0, "maximum connect time", &[Disconnect]),
    (
        0xA1,
        "subscription identifiers not supported",
        &[Suback, Disconnect],
    ),
    (
        0xA2,
        "wildcard subscriptions not supported",
        &[Suback, Disconnect],
    ),
];

/// The names of 0x00 in the packets where it is not called success.
pub(crate) const OTHER_NAMES: &[(PacketType, &str)] = &[
    (Suback, "granted QoS 0"),
    (Disconnect, "normal disconnection"),
];

/// The 3.1.1 return codes of CONNACK, with the codes of MQTT 5.0 that they are read as.
pub(crate) const V311_CONNACK: &[(u8, u8)] = &[
    (0x00, 0x00),
    (0x01, 0x84),
    (0x02, 0x85),
    (0x03, 0x88),
    (0x04, 0x86),
    (0x05, 0x87),
];

/// The 3.1.1 return codes of SUBACK, which MQTT 5.0 has too.
pub(crate) const V311_SUBACK: &[u8] = &[0x00, 0x01, 0x02, 0x80];

/// The packets that carry a reason code.
pub(crate) const CARRIERS: &[PacketType] = &[
    Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth,
];

/// Whether the table gives this code to this packet.
pub(crate) fn allowed(packet: PacketType, code: u8) -> bool {
    CODES
        .iter()
        .any(|(its, _, packets)| *its == code && packets.contains(&packet))
}

/// The MQTT 5.0 packet with this code and nothing that it can do without, and where in it the code
/// lies.
pub(crate) fn packet_with_code(packet: PacketType, code: u8) -> (Vec<u8>, usize) {
    let (first, before, after) = match packet {
        Connack => (0x20, "00", "00"),
        Puback => (0x40, "000A", ""),
        Pubrec => (0x50, "000A", ""),
        Pubrel => (0x62, "000A", ""),
        Pubcomp => (0x70, "000A", ""),
        Suback => (0x90, "000A 00", ""),
        Unsuback => (0xB0, "000A 00", ""),
        Disconnect => (0xE0, "", ""),
        Auth => (0xF0, "", "04 15 0001'm'"),
        other => panic!("{other} has no reason code"),
    };
    let before = wire(before);
    let offset = 2 + before.len();
    (
        framed(first, &[&before, &[code][..], &wire(after)].concat()),
        offset,
    )
}

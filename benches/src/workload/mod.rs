//! What is read and written: each workload's packets, their bytes, and our goal for it.

mod packet;
mod stream;

pub use packet::{Packet, Publish, PublishProperties};

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use bytes::Bytes;
use nack_codec::Version;

/// The bytes of one segment of a TCP connection over Ethernet.
const CHUNK: usize = 1460;

/// Whether packets are made from bytes or bytes from packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Bytes to packets.
    Decode,
    /// Packets to bytes.
    Encode,
}

/// What the packets of a workload are, and how they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Content {
    /// MQTT 3.1.1 PUBLISH at QoS 0: how many, and how many bytes of payload in each.
    Qos0 { count: usize, payload: usize },
    /// MQTT 5.0 PUBLISH at QoS 1 with a payload of 64 bytes.
    Qos1 { properties: bool },
    /// PUBACK in its shortest form.
    Puback,
    /// MQTT 5.0 SUBACK with eight reason codes.
    Suback,
}

/// One thing to measure: some packets, read or written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    id: &'static str,
    text: &'static str,
    direction: Direction,
    content: Content,
    chunked: bool,
    goal: Option<u32>,
    goal_owned: Option<u32>,
}

const SMALL: Content = Content::Qos0 {
    count: 1000,
    payload: 16,
};
const MEDIUM: Content = Content::Qos0 {
    count: 1000,
    payload: 256,
};
const LARGE: Content = Content::Qos0 {
    count: 64,
    payload: 16 * 1024,
};
const HUGE: Content = Content::Qos0 {
    count: 1,
    payload: 1024 * 1024,
};
const PLAIN: Content = Content::Qos1 { properties: false };
const RICH: Content = Content::Qos1 { properties: true };

const fn decode(
    id: &'static str,
    text: &'static str,
    content: Content,
    goal: Option<u32>,
    goal_owned: Option<u32>,
) -> Workload {
    Workload {
        id,
        text,
        direction: Direction::Decode,
        content,
        chunked: false,
        goal,
        goal_owned,
    }
}

const fn encode(
    id: &'static str,
    text: &'static str,
    content: Content,
    goal: Option<u32>,
) -> Workload {
    let direction = Direction::Encode;
    Workload {
        id,
        text,
        direction,
        content,
        chunked: false,
        goal,
        goal_owned: None,
    }
}

/// Every workload, in the order of reports. The goals are instructions per packet; where there is
/// none, the goal is a ratio to what merely moving the bytes costs.
static ALL: [Workload; 17] = [
    decode(
        "D1",
        "3.1.1 PUBLISH QoS 0, payload 16 B",
        SMALL,
        Some(125),
        Some(150),
    ),
    decode(
        "D2",
        "3.1.1 PUBLISH QoS 0, payload 256 B",
        MEDIUM,
        Some(135),
        Some(165),
    ),
    decode(
        "D3",
        "3.1.1 PUBLISH QoS 0, payload 16 KiB",
        LARGE,
        None,
        None,
    ),
    decode("D4", "3.1.1 PUBLISH QoS 0, payload 1 MiB", HUGE, None, None),
    decode(
        "D5",
        "5.0 PUBLISH QoS 1, payload 64 B",
        PLAIN,
        Some(155),
        Some(190),
    ),
    decode(
        "D6",
        "5.0 PUBLISH QoS 1, 8 properties",
        RICH,
        Some(700),
        Some(740),
    ),
    decode(
        "D7",
        "PUBACK, short form",
        Content::Puback,
        Some(75),
        Some(95),
    ),
    decode(
        "D8",
        "5.0 SUBACK, 8 reason codes",
        Content::Suback,
        Some(190),
        Some(220),
    ),
    Workload {
        chunked: true,
        ..decode("D9", "D2 in chunks of 1460 B", MEDIUM, Some(200), Some(270))
    },
    encode("E1", "3.1.1 PUBLISH QoS 0, payload 16 B", SMALL, Some(100)),
    encode(
        "E2",
        "3.1.1 PUBLISH QoS 0, payload 256 B",
        MEDIUM,
        Some(155),
    ),
    encode("E3", "3.1.1 PUBLISH QoS 0, payload 16 KiB", LARGE, None),
    encode("E4", "3.1.1 PUBLISH QoS 0, payload 1 MiB", HUGE, None),
    encode("E5", "5.0 PUBLISH QoS 1, payload 64 B", PLAIN, Some(140)),
    encode("E6", "5.0 PUBLISH QoS 1, 8 properties", RICH, Some(550)),
    encode("E7", "PUBACK, short form", Content::Puback, Some(40)),
    encode(
        "E8",
        "5.0 SUBACK, 8 reason codes",
        Content::Suback,
        Some(70),
    ),
];

impl Workload {
    /// Every workload, in the order of reports.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    /// Its short name: D for decode or E for encode, and a number.
    pub const fn id(self) -> &'static str {
        self.id
    }

    /// What it is, in a few words.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Whether it is read or written.
    pub const fn direction(self) -> Direction {
        self.direction
    }

    /// The version whose rules its packets are read and written by. A PUBACK in short form has the
    /// same bytes in both.
    pub const fn version(self) -> Version {
        match self.content {
            Content::Qos0 { .. } => Version::V311,
            Content::Qos1 { .. } | Content::Puback | Content::Suback => Version::V5,
        }
    }

    /// Whether its packets are PUBACKs in short form, whose bytes are the same in both versions.
    pub const fn is_puback(self) -> bool {
        matches!(self.content, Content::Puback)
    }

    /// Whether its payloads are so large that linking them pays.
    pub const fn has_large_payloads(self) -> bool {
        matches!(
            self.content,
            Content::Qos0 {
                payload: 4096..,
                ..
            }
        )
    }

    /// Whether its packets have properties, whose order on the wire is the encoder's choice.
    pub const fn has_properties(self) -> bool {
        matches!(self.content, Content::Qos1 { properties: true })
    }

    /// How many instructions a packet should take us at most, borrowed from the read buffer.
    pub const fn goal(self) -> Option<u32> {
        self.goal
    }

    /// How many instructions a packet should take us at most, where it outlives the read buffer.
    pub const fn goal_owned(self) -> Option<u32> {
        self.goal_owned
    }

    /// Its packets.
    pub fn packets(self) -> &'static [Packet] {
        &self.data().packets
    }

    /// The bytes of its packets, one behind the other.
    pub fn stream(self) -> &'static Bytes {
        &self.data().stream
    }

    /// The same bytes as they arrive: in one read, or in chunks.
    pub fn reads(self) -> impl Iterator<Item = &'static [u8]> {
        let stream = self.stream();
        stream.chunks(if self.chunked { CHUNK } else { stream.len() })
    }

    fn data(self) -> &'static Data {
        static DATA: [OnceLock<Data>; ALL.len()] = [const { OnceLock::new() }; ALL.len()];
        let index = ALL.iter().position(|workload| *workload == self);
        DATA[index.expect("workloads are made in `ALL` alone")].get_or_init(|| {
            let packets = self.content.packets();
            let mut stream = Vec::new();
            for packet in &packets {
                stream::write(packet, self.version(), &mut stream);
            }
            Data {
                packets,
                stream: Bytes::from(stream),
            }
        })
    }
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl FromStr for Workload {
    type Err = UnknownWorkload;

    fn from_str(id: &str) -> Result<Self, UnknownWorkload> {
        let found = Self::all().find(|workload| workload.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| UnknownWorkload { id: id.to_owned() })
    }
}

/// No workload has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no workload is called {id}; there are D1 to D9 and E1 to E8")]
pub struct UnknownWorkload {
    /// What was asked for.
    pub id: String,
}

struct Data {
    packets: Vec<Packet>,
    stream: Bytes,
}

impl Content {
    fn packets(self) -> Vec<Packet> {
        match self {
            Self::Qos0 { count, payload } => (0..count)
                .map(|number| Packet::Publish(Publish::qos0(number, payload)))
                .collect(),
            Self::Qos1 { properties } => (0..1000)
                .map(|number| Packet::Publish(Publish::qos1(number, 64, properties)))
                .collect(),
            Self::Puback => (1..=1000)
                .map(|packet_id| Packet::Puback { packet_id })
                .collect(),
            Self::Suback => (1..=1000)
                .map(|packet_id| Packet::Suback {
                    packet_id,
                    reasons: vec![0x00, 0x01, 0x02, 0x80, 0x87, 0x8F, 0x97, 0x01],
                })
                .collect(),
        }
    }
}

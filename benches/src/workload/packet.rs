//! A packet as plain fields, of no codec's types: what every peer must read, and is given to write.

use bytes::Bytes;

/// The packets that the workloads are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A message.
    Publish(Publish),
    /// The answer to a QoS 1 message: success, and nothing else.
    Puback {
        /// Which message it answers.
        packet_id: u16,
    },
    /// The answer to a SUBSCRIBE, without properties.
    Suback {
        /// Which request it answers.
        packet_id: u16,
        /// A reason code a topic filter.
        reasons: Vec<u8>,
    },
}

impl Packet {
    /// The message, in workloads that are messages only.
    ///
    /// # Panics
    ///
    /// If it is an acknowledgement.
    pub fn publish(&self) -> &Publish {
        match self {
            Self::Publish(publish) => publish,
            other => panic!("expected a PUBLISH, found {other:?}"),
        }
    }
}

/// The fields of a PUBLISH; DUP and RETAIN are never set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where to: 24 bytes.
    pub topic: String,
    /// Present at QoS 1, absent at QoS 0; there is no QoS 2 here.
    pub packet_id: Option<u16>,
    /// Absent where the property length is 0, and in 3.1.1.
    pub properties: Option<PublishProperties>,
    /// The message itself.
    pub payload: Bytes,
}

/// The properties that the workloads use: eight, of five kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishProperties {
    /// The number that stands for the topic.
    pub topic_alias: u16,
    /// What the payload is.
    pub content_type: String,
    /// Where an answer should go.
    pub response_topic: String,
    /// What an answer should quote.
    pub correlation_data: Bytes,
    /// Four pairs.
    pub user_properties: Vec<(String, String)>,
}

impl Publish {
    pub(super) fn qos0(number: usize, payload: usize) -> Self {
        Self {
            topic: topic("sensors", number),
            packet_id: None,
            properties: None,
            payload: bytes(number, payload),
        }
    }

    pub(super) fn qos1(number: usize, payload: usize, properties: bool) -> Self {
        Self {
            packet_id: u16::try_from(number + 1).ok(),
            properties: properties.then(|| PublishProperties::new(number)),
            ..Self::qos0(number, payload)
        }
    }
}

impl PublishProperties {
    fn new(number: usize) -> Self {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            topic_alias: (number % 16) as u16 + 1,
            content_type: "application/json".to_owned(),
            response_topic: topic("replies", number),
            correlation_data: bytes(number, 16),
            user_properties: vec![
                pair("region", "eu-central-1"),
                pair("device", &format!("gateway-{number:04}")),
                pair("firmware", "2.11.4"),
                pair(
                    "trace-id",
                    &format!("{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                ),
            ],
        }
    }
}

/// 24 bytes, so that a length is no multiple of a vector register's.
fn topic(what: &str, number: usize) -> String {
    format!("{what}/{number:04}/temperature")
}

/// Bytes that repeat only after a long while, the same in every run.
fn bytes(number: usize, length: usize) -> Bytes {
    let mut state = (number as u32).wrapping_mul(2_654_435_761) | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

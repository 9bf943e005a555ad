//! Clients end to end: what a message costs the client, beside published clients and beside a
//! program that only moves the bytes.
//!
//! Each client has a thread of its own with a runtime of one thread, and a broker in another
//! thread that acknowledges at the least cost. What counts is the processor time of the client's
//! thread, and the ratios within one run.

mod measure;
mod nack;
mod report;
#[cfg(feature = "peers")]
mod rumqttc;
mod sink;
mod wire;

pub use measure::{MeasureError, measure};
pub use report::{Figure, Report, table};

use std::net::SocketAddr;

use nack_codec::QoS;
use serde::Serialize;

/// What a client is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Whether it publishes or receives.
    pub direction: Direction,
    /// At which quality of service.
    #[serde(serialize_with = "number")]
    pub qos: QoS,
    /// How many messages may be without a verdict at once, where it publishes.
    pub in_flight: u16,
    /// How many messages in all.
    pub messages: u32,
}

/// Which way the messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The client publishes, and knows the verdict on each message.
    Publish,
    /// The client receives, and acknowledges.
    Receive,
}

/// Has a client do a task, with the broker at this address.
type Run = fn(SocketAddr, Task) -> Spent;

/// What a client spent, or what kept it from its task.
type Spent = Result<measure::Spent, Box<dyn std::error::Error + Send + Sync>>;

/// All clients; ours first, so that ratios are to it.
const CLIENTS: &[(&str, Run)] = &[
    ("nack", nack::run),
    #[cfg(feature = "peers")]
    ("rumqttc v4", rumqttc::v4),
    #[cfg(feature = "peers")]
    ("rumqttc v5", rumqttc::v5),
    ("limit", wire::run),
];

/// The topic of all messages: 24 bytes.
const TOPIC: &str = "plant/line/sensor/temp01";

/// How many bytes a message carries.
const PAYLOAD: usize = 256;

impl Task {
    /// What every client is measured at, with this many messages each.
    pub fn all(messages: u32) -> Vec<Self> {
        let publish = |qos, in_flight| Self {
            direction: Direction::Publish,
            qos,
            in_flight,
            messages,
        };
        let receive = |qos| Self {
            direction: Direction::Receive,
            qos,
            in_flight: 0,
            messages,
        };
        vec![
            Self {
                // A round trip each: a tenth of them takes as long.
                messages: messages / 10,
                ..publish(QoS::AtLeastOnce, 1)
            },
            publish(QoS::AtLeastOnce, 16),
            publish(QoS::AtLeastOnce, 256),
            publish(QoS::AtMostOnce, 16),
            receive(QoS::AtMostOnce),
            receive(QoS::AtLeastOnce),
        ]
    }

    /// In words, for tables.
    pub fn title(&self) -> String {
        let qos = self.qos as u8;
        match self.direction {
            Direction::Publish => format!("publish QoS {qos}, {} in flight", self.in_flight),
            Direction::Receive => format!("receive QoS {qos}"),
        }
    }
}

fn number<S: serde::Serializer>(qos: &QoS, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(*qos as u8)
}

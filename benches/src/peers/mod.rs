//! The codecs that are measured, a file each, and what each must be able to do.
//!
//! A peer is driven as its own client drives it: from a read buffer that grows, with as few steps
//! as its interface allows. Where there is a choice, the peer gets the faster way.

mod mqtt_proto;
mod mqttbytes;
mod mqttrs;
mod nack;
mod output;
mod rmqtt;
mod rumqtt_family;
mod rumqttc_next;
mod rumqttc_v4;
mod rumqttc_v5;
mod rumqttd;

pub use output::Output;

use bytes::BytesMut;
use nack_codec::Version;

use crate::{Packet, Workload};

/// What every name of ours begins with.
pub const OURS: &str = "nack";

/// The largest packet that any decoder is told to accept: above the largest of the workloads.
const MAXIMUM_PACKET_SIZE: u32 = 2 * 1024 * 1024;

/// A codec that makes packets from bytes.
pub trait Decoder: 'static {
    /// Its name in reports, with the version where a crate has a codec for each.
    const NAME: &'static str;

    /// A packet as it leaves the decoder.
    type Packet<'a>;

    /// Why it has no part in this workload, if so.
    fn left_out(workload: Workload) -> Option<&'static str>;

    /// The decoder of a new connection.
    fn new(version: Version) -> Self;

    /// Takes all whole packets off the front of `buffer`, and leaves the part of one behind them.
    ///
    /// # Panics
    ///
    /// If it refuses a packet; the workloads have none that may be refused.
    fn decode(&mut self, buffer: &mut BytesMut, visit: impl FnMut(&Self::Packet<'_>));

    /// Everything that it read.
    fn fields(packet: &Self::Packet<'_>) -> Packet;
}

/// A codec that makes bytes from packets.
pub trait Encoder: 'static {
    /// Its name in reports, with the version where a crate has a codec for each.
    const NAME: &'static str;

    /// All packets of a workload in its own types, ready to be written once.
    type Batch;

    /// What it writes into.
    type Output: Output;

    /// Why it has no part in this workload, if so.
    fn left_out(workload: Workload) -> Option<&'static str>;

    /// The packets of the workload.
    fn batch(workload: Workload) -> Self::Batch;

    /// Writes all packets behind what is in `output`.
    ///
    /// # Panics
    ///
    /// If it refuses a packet; the workloads have none that may be refused.
    fn encode(version: Version, batch: &mut Self::Batch, output: &mut Self::Output);
}

/// What is to be done with each codec.
pub trait Visitor {
    /// Called once a decoder.
    fn decoder<D: Decoder>(&mut self);
    /// Called once an encoder.
    fn encoder<E: Encoder>(&mut self);
}

/// Shows all codecs to `visitor`, ours first.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.decoder::<nack::Borrowed>();
    visitor.decoder::<nack::Owned>();
    visitor.decoder::<mqttrs::Mqttrs>();
    visitor.decoder::<mqttbytes::V4>();
    visitor.decoder::<mqttbytes::V5>();
    visitor.decoder::<mqtt_proto::V3>();
    visitor.decoder::<mqtt_proto::V5>();
    visitor.decoder::<rmqtt::V3>();
    visitor.decoder::<rmqtt::V5>();
    visitor.decoder::<rumqttc_v4::RumqttcV4>();
    visitor.decoder::<rumqttc_v5::RumqttcV5>();
    visitor.decoder::<rumqttc_next::RumqttcNext>();
    visitor.decoder::<rumqttd::V4>();
    visitor.decoder::<rumqttd::V5>();

    visitor.encoder::<nack::Copied>();
    visitor.encoder::<nack::Linked>();
    visitor.encoder::<mqttrs::Mqttrs>();
    visitor.encoder::<mqttbytes::V4>();
    visitor.encoder::<mqttbytes::V5>();
    visitor.encoder::<mqtt_proto::V3>();
    visitor.encoder::<mqtt_proto::V5>();
    visitor.encoder::<rmqtt::V3>();
    visitor.encoder::<rmqtt::V5>();
    visitor.encoder::<rumqttc_v4::RumqttcV4>();
    visitor.encoder::<rumqttc_v5::RumqttcV5>();
    visitor.encoder::<rumqttc_next::RumqttcNext>();
    visitor.encoder::<rumqttd::V4>();
    visitor.encoder::<rumqttd::V5>();
}

/// A codec of 3.1.1 alone: it can still read and write the PUBACK that is the same in both.
fn only_v311(workload: Workload) -> Option<&'static str> {
    match workload.version() {
        Version::V5 if !workload.is_puback() => Some("a codec of 3.1.1 alone"),
        _ => None,
    }
}

fn only_v5(workload: Workload) -> Option<&'static str> {
    match workload.version() {
        Version::V311 => Some("a codec of 5.0 alone"),
        Version::V5 => None,
    }
}

/// What a decoder meets that is in no workload.
#[cold]
fn unexpected(packet: impl std::fmt::Debug) -> ! {
    panic!("no workload has {packet:?}")
}

/// The length of the fixed header at the front of `bytes`, and the remaining length in it: for
/// codecs that do not say how long a packet is, so that their clients must look themselves.
fn fixed_header(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut remaining = 0;
    for (index, byte) in bytes.get(1..)?.iter().take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((2 + index, remaining));
        }
    }
    None
}

//! The codecs that are measured: what each must be able to do, ours, and those of others.

mod nack;
mod output;
#[cfg(feature = "peers")]
mod published;

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
    visitor.encoder::<nack::Copied>();
    visitor.encoder::<nack::Linked>();
    visitor.encoder::<nack::Listed>();
    visitor.encoder::<nack::Built>();
    #[cfg(feature = "peers")]
    published::visit(visitor);
}

/// What a decoder meets that is in no workload.
#[cold]
fn unexpected(packet: impl std::fmt::Debug) -> ! {
    panic!("no workload has {packet:?}")
}

//! Benchmarks of the codec beside published peers, on identical bytes: workloads, peers, and the
//! harness that counts instructions and allocations.
//!
//! - [`Workload`]: what is read or written; its packets, its bytes, our goal.
//! - [`peers`]: a codec a file, each driven as its own client drives it; [`peers::visit`] is the
//!   list of all of them.
//! - [`count`]: instructions and allocations per packet, from callgrind, and their comparison with
//!   a baseline. The binary `count` is its command line.
//! - [`client`]: what a message costs a client, ours beside others. The binary `client` is its
//!   command line.
//! - [`broker`]: the mock broker as a server, beside Mosquitto. The binary `broker` is its command
//!   line.
//!
//! Times come from `cargo bench -p nack-benches`. They vary from machine to machine and from run
//! to run, by some five percent on a quiet one; instruction counts repeat to the last digit, and
//! are what a change is judged by.

#![expect(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "nothing outside of the workspace sees this crate"
)]

pub mod broker;
pub mod client;
pub mod count;
pub mod peers;
mod report;
mod trial;
mod workload;

pub use report::report;
pub use trial::{Reading, Writing};
pub use workload::{Direction, Packet, Publish, PublishProperties, UnknownWorkload, Workload};

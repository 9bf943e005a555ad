//! Faults below packets, from when they are done until the connection ends or [`heal`].

use std::time::Duration;

use super::{Action, Step};
use crate::Closed;
use crate::wire_fault::WireFault;

/// Splits what is sent from here on into writes of these sizes, in bytes, each handed to the
/// system by itself; behind the last of them, what is sent is whole again.
///
/// Sizes of 0 are left out.
pub fn chunks(sizes: impl IntoIterator<Item = usize>) -> Action {
    wire(WireFault::Chunks(sizes.into_iter().collect()))
}

/// Splits what is sent from here on into writes of so many bytes at most; of 0, no more.
pub const fn chunks_of(size: usize) -> Action {
    wire(WireFault::ChunksOf(size))
}

/// Sends each byte by itself from here on.
pub const fn split_everywhere() -> Action {
    chunks_of(1)
}

/// Writes no more than so many bytes a second; 0 ends it.
pub const fn pace(bytes_per_second: u32) -> Action {
    wire(WireFault::Pace(bytes_per_second))
}

/// Holds back what is sent until so many packets are there, and then writes them at once; then the
/// next so many. 0 and 1 end it. What is left when the connection is closed is written then.
///
/// Where it is done again, by a rule that fires for each packet, say, those that are held back
/// count.
pub const fn coalesce(packets: usize) -> Action {
    wire(WireFault::Coalesce {
        packets,
        once: false,
    })
}

/// [Coalesces](coalesce) the next so many packets, and writes each that follows when it is there: a
/// packet together with the one that comes next is `coalesce_once(2)` in front of it.
pub const fn coalesce_once(packets: usize) -> Action {
    wire(WireFault::Coalesce {
        packets,
        once: true,
    })
}

/// Reads nothing more, as a broker that hangs: what the client sends piles up in the network until
/// it cannot write either. The client's keep alive goes on.
pub const fn stop_reading() -> Action {
    wire(WireFault::StopReading)
}

/// Reads again.
pub const fn resume_reading() -> Action {
    wire(WireFault::ResumeReading)
}

/// Writes nothing more; what is sent waits. What waits when the connection is closed is lost.
pub const fn stop_writing() -> Action {
    wire(WireFault::StopWriting)
}

/// Writes again, beginning with what waits.
pub const fn resume_writing() -> Action {
    wire(WireFault::ResumeWriting)
}

/// Neither reads nor writes for this long, by tokio's clock.
pub const fn stall(duration: Duration) -> Action {
    wire(WireFault::Stall(duration))
}

/// Closes the broker's side of the connection (FIN) once what was sent before has gone out, and
/// goes on reading. What would be sent behind it is dropped, and the journal says so.
pub const fn half_close() -> Action {
    wire(WireFault::HalfClose)
}

/// Closes the connection (FIN) when so many bytes of what is sent from here on have gone out,
/// wherever in a packet that is.
pub const fn close_after(bytes: u64) -> Action {
    wire(WireFault::Cut {
        bytes,
        how: Closed::Finished,
    })
}

/// Resets the connection (RST) when so many bytes of what is sent from here on have gone out,
/// wherever in a packet that is.
pub const fn reset_after(bytes: u64) -> Action {
    wire(WireFault::Cut {
        bytes,
        how: Closed::Reset,
    })
}

/// Flips one bit in some of the bytes that are sent from here on: in each with this probability,
/// from 0.0 to 1.0. The same seed flips the same bits again.
///
/// # Panics
///
/// If the probability is below 0, above 1, or not a number.
#[track_caller]
pub fn corrupt(probability: f64, seed: u64) -> Action {
    assert!(
        (0.0..=1.0).contains(&probability),
        "a probability goes from 0.0 to 1.0, and {probability} does not"
    );
    wire(WireFault::Flip { probability, seed })
}

/// Ends all faults of the connection but a side that is closed.
pub const fn heal() -> Action {
    wire(WireFault::Heal)
}

const fn wire(fault: WireFault) -> Action {
    Action(Step::Wire(fault))
}

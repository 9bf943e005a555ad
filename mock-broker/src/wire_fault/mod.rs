//! Faults below packets: what becomes of bytes between the broker and the network.
//!
//! Each fault is a file that knows nothing of the others; [`Wire`] asks them all. Places in what is
//! sent are counted from the beginning of the connection, so that a fault concerns what is sent
//! behind it and nothing before, however late that is written.

mod chunk;
mod coalesce;
mod flip;
mod half_close;
mod pace;
mod stall;
mod truncate;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::Closed;
use crate::later::later;
use chunk::Chunk;
use coalesce::Coalesce;
use flip::Flip;
use half_close::HalfClose;
use pace::Pace;
use stall::Stall;
use truncate::Truncate;

/// A fault that begins, or ends.
#[derive(Clone, Debug)]
pub(crate) enum WireFault {
    Chunks(Vec<usize>),
    ChunksOf(usize),
    Pace(u32),
    Coalesce { packets: usize, once: bool },
    StopReading,
    ResumeReading,
    StopWriting,
    ResumeWriting,
    Stall(Duration),
    HalfClose,
    Cut { bytes: u64, how: Closed },
    Flip { probability: f64, seed: u64 },
    Heal,
}

/// The faults of one connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// How many bytes were queued to be sent.
    queued: u64,
    /// How many of them were written.
    written: u64,
    chunk: Chunk,
    coalesce: Coalesce,
    flip: Option<Flip>,
    half_close: HalfClose,
    pace: Option<Pace>,
    stall: Stall,
    truncate: Option<Truncate>,
}

/// What may be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// So many bytes; not 0.
    Bytes(usize),
    /// Nothing before this time, or for nobody knows how long.
    Nothing(Option<Instant>),
    /// The side is to be closed.
    Close,
}

impl Wire {
    /// Begins or ends a fault.
    pub(crate) fn begin(&mut self, fault: &WireFault, now: Instant) {
        match fault {
            WireFault::Chunks(sizes) => self.chunk.at(self.queued, sizes),
            WireFault::ChunksOf(size) => self.chunk.every(self.queued, *size),
            WireFault::Pace(rate) => self.pace = Pace::new(*rate),
            WireFault::Coalesce { packets, once } => {
                self.coalesce.begin(*packets, *once, self.queued);
            }
            WireFault::StopReading => self.stall.reading(false),
            WireFault::ResumeReading => self.stall.reading(true),
            WireFault::StopWriting => self.stall.writing(false),
            WireFault::ResumeWriting => self.stall.writing(true),
            WireFault::Stall(duration) => self.stall.until(later(now, *duration)),
            WireFault::HalfClose => self.half_close.ask(),
            WireFault::Cut { bytes, how } => {
                self.truncate = Some(Truncate::new(self.queued.saturating_add(*bytes), *how));
            }
            WireFault::Flip { probability, seed } => {
                self.flip = Some(Flip::new(*probability, *seed));
            }
            WireFault::Heal => self.heal(),
        }
    }

    fn heal(&mut self) {
        let (queued, written) = (self.queued, self.written);
        let half_close = std::mem::take(&mut self.half_close);
        *self = Self {
            queued,
            written,
            half_close,
            ..Self::default()
        };
    }

    /// What becomes of a packet that is sent; `None` where nothing can be sent any more.
    pub(crate) fn send(&mut self, packet: Bytes) -> Option<Bytes> {
        if self.half_close.is_asked() {
            return None;
        }
        let packet = match &mut self.flip {
            Some(flip) => flip.apply(packet),
            None => packet,
        };
        self.queued += packet.len() as u64;
        self.coalesce.packet(self.queued);
        Some(packet)
    }

    /// What may be written of so many bytes that wait.
    pub(crate) fn room(&mut self, now: Instant) -> Room {
        if self.queued == self.written {
            return match self.half_close.is_due() {
                true => Room::Close,
                false => Room::Nothing(None),
            };
        }
        if let Some(until) = self.stall.holds_writing(now) {
            return Room::Nothing(until);
        }
        let half_closes = self.half_close.is_asked();
        let mut end = self.queued;
        if !half_closes {
            end = end.min(self.coalesce.limit(self.queued));
        }
        if let Some(truncate) = &self.truncate {
            end = end.min(truncate.at());
        }
        if let Some(cut) = self.chunk.next_after(self.written) {
            end = end.min(cut);
        }
        let mut bytes = usize::try_from(end.saturating_sub(self.written)).unwrap_or(usize::MAX);
        if let Some(pace) = &mut self.pace {
            match pace.room(now) {
                Ok(room) => bytes = bytes.min(room),
                Err(at) => return Room::Nothing(Some(at)),
            }
        }
        match bytes {
            0 => Room::Nothing(None),
            _ => Room::Bytes(bytes),
        }
    }

    /// So many bytes were written; whether the next write is to be one of its own.
    pub(crate) fn wrote(&mut self, bytes: usize, now: Instant) -> bool {
        self.written += bytes as u64;
        if let Some(pace) = &mut self.pace {
            pace.wrote(bytes, now);
        }
        self.chunk.ends_at(self.written)
    }

    /// How the connection is to end now, because enough was written.
    pub(crate) fn is_cut(&self) -> Option<Closed> {
        let truncate = self.truncate.as_ref()?;
        (self.written >= truncate.at()).then_some(truncate.how())
    }

    pub(crate) const fn half_closed(&mut self) {
        self.half_close.done();
    }

    /// Whether what comes is read.
    pub(crate) fn reads(&self, now: Instant) -> bool {
        self.stall.reads(now)
    }

    /// When a stall is over.
    pub(crate) const fn next_due(&self) -> Option<Instant> {
        self.stall.over()
    }

    /// The connection ends: what was held back to be written with more is written alone.
    pub(crate) const fn finish(&mut self) {
        self.coalesce.finish();
    }
}

/// The fault as the journal has it.
impl fmt::Display for WireFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunks(sizes) => write!(f, "writes in chunks of {sizes:?} bytes"),
            Self::ChunksOf(0) => f.write_str("writes in no more chunks"),
            Self::ChunksOf(size) => write!(f, "writes in chunks of {size}"),
            Self::Pace(0) => f.write_str("writes at full speed"),
            Self::Pace(rate) => write!(f, "writes {rate} bytes a second"),
            Self::Coalesce { packets: 0 | 1, .. } => {
                f.write_str("writes each packet when it is there")
            }
            Self::Coalesce {
                packets,
                once: false,
            } => write!(f, "writes {packets} packets at once"),
            Self::Coalesce {
                packets,
                once: true,
            } => write!(f, "writes the next {packets} packets at once"),
            Self::StopReading => f.write_str("stops reading"),
            Self::ResumeReading => f.write_str("reads again"),
            Self::StopWriting => f.write_str("stops writing"),
            Self::ResumeWriting => f.write_str("writes again"),
            Self::Stall(duration) => write!(f, "stalls for {duration:?}"),
            Self::HalfClose => f.write_str("closes its side"),
            Self::Cut { bytes, how } => match how {
                Closed::Finished => write!(f, "closes after {bytes} more bytes"),
                Closed::Reset => write!(f, "resets after {bytes} more bytes"),
            },
            Self::Flip { probability, seed } => {
                write!(f, "flips bits with probability {probability} (seed {seed})")
            }
            Self::Heal => f.write_str("has no faults any more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(fault: WireFault) -> Wire {
        let mut wire = Wire::default();
        wire.begin(&fault, Instant::now());
        wire
    }

    fn send(wire: &mut Wire, bytes: usize) {
        assert!(wire.send(vec![0; bytes].into()).is_some());
    }

    /// The sizes of the writes until nothing more may be written.
    fn writes(wire: &mut Wire) -> Vec<usize> {
        let now = Instant::now();
        std::iter::from_fn(|| match wire.room(now) {
            Room::Bytes(bytes) => {
                wire.wrote(bytes, now);
                Some(bytes)
            }
            _ => None,
        })
        .collect()
    }

    #[test]
    fn without_faults_all_is_written_at_once() {
        let mut wire = Wire::default();
        assert_eq!(wire.room(Instant::now()), Room::Nothing(None));
        send(&mut wire, 5);
        send(&mut wire, 3);
        assert_eq!(writes(&mut wire), [8]);
    }

    #[test]
    fn a_fault_concerns_what_is_sent_behind_it() {
        let mut wire = Wire::default();
        send(&mut wire, 5);
        wire.begin(&WireFault::Chunks(vec![2]), Instant::now());
        send(&mut wire, 5);
        assert_eq!(writes(&mut wire), [5, 2, 3]);
        send(&mut wire, 5);
        assert_eq!(writes(&mut wire), [5]);
    }

    #[test]
    fn faults_hold_together() {
        let mut wire = wire(WireFault::Coalesce {
            packets: 2,
            once: false,
        });
        wire.begin(&WireFault::ChunksOf(3), Instant::now());
        wire.begin(
            &WireFault::Cut {
                bytes: 7,
                how: Closed::Reset,
            },
            Instant::now(),
        );
        send(&mut wire, 5);
        assert!(writes(&mut wire).is_empty());
        send(&mut wire, 5);
        assert_eq!(wire.is_cut(), None);
        assert_eq!(writes(&mut wire), [3, 3, 1]);
        assert_eq!(wire.is_cut(), Some(Closed::Reset));
    }

    #[test]
    fn what_is_healed_is_as_it_was() {
        let mut wire = wire(WireFault::ChunksOf(1));
        for fault in [
            WireFault::Coalesce {
                packets: 9,
                once: false,
            },
            WireFault::StopWriting,
            WireFault::StopReading,
            WireFault::Pace(1),
        ] {
            wire.begin(&fault, Instant::now());
        }
        send(&mut wire, 5);
        assert!(writes(&mut wire).is_empty());
        assert!(!wire.reads(Instant::now()));
        wire.begin(&WireFault::Heal, Instant::now());
        assert_eq!(writes(&mut wire), [5]);
        assert!(wire.reads(Instant::now()));
    }

    #[test]
    fn nothing_is_sent_on_a_side_that_is_closed() {
        let mut wire = Wire::default();
        send(&mut wire, 5);
        wire.begin(&WireFault::HalfClose, Instant::now());
        assert_eq!(wire.send(Bytes::from_static(b"late")), None);
        assert_eq!(writes(&mut wire), [5]);
        assert_eq!(wire.room(Instant::now()), Room::Close);
        wire.half_closed();
        assert_eq!(wire.room(Instant::now()), Room::Nothing(None));
        wire.begin(&WireFault::Heal, Instant::now());
        assert_eq!(wire.send(Bytes::from_static(b"late")), None);
    }
}

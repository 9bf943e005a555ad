//! The bytes that are to be written, in order: packets in one buffer, large payloads linked.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// From this size on, a payload is written from where it lies. Below, copying it costs less than
/// another slice in the system call.
pub(super) const LINK_FROM: usize = 4096;

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Whole parts that come before `buffer`.
    parts: VecDeque<Bytes>,
    /// Where packets are encoded.
    buffer: BytesMut,
    /// How many bytes are in `parts`.
    in_parts: usize,
    /// How many bytes were ever written: what waits for its place in the stream waits for this.
    written: u64,
}

impl Outgoing {
    pub(super) const fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Puts a payload behind what is in the buffer, without a copy.
    pub(super) fn link(&mut self, payload: Bytes) {
        self.in_parts += self.buffer.len() + payload.len();
        self.parts.push_back(self.buffer.split().freeze());
        self.parts.push_back(payload);
    }

    /// How many bytes are to be written.
    pub(super) fn len(&self) -> usize {
        self.in_parts + self.buffer.len()
    }

    /// How many bytes will have been written when all that is here now is.
    pub(super) fn end(&self) -> u64 {
        self.written + self.len() as u64
    }

    /// How many bytes were written.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Fills `slices` from the front of what is to be written.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = self.parts.iter().map(|part| &part[..]);
        let all = parts
            .chain([&self.buffer[..]])
            .filter(|part| !part.is_empty());
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(all) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        count
    }

    /// So many bytes were written.
    pub(super) fn advance(&mut self, mut count: usize) {
        self.written += count as u64;
        while let Some(part) = self.parts.front_mut() {
            let here = count.min(part.len());
            part.advance(here);
            self.in_parts -= here;
            count -= here;
            if !part.is_empty() {
                return;
            }
            self.parts.pop_front();
        }
        self.buffer.advance(count);
    }

    /// Forgets what is to be written.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.in_parts = 0;
        self.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(outgoing: &Outgoing) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 8];
        let count = outgoing.slices(&mut slices);
        slices[..count]
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect()
    }

    #[test]
    fn bytes_come_out_in_order_however_they_are_taken() {
        for step in 1..12 {
            let mut outgoing = Outgoing::default();
            outgoing.buffer().extend_from_slice(b"abc");
            outgoing.link(Bytes::from_static(b"defg"));
            outgoing.link(Bytes::from_static(b"h"));
            outgoing.buffer().extend_from_slice(b"ij");
            assert_eq!(outgoing.end(), 10);
            let mut seen = Vec::new();
            while outgoing.len() > 0 {
                let bytes = all(&outgoing);
                let count = step.min(bytes.len());
                seen.extend_from_slice(&bytes[..count]);
                outgoing.advance(count);
            }
            assert_eq!(seen, b"abcdefghij");
            assert_eq!(outgoing.written(), 10);
        }
    }
}

//! One batch of a workload done by one codec: what is prepared, and what is measured.

use std::hint::black_box;

use bytes::BytesMut;
use nack_codec::Version;

use crate::Workload;
use crate::peers::{Decoder, Encoder, Output};

/// How much a connection's read buffer holds, in bytes, where packets come in chunks.
const READ_BUFFER: usize = 8 * 1024;

/// The bytes of a workload, about to be read.
pub struct Reading<D> {
    decoder: D,
    buffer: BytesMut,
    /// What has still to arrive.
    chunks: Vec<&'static [u8]>,
}

impl<D: Decoder> Reading<D> {
    /// Where all comes in one read, it is in the buffer already, as a socket would have left it.
    ///
    /// The connection has read as much before: what a codec does to the buffer of its first read
    /// alone is not what a packet costs.
    pub fn new(workload: Workload) -> Self {
        let chunks: Vec<_> = workload.reads().collect();
        let mut reading = Self {
            decoder: D::new(workload.version()),
            buffer: BytesMut::with_capacity(READ_BUFFER),
            chunks,
        };
        reading.decode();
        if let [whole] = reading.chunks[..] {
            reading.chunks.clear();
            reading.buffer.extend_from_slice(whole);
        }
        reading
    }

    /// Reads all packets, and looks at none of them: this is what is measured.
    #[inline(never)]
    pub fn decode(&mut self) {
        self.decode_into(|packet| {
            black_box(packet);
        });
    }

    /// Reads all packets, and shows each as plain fields.
    pub fn fields(&mut self, mut visit: impl FnMut(crate::Packet)) {
        self.decode_into(|packet| visit(D::fields(packet)));
    }

    /// How many bytes are left, of packets that have not come in whole.
    pub fn left_over(&self) -> usize {
        self.buffer.len()
    }

    #[inline]
    fn decode_into(&mut self, mut visit: impl FnMut(&D::Packet<'_>)) {
        if self.chunks.is_empty() {
            self.decoder.decode(&mut self.buffer, &mut visit);
        }
        for chunk in &self.chunks {
            self.buffer.extend_from_slice(chunk);
            self.decoder.decode(&mut self.buffer, &mut visit);
        }
    }
}

/// The packets of a workload in a codec's own types, about to be written once.
pub struct Writing<E: Encoder> {
    version: Version,
    batch: E::Batch,
}

impl<E: Encoder> Writing<E> {
    /// All packets of the workload.
    pub fn new(workload: Workload) -> Self {
        Self {
            version: workload.version(),
            batch: E::batch(workload),
        }
    }

    /// An outgoing buffer with room for all of them.
    pub fn output(workload: Workload) -> E::Output {
        E::Output::with_capacity(workload.stream().len() + 1024)
    }

    /// Writes all packets into a buffer that was sent in full before: this is what is measured.
    #[inline(never)]
    pub fn encode(&mut self, output: &mut E::Output) {
        output.clear();
        E::encode(self.version, &mut self.batch, output);
        black_box(output);
    }
}

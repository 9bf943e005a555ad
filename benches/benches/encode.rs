//! Packets to bytes: a group a workload, all codecs in it, and what copying the bytes alone takes.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use nack_benches::peers::{Decoder, Encoder, Visitor, visit};
use nack_benches::{Direction, Workload, Writing};

/// All workloads of this direction.
pub(super) fn encode(criterion: &mut Criterion) {
    for workload in Workload::all().filter(|found| found.direction() == Direction::Encode) {
        let mut group = criterion.benchmark_group(format!("encode/{workload}"));
        group.throughput(Throughput::ElementsAndBytes {
            elements: workload.packets().len() as u64,
            bytes: workload.stream().len() as u64,
        });
        copy(&mut group, workload);
        visit(&mut Timed { workload, group });
    }
}

/// The limit for whoever copies: one `memcpy` a packet.
fn copy(group: &mut BenchmarkGroup<'_, WallTime>, workload: Workload) {
    let stream = workload.stream();
    let size = stream.len() / workload.packets().len();
    let mut output = BytesMut::with_capacity(stream.len());
    group.bench_function("(memcpy)", |bencher| {
        bencher.iter(|| {
            output.clear();
            for packet in stream.chunks_exact(size) {
                output.extend_from_slice(black_box(packet));
            }
            black_box(&mut output);
        });
    });
}

struct Timed<'a> {
    workload: Workload,
    group: BenchmarkGroup<'a, WallTime>,
}

impl Visitor for Timed<'_> {
    fn decoder<D: Decoder>(&mut self) {}

    fn encoder<E: Encoder>(&mut self) {
        if E::left_out(self.workload).is_some() {
            return;
        }
        let mut output = Writing::<E>::output(self.workload);
        self.group.bench_function(E::NAME, |bencher| {
            // A codec that takes packets by value needs new ones each time; the clock runs for none.
            let prepare = || Writing::<E>::new(self.workload);
            bencher.iter_batched_ref(
                prepare,
                |writing| writing.encode(&mut output),
                BatchSize::LargeInput,
            );
        });
    }
}

//! Bytes to packets: a group a workload, all codecs in it.

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput};
use nack_benches::peers::{Decoder, Encoder, Visitor, visit};
use nack_benches::{Direction, Reading, Workload};

/// All workloads of this direction.
pub(super) fn decode(criterion: &mut Criterion) {
    for workload in Workload::all().filter(|found| found.direction() == Direction::Decode) {
        let mut group = criterion.benchmark_group(format!("decode/{workload}"));
        group.throughput(Throughput::ElementsAndBytes {
            elements: workload.packets().len() as u64,
            bytes: workload.stream().len() as u64,
        });
        visit(&mut Timed { workload, group });
    }
}

struct Timed<'a> {
    workload: Workload,
    group: BenchmarkGroup<'a, WallTime>,
}

impl Visitor for Timed<'_> {
    fn decoder<D: Decoder>(&mut self) {
        if D::left_out(self.workload).is_some() {
            return;
        }
        self.group.bench_function(D::NAME, |bencher| {
            // The buffer is filled before the clock starts: sockets do that.
            let prepare = || Reading::<D>::new(self.workload);
            bencher.iter_batched_ref(prepare, Reading::decode, BatchSize::LargeInput);
        });
    }

    fn encoder<E: Encoder>(&mut self) {}
}

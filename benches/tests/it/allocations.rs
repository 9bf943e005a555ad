//! Ours allocates nothing a packet: neither to read it, borrowed or owned, nor to write it.

use std::collections::BTreeMap;

use allocation_counter::measure;
use nack_benches::peers::{Decoder, Encoder, OURS, Visitor, visit};
use nack_benches::{Direction, Reading, Workload, Writing};

#[derive(Default)]
struct Allocations(BTreeMap<(&'static str, &'static str), u64>);

impl Visitor for Allocations {
    fn decoder<D: Decoder>(&mut self) {
        for workload in Workload::all().filter(|found| found.direction() == Direction::Decode) {
            if D::left_out(workload).is_none() {
                let mut reading = Reading::<D>::new(workload);
                let found = measure(|| reading.decode());
                self.0.insert((workload.id(), D::NAME), found.count_total);
            }
        }
    }

    fn encoder<E: Encoder>(&mut self) {
        for workload in Workload::all().filter(|found| found.direction() == Direction::Encode) {
            if E::left_out(workload).is_none() {
                let mut output = Writing::<E>::output(workload);
                let mut writing = Writing::<E>::new(workload);
                let found = measure(|| writing.encode(&mut output));
                self.0.insert((workload.id(), E::NAME), found.count_total);
            }
        }
    }
}

/// How often a workload of which each packet's properties are built anew allocates.
pub(crate) fn built() -> u64 {
    let mut allocations = Allocations::default();
    visit(&mut allocations);
    allocations.0[&("E6", "nack (built)")]
}

#[test]
fn nothing_is_allocated_a_packet() {
    let mut allocations = Allocations::default();
    visit(&mut allocations);
    for ((workload, name), found) in &allocations.0 {
        if !name.starts_with(OURS) || *name == "nack (built)" {
            continue;
        }
        // Not a packet, but a read: the reference count that all packets of a read share. In D9 a
        // read is a chunk, of which there are 196.
        let reads = match *workload {
            "D9" => 196,
            decode if decode.starts_with('D') => 1,
            _ => 0,
        };
        assert!(*found <= reads, "{workload} by {name}: {found} allocations");
    }
    // The same counter sees a block that is built anew for each packet, so that a count of nothing
    // means something.
    assert!(allocations.0[&("E6", "nack (built)")] >= 1000);
}

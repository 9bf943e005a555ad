//! Times of reading and writing packets, ours beside published peers on identical bytes.
//!
//! `cargo bench -p nack-benches` runs all; behind `--`, a regular expression picks some, such as
//! `'decode/D1'` or `'nack'`, and `--save-baseline NAME` and `--baseline NAME` compare with an
//! earlier run. A quiet machine repeats within some five percent.

mod decode;
mod encode;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

criterion_group! {
    name = codec;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = decode::decode, encode::encode
}
criterion_main!(codec);

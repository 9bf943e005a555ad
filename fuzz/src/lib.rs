//! What the fuzz targets check, a function a target. Each takes any bytes at all, and panics where
//! the code under it breaks its word.

mod broker;
mod chunking;
mod decode;
mod replay;
mod round_trip;
mod session;

pub use broker::broker;
pub use chunking::chunking;
pub use decode::{decode_v3, decode_v5};
pub use replay::{corpus, replay};
pub use round_trip::round_trip;
pub use session::session;

/// What a target does with an input.
pub type Check = fn(&[u8]);

/// Every target's check, by the target's name.
pub const CHECKS: &[(&str, Check)] = &[
    ("decode_v3", decode_v3),
    ("decode_v5", decode_v5),
    ("round_trip", round_trip),
    ("chunking", chunking),
    ("session", session),
    ("broker", broker),
];

/// Makes a target of a check: a fuzzer's entry under cargo-fuzz, else a program that runs the
/// check on the files that it is given.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $check(bytes));

        #[cfg(not(fuzzing))]
        fn main() -> ::std::process::ExitCode {
            $crate::replay($check)
        }
    };
}

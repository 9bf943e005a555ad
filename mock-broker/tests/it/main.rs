//! The mock broker from outside, as a test of a client sees it.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests panic as tests do, and clippy knows only the tests themselves"
)]

mod answers;
mod base;
#[cfg(feature = "cli")]
mod command_line;
mod control;
mod directions;
mod early;
mod gallery;
mod jointly;
mod journal;
mod matchers;
mod patience;
mod peer;
mod robust;
mod robust_many;
mod rules;
#[cfg(feature = "scenario")]
mod scenarios;
mod strangers;
mod transport;
mod upstream;
mod vectors;
mod verification;
mod wire_faults;

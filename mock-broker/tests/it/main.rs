//! The mock broker from outside, as a test of a client sees it.

mod answers;
mod base;
mod journal;
mod peer;
mod robust;
mod rules;
mod verification;

//! Fuzz target: whatever happens, each request has one verdict and the quota is kept.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::session);

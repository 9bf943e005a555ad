//! Fuzz target: what was read can be written, in one form, and reads the same.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::round_trip);

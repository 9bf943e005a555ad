//! Fuzz target: whatever clients send, the mock broker goes on serving the others.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::broker);

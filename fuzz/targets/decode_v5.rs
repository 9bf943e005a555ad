//! Fuzz target: arbitrary bytes on an MQTT 5.0 connection never panic.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::decode_v5);

//! Fuzz target: arbitrary bytes on an MQTT 3.1.1 connection never panic.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::decode_v3);

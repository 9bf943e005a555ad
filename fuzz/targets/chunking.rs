//! Fuzz target: packets do not depend on the pieces in which they arrive.
#![cfg_attr(fuzzing, no_main)]

nack_fuzz::target!(nack_fuzz::chunking);

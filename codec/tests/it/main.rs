//! Tests of the codec from outside: bytes written by hand from the two standards, laws, and the
//! opinion of a codec that others wrote.

mod chunking;
mod corpus;
mod dissector;
mod encode_refusals;
mod malformed;
mod model;
mod notation;
mod peers;
mod property_table;
mod reason_table;
mod round_trip;
mod strategies;
mod topics;
mod vectors;

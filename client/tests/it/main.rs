//! The client against the mock broker: what callers are told, and what goes over the wire.

mod fixture;
mod qos;

//! The client against the mock broker: what callers are told, and what goes over the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its fixtures too"
)]

mod cancel;
mod connect;
mod corpus;
mod display;
mod ending;
mod examples;
mod fixture;
mod keep_alive;
mod overload;
mod qos;
mod questions;
mod reconnect;
mod reentrancy;
mod refusals;
mod said;
mod scope;
mod subscriptions;
mod transport;

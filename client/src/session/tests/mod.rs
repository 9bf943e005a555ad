//! Tests of the session without a runtime: a session and a scripted broker, a file a theme.
//!
//! A test reads as the conversation that it is about: [`Pair`](pair::Pair) moves the bytes, and
//! [`check`](pair::Pair::check) compares what went both ways, and what the callers were told, with
//! the [`transcript`].

mod packets;
mod pair;
mod transcript;

mod ending;
mod flow_control;
mod handshake;
mod hostile;
mod inbound;
mod keep_alive;
mod model;
mod outbound;
mod requests;
mod resume;

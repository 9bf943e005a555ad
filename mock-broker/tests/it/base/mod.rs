//! What the broker does when it is not told anything: a small broker of both versions.

mod authentication;
mod capacity;
mod connack;
mod connecting;
mod delivery;
mod fixed_header;
mod identifiers;
mod limits;
mod publishing;
mod refusing;
mod retained;
mod sessions;
mod shares;
mod shutting_down;
mod silent;
mod subscribing;
mod text;
mod wills;

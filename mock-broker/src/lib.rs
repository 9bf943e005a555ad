//! A scriptable MQTT broker that refuses, delays, corrupts and lies on demand.

mod base;
mod broker;
mod builder;
mod connection;
mod journal;
mod received;
mod rule;
mod shared;
mod verify;

pub use base::Base;
pub use broker::{MockBroker, NotConnected, Target};
pub use builder::Builder;
pub use journal::{Closed, Direction, Entry, EntryKind, Journal};
pub use received::Received;
pub use rule::action::{Action, Form, Reason, Respond, Verdict};
pub use rule::matcher::{Match, PacketMatcher};
pub use rule::{Rule, RuleGuard, Times, action, matcher};
pub use verify::Unmet;

// What rules are written with, so that a test needs no second dependency.
pub use nack_codec::{QoS, ReasonCode, Version};

#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(all(feature = "tls", feature = "websocket")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the README is about what all features have"
    )
)]
//!
//! # Map
//!
//! - [`MockBroker`], and [`Builder`] for one that is not as usual; [`Listener`], where it listens,
//!   with `Tls` and `WebSocket` and their faults.
//! - [`Rule`], [`matcher`] for what it is about, [`action`] for what it does; [`Match`] and
//!   [`Respond`] for closures and more.
//! - [`Journal`] and its [entries](Entry); [`Received`], a packet as matchers see it.
//! - [`Unmet`], what verification has to say.
//! - `scenario`, rules as data.

mod base;
mod broker;
mod builder;
mod connection;
#[cfg(feature = "control")]
pub mod control;
mod journal;
mod later;
mod received;
mod rule;
#[cfg(feature = "scenario")]
pub mod scenario;
mod shared;
mod transport;
mod verify;
mod wire_fault;

pub use base::{Access, Authentication, Base, Challenge, Limits, Operation, Permission, User};
pub use broker::{MockBroker, NotConnected, SendError, Target, TooMuchWaits};
pub use builder::Builder;
#[cfg(feature = "scenario")]
pub use journal::json;
pub use journal::{Capture, Closed, Direction, Entry, EntryKind, Journal};
pub use received::Received;
pub use rule::action::{Action, Form, Mutation, Reason, Release, Respond, Verdict};
pub use rule::matcher::{Interest, Match, PacketMatcher, Turns};
pub use rule::{Rule, RuleGuard, Times, action, matcher};
#[cfg(any(feature = "tls", feature = "websocket"))]
pub use transport::ListenerFaultError;
#[cfg(feature = "tls")]
pub use transport::{CertificateFault, ClientCertificate, Identity, Tls, TlsFault, TlsVersion};
pub use transport::{Listener, TransportKind};
#[cfg(feature = "websocket")]
pub use transport::{WebSocket, WebSocketFault};
pub use verify::Unmet;

// What rules are written with, so that a test needs no second dependency.
pub use nack_codec::{QoS, ReasonCode, TopicError, Version};

//! Drives an MQTT client against the mock broker, and says statement by statement of the two OASIS
//! standards what the client does right.
//!
//! A [`Case`] scripts the broker, drives a [`Subject`](subject::Subject), and judges what came
//! over the wire and what the subject's caller was told. A [`Runner`] plays cases side by side,
//! each with its own broker and clock, and the [`report`]s tell how they ended.
//!
//! ```
//! use std::sync::Arc;
//!
//! use nack_conformance::subject::InProcess;
//! use nack_conformance::{Filter, Runner, Verdict, cases, runs};
//!
//! let chosen = Filter::new("puback/0x97/reason-string@5").pick(&runs(&cases::all()));
//! let outcomes = Runner::new(Arc::new(InProcess::new())).run(&chosen, |_, _| {});
//! assert_eq!(outcomes[0].verdict, Verdict::Pass);
//! ```
//!
//! # Map
//!
//! - [`statement`]: the catalogues that cases cite.
//! - [`cases`]: what is proved.
//! - [`subject`]: the client under test, behind the verbs of the shim protocol.
//! - [`saboteur`]: subjects that are wrong on purpose, which prove that the cases can fail.
//! - [`verify`], [`Outcome`]: what must happen, and what was found.

mod capability;
mod case;
pub mod cases;
mod outcome;
pub mod report;
mod runner;
pub mod saboteur;
mod selection;
mod stage;
pub mod statement;
pub mod subject;
pub mod verify;

pub use capability::Capability;
pub use case::{Case, Citation};
pub use outcome::{Finding, Outcome, Strictness, Verdict};
pub use runner::Runner;
pub use selection::{Filter, Run, runs};
pub use stage::Stage;
pub use statement::version_name;

/// The programs of the workspace's README: this crate knows all that they use.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

//! Control from outside: the same verbs in process and over HTTP, and a page for people.
//!
//! [`Control`] is what can be asked of a broker that runs. [`Local`] asks a [`MockBroker`] in this
//! process, [`Remote`] one behind a [`ControlServer`], wherever it is.
//!
//! ```
//! use nack_mock_broker::MockBroker;
//! use nack_mock_broker::control::{Control, ControlServer, Local, Remote};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = MockBroker::start().await?;
//! let server = ControlServer::start(Local::new(&broker), "127.0.0.1:0".parse()?, None).await?;
//!
//! let remote = Remote::new(&server.url(), None)?;
//! let rule = remote
//!     .add_rule(serde_json::from_str(
//!         r#"{
//!             "on": { "packet": "PUBLISH" },
//!             "reply": { "packet": "PUBACK", "reason": 135 },
//!             "expect": "any"
//!         }"#,
//!     )?)
//!     .await?;
//! assert_eq!(remote.rules().await?[0].id, rule.id);
//! # Ok(())
//! # }
//! ```
//!
//! [`MockBroker`]: crate::MockBroker

mod error;
mod local;
mod protocol;
mod remote;
mod server;

pub use error::{ControlError, Problem, ProblemCode};
pub use local::Local;
pub use protocol::{
    ClientStatus, Failure, Health, Injection, JournalPage, JournalQuery, Listening, RuleStatus,
    Verification,
};
pub use remote::{BadUrl, Remote};
pub use server::{ControlServer, StartError};

use std::future::Future;

use bytes::Bytes;

use crate::Target;
use crate::scenario::Step;

/// What can be asked of a broker that runs, from wherever.
///
/// # Cancel safety
///
/// A future of these that is dropped may have done what it was to do, or not.
pub trait Control: Send + Sync {
    /// That the broker is there, what it is, and how much it holds.
    ///
    /// # Errors
    ///
    /// Where it does not answer.
    fn health(&self) -> impl Future<Output = Result<Health, ControlError>> + Send;

    /// Puts a rule behind those that the broker has.
    ///
    /// # Errors
    ///
    /// Where the step is no rule, [`ControlError::BadStep`]; or the broker does not answer.
    fn add_rule(&self, step: Step)
    -> impl Future<Output = Result<RuleStatus, ControlError>> + Send;

    /// The rules that are in force, in the order in which they are asked.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn rules(&self) -> impl Future<Output = Result<Vec<RuleStatus>, ControlError>> + Send;

    /// One rule.
    ///
    /// # Errors
    ///
    /// Where there is none of this number in force, [`ControlError::NoSuchRule`]; or the broker
    /// does not answer.
    fn rule(&self, id: u64) -> impl Future<Output = Result<RuleStatus, ControlError>> + Send;

    /// Ends a rule. What was expected of it stays to be verified.
    ///
    /// # Errors
    ///
    /// Where there is none of this number in force, [`ControlError::NoSuchRule`]; or the broker
    /// does not answer.
    fn remove_rule(&self, id: u64) -> impl Future<Output = Result<(), ControlError>> + Send;

    /// Ends all rules. What was expected of them stays to be verified.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn remove_rules(&self) -> impl Future<Output = Result<(), ControlError>> + Send;

    /// The connections that are open, oldest first.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn clients(&self) -> impl Future<Output = Result<Vec<ClientStatus>, ControlError>> + Send;

    /// Does something unasked, now: sends packets or bytes to a client, or ends its connection.
    ///
    /// # Errors
    ///
    /// Where there is no such connection, [`ControlError::NotConnected`]; where too much waits on it
    /// already, [`ControlError::TooMuchWaits`]; where this cannot be done, [`ControlError::BadStep`]; or the broker does not answer.
    fn send(
        &self,
        target: Target,
        what: Injection,
    ) -> impl Future<Output = Result<(), ControlError>> + Send;

    /// Has the broker listen from now on, or refuse who connects.
    ///
    /// # Errors
    ///
    /// Where the system does not do so, [`ControlError::CannotListen`]; where it cannot be done as it
    /// is said, [`ControlError::BadStep`]; or the broker does not answer.
    fn set_listening(
        &self,
        listening: Listening,
    ) -> impl Future<Output = Result<(), ControlError>> + Send;

    /// The journal from an entry on. Waits for as long as the query says until there is one.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn journal(
        &self,
        query: JournalQuery,
    ) -> impl Future<Output = Result<JournalPage, ControlError>> + Send;

    /// The journal as a capture file (pcapng) that Wireshark opens as MQTT.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn capture(&self) -> impl Future<Output = Result<Bytes, ControlError>> + Send;

    /// Whether all that was expected of the rules has come to pass, of those that ended too.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer. An expectation that is not met is no error of this.
    fn verify(&self) -> impl Future<Output = Result<Verification, ControlError>> + Send;

    /// Has the broker as it was when it started: without rules and expectations, connections,
    /// sessions, retained messages and journal; and it listens. The numbers of connections, rules and entries go
    /// on, so that nobody takes a new one for an old one.
    ///
    /// # Errors
    ///
    /// Where the broker does not answer.
    fn reset(&self) -> impl Future<Output = Result<(), ControlError>> + Send;
}

//! The client under test, behind the verbs of the shim protocol: ours in process, or any other.
//!
//! Commands, answers and events have the JSON shapes of the protocol, so that a child process can
//! stand behind [`Subject`] as well. Beside what every client can tell, an `err` may have:
//!
//! | field | what | capability |
//! |---|---|---|
//! | `reasons` | all codes of a SUBACK or UNSUBACK, one a filter | |
//! | `props` | `reason_string`, `user_property` and `server_reference` of the answer | `refusal_texts` |
//! | `delivery` | what became of the message: `not_sent`, `rejected`, `in_session`, `unknown` | `refusal_advice` |
//! | `retry` | `never`, `later`, `reconnect`, `elsewhere`, `new_session`, `caller_decides` | `refusal_advice` |
//! | `statement` | which statement the broker broke | `refusal_advice` |
//!
//! A client without these capabilities is not judged by them. One with `refusal_advice` types its
//! errors, and must raise a refused filter; another may tell it among the `reasons` of a success.
//!
//! One with `subscription_streams` says of a `message` that is for none of its subscriptions that it
//! is `unclaimed`, if it hands such a message out at all. Only there is it seen that a subscription
//! has ended.

mod answer;
mod command;
mod event;
mod failure;
mod hello;
mod hex;
mod in_process;
mod properties;

pub use answer::{Answer, Connected, Done, Published, Subscribed};
pub use command::{
    AckMode, Acknowledge, Auth, Connect, Disconnect, Filter, Publish, Subscribe, Unsubscribe,
    Until, Will,
};
pub use event::{AuthEvent, ConnectedEvent, DisconnectedEvent, Event, Message};
pub use failure::{Advice, Delivery, Failure, FailureKind};
pub use hello::Hello;
pub use in_process::InProcess;
pub use properties::Properties;

use std::future::Future;
use std::pin::Pin;

use tokio::io::DuplexStream;

/// A client that a case drives.
///
/// Every command is under way when its method returns; the answer is awaited apart, so that any
/// number of operations can be pending at once. Dropping an [`Answer`] cancels nothing.
pub trait Subject {
    /// Connects, and waits for CONNACK.
    fn connect(&mut self, command: Connect) -> Answer<Connected>;

    /// Publishes, and waits for as long as [`Publish::until`] says.
    fn publish(&mut self, command: Publish) -> Answer<Published>;

    /// Subscribes, and waits for SUBACK.
    fn subscribe(&mut self, command: Subscribe) -> Answer<Subscribed>;

    /// Unsubscribes, and waits for UNSUBACK.
    fn unsubscribe(&mut self, command: Unsubscribe) -> Answer<Subscribed>;

    /// Acknowledges a message by hand.
    fn acknowledge(&mut self, _command: Acknowledge) -> Answer<Done> {
        Answer::unsupported("ack")
    }

    /// Sends AUTH.
    fn auth(&mut self, _command: Auth) -> Answer<Done> {
        Answer::unsupported("auth")
    }

    /// Disconnects, and waits until the connection is closed.
    fn disconnect(&mut self, command: Disconnect) -> Answer<Done>;

    /// Destroys the client without a DISCONNECT, and keeps its store.
    fn drop_client(&mut self) -> Answer<Done>;

    /// Forgets everything; ready for the next case.
    fn reset(&mut self) -> Answer<Done>;

    /// Waits for the next event.
    fn next_event(&mut self) -> NextEvent<'_>;
}

/// Waits for an event; `None` where there will be none any more.
pub type NextEvent<'a> = Pin<Box<dyn Future<Output = Option<Event>> + 'a>>;

/// Makes subjects of one kind, one a case.
pub trait Launcher: Send + Sync {
    /// What the client says about itself.
    fn hello(&self) -> Hello;

    /// A subject that reaches the broker of its case through `endpoint`.
    fn launch(&self, endpoint: Endpoint) -> Box<dyn Subject>;
}

/// How a subject reaches the broker of its case.
#[non_exhaustive]
pub enum Endpoint {
    /// Without a socket, so that a paused clock works: each call opens a connection.
    Memory(Dial),
}

/// Opens a connection to a broker in memory.
pub type Dial = Box<dyn Fn() -> DuplexStream + Send + Sync>;

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(_) => f.write_str("Memory"),
        }
    }
}

//! What a rule does: answers with any packet, says nothing, waits, ends the connection.
//!
//! Nouns are functions here, and what is said of them are methods:
//! `puback(0x97).reason_string("over quota")`. Everything in this module can stand in
//! [`Rule::then`](crate::Rule::then) and in [`MockBroker::send`](crate::MockBroker::send).

pub(crate) mod answer;
pub(crate) mod encode;
mod form;
mod reason;
pub(crate) mod reply;
mod respond;

pub use answer::{
    Ack, Answer, Auth, Connack, Disconnect, Pingresp, Publish, Suback, auth, connack, disconnect,
    pingresp, puback, pubcomp, publish, pubrec, pubrel, suback, suback_each, unsuback,
    unsuback_each,
};
pub use form::Form;
pub use reason::Reason;
pub use respond::{Respond, Verdict};

use std::time::Duration;

use bytes::Bytes;

use reply::Reply;

/// One thing that a rule does.
#[derive(Clone, Debug)]
#[must_use = "an action does nothing until a rule or `MockBroker::send` does it"]
pub struct Action(pub(crate) Step);

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Reply),
    Raw(Bytes),
    NoAnswer,
    Delay(Duration),
    AsUsual,
    Close,
    Reset,
}

impl Action {
    pub(crate) const fn send(reply: Reply) -> Self {
        Self(Step::Send(reply))
    }
}

/// Sends these bytes as they are, whatever they are.
///
/// If they begin with an answer to the packet (a CONNACK to a CONNECT, say), the base behaviour
/// takes that for its answer.
pub fn raw(bytes: impl AsRef<[u8]>) -> Action {
    Action(Step::Raw(Bytes::copy_from_slice(bytes.as_ref())))
}

/// Does not answer: the packet is lost, and the base behaviour never hears of it.
pub const fn no_answer() -> Action {
    Action(Step::NoAnswer)
}

/// Waits for this long, by tokio's clock, before what follows in the same rule. Other packets, of
/// this client too, are answered meanwhile.
pub const fn delay(duration: Duration) -> Action {
    Action(Step::Delay(duration))
}

/// Hands the packet to the base behaviour, which answers it as if there were no rule. What it
/// decides is sent at this place of the sequence.
pub const fn as_usual() -> Action {
    Action(Step::AsUsual)
}

/// Closes the connection in good order (FIN), once what was sent before has gone out.
pub const fn close() -> Action {
    Action(Step::Close)
}

/// Resets the connection (RST), once what was sent before has gone out. In memory, where there is
/// no RST, the stream is dropped.
pub const fn reset() -> Action {
    Action(Step::Reset)
}

//! What a rule does: answers with any packet, says nothing, waits, ends the connection.
//!
//! Nouns are functions here, and what is said of them are methods:
//! `puback(0x97).reason_string("over quota")`. Everything in this module can stand in
//! [`Rule::then`](crate::Rule::then) and in [`MockBroker::send`](crate::MockBroker::send).

pub(crate) mod answer;
pub(crate) mod encode;
mod form;
mod layout;
mod listening;
mod mutation;
mod reason;
mod release;
pub(crate) mod reply;
mod respond;
mod treatment;
mod wire;

pub use answer::{
    Ack, Answer, Auth, Connack, Disconnect, Pingresp, Publish, Suback, auth, connack, disconnect,
    pingresp, puback, pubcomp, publish, pubrec, pubrel, suback, suback_each, suback_for, unsuback,
    unsuback_each, unsuback_for,
};
pub use form::Form;
pub(crate) use listening::Listen;
pub use listening::{refuse_connections, resume_listening, stop_listening};
pub use mutation::Mutation;
pub use reason::Reason;
pub use release::Release;
pub use respond::{Respond, Verdict};
pub(crate) use treatment::Treatment;
pub use wire::{
    chunks, chunks_of, close_after, coalesce, coalesce_once, corrupt, half_close, heal, pace,
    reset_after, resume_reading, resume_writing, split_everywhere, stall, stop_reading,
    stop_writing,
};

use std::time::Duration;

use bytes::Bytes;

use crate::wire_fault::WireFault;
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
    /// What the step sends is sent like this.
    Treated(Box<Self>, Treatment),
    /// Does the step so many times, as far as there is room for what it sends.
    Repeat(Box<Self>, u32),
    Release(Release),
    ForgetSession,
    FallSilent,
    /// These bytes go to the upstream broker.
    PassOn(Bytes),
    Wire(WireFault),
    Listen(Listen),
    Close,
    Reset,
}

impl Action {
    pub(crate) const fn send(reply: Reply) -> Self {
        Self(Step::Send(reply))
    }

    /// Does this so many times. Each of them begins once there is room for what it sends.
    #[cfg(feature = "scenario")]
    pub(crate) fn again(self, times: u32) -> Self {
        match times {
            1 => self,
            _ => Self(Step::Repeat(Box::new(self.0), times)),
        }
    }

    pub(crate) fn treated(self, treatment: Treatment) -> Self {
        if treatment.is_none() {
            return self;
        }
        Self(Step::Treated(Box::new(self.0), treatment))
    }

    /// Changes the bytes of each packet that this sends; called again, changes them further. Where
    /// nothing is sent, nothing is changed.
    pub fn mutate(self, mutation: Mutation) -> Self {
        self.treat(|treatment| treatment.add(mutation))
    }

    /// Sends each packet that this sends so many times, 10,000 at the most; 0 is not at all.
    pub fn repeat(self, copies: u32) -> Self {
        self.treat(|treatment| treatment.repeat(copies))
    }

    /// Holds back what this sends, on its connection, until [`release`] sends it.
    ///
    /// What is held when the connection ends is lost. From 10,000 held packets on, nothing more is
    /// read from the client.
    pub fn hold(self) -> Self {
        self.treat(Treatment::hold)
    }

    fn treat(self, change: impl FnOnce(&mut Treatment)) -> Self {
        let (step, mut treatment) = match self.0 {
            Step::Treated(step, treatment) => (step, treatment),
            step => (Box::new(step), Treatment::default()),
        };
        change(&mut treatment);
        Self(Step::Treated(step, treatment))
    }
}

impl Step {
    /// Whether it sends something, if there is something to be sent.
    pub(crate) fn sends(&self) -> bool {
        match self {
            Self::Treated(step, _) | Self::Repeat(step, _) => step.sends(),
            Self::Send(_) | Self::Raw(_) | Self::AsUsual | Self::Release(_) | Self::PassOn(_) => {
                true
            }
            Self::NoAnswer
            | Self::Delay(_)
            | Self::ForgetSession
            | Self::FallSilent
            | Self::Wire(_)
            | Self::Listen(_)
            | Self::Close
            | Self::Reset => false,
        }
    }

    /// Whether it hands the packet to the base behaviour.
    pub(crate) fn is_as_usual(&self) -> bool {
        match self {
            Self::Treated(step, _) | Self::Repeat(step, _) => step.is_as_usual(),
            step => matches!(step, Self::AsUsual),
        }
    }

    /// Whether what it sends is held back.
    pub(crate) fn holds_back(&self) -> bool {
        match self {
            Self::Treated(_, treatment) => treatment.holds(),
            Self::Repeat(step, _) => step.holds_back(),
            _ => false,
        }
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
/// this client too, are answered meanwhile; but what a client sends before it is let in waits with a
/// CONNECT or CONNACK that does.
pub const fn delay(duration: Duration) -> Action {
    Action(Step::Delay(duration))
}

/// Hands the packet to the base behaviour, which answers it as if there were no rule. What it
/// decides is sent at this place of the sequence.
///
/// A packet that is on its way [to the client](crate::PacketMatcher::to_client) goes there, and
/// with [`Base::Upstream`](crate::Base::Upstream) one from the client to the broker behind: what
/// is said of how this action's packets are sent holds for these.
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

/// As usual, and each packet that is sent by that is sent twice.
pub fn duplicate() -> Action {
    as_usual().repeat(2)
}

/// As usual, but what is sent by that is held back on its connection until [`release`] sends it.
pub fn hold() -> Action {
    as_usual().hold()
}

/// Sends what is held back on the connection.
///
/// Three acknowledgements in the wrong order:
///
/// ```
/// use nack_mock_broker::{Rule, action, matcher};
///
/// let rule = Rule::given(matcher::publish())
///     .then(action::hold())
///     .then(action::release().reversed().once_held(3));
/// ```
pub const fn release() -> Release {
    Release::new()
}

/// Forgets the session of the client: its subscriptions, its messages, what was not acknowledged.
/// In front of `as_usual()`, about a CONNECT, it is a broker that has lost its state and says so.
pub const fn forget_session() -> Action {
    Action(Step::ForgetSession)
}

/// Says nothing any more on this connection: what comes is read and written into the journal, and
/// neither rules nor the base behaviour hear of it. A client that is silent for longer than its keep
/// alive is not sent away either.
pub const fn fall_silent() -> Action {
    Action(Step::FallSilent)
}

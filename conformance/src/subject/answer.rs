//! What a subject answers to a command: what came of it, or why it failed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use serde::{Deserialize, Serialize};

use super::{Failure, Properties};

/// The answer to a command that is under way.
pub struct Answer<T>(Pin<Box<dyn Future<Output = Result<T, Failure>>>>);

impl<T> Answer<T> {
    /// An answer that `future` finds. The command must be under way already.
    pub fn new(future: impl Future<Output = Result<T, Failure>> + 'static) -> Self {
        Self(Box::pin(future))
    }

    /// The answer, if it is there already; then there is none to await any more.
    pub fn now(&mut self) -> Option<Result<T, Failure>> {
        match self
            .0
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

impl<T: 'static> Answer<T> {
    /// The answer that is there at once.
    pub fn ready(answer: Result<T, Failure>) -> Self {
        Self::new(std::future::ready(answer))
    }

    /// The subject does not know this command, or one of its fields.
    pub fn unsupported(what: &str) -> Self {
        Self::ready(Err(Failure::unsupported(what)))
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

/// The answer to `connect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Connected {
    /// Whether the broker resumed a session.
    pub session_present: bool,
    /// The code of CONNACK.
    pub reason: u8,
    /// The properties of CONNACK.
    pub props: Properties,
}

/// The answer to `publish`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Published {
    /// The code that the broker answered with; `None` where it does not answer (QoS 0).
    pub reason: Option<u8>,
    /// The properties of that answer.
    pub props: Properties,
}

/// The answer to `subscribe` and `unsubscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever writes a subject makes one"
)]
pub struct Subscribed {
    /// One a filter, in their order; none for a 3.1.1 UNSUBACK.
    pub reasons: Vec<u8>,
    /// The properties of SUBACK or UNSUBACK.
    pub props: Properties,
}

/// The answer to a command that has nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "it stays empty")]
pub struct Done {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_there_or_not() {
        let mut pending = Answer::<Done>::new(std::future::pending());
        assert_eq!(pending.now(), None);
        let mut ready = Answer::ready(Ok(Done {}));
        assert_eq!(ready.now(), Some(Ok(Done {})));
    }
}

//! Who ended a connection below MQTT, and how.

use std::io;

use super::Stream;
use crate::{Closed, Direction};

/// The end of a connection that its transport brought about: an [`io::Error`] that says who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection ended below MQTT")]
pub(crate) struct Hangup {
    pub(crate) by: Direction,
    pub(crate) how: Closed,
}

impl Hangup {
    /// The broker ends the connection, in good order.
    pub(super) const BY_BROKER: Self = Self {
        by: Direction::ToClient,
        how: Closed::Finished,
    };

    /// The client gave up, in good order.
    #[cfg(any(feature = "tls", feature = "websocket"))]
    pub(super) const BY_CLIENT: Self = Self {
        by: Direction::FromClient,
        how: Closed::Finished,
    };

    /// The network failed, or the client tore the connection down.
    const LOST: Self = Self {
        by: Direction::FromClient,
        how: Closed::Reset,
    };

    /// This end, on a stream that the client may still read from.
    #[cfg(any(feature = "tls", feature = "websocket"))]
    pub(super) fn on(self, stream: impl Stream + 'static) -> Failure {
        Failure {
            hangup: self,
            stream: Some(Box::new(stream)),
        }
    }

    pub(crate) fn of(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        inner.copied().unwrap_or(Self::LOST)
    }
}

impl From<Hangup> for io::Error {
    fn from(hangup: Hangup) -> Self {
        Self::other(hangup)
    }
}

/// A handshake that came to nothing.
pub(super) struct Failure {
    pub(super) hangup: Hangup,
    /// What the connection can be ended on in good order, so that the client can read why.
    pub(super) stream: Option<Box<dyn Stream>>,
}

impl From<Hangup> for Failure {
    fn from(hangup: Hangup) -> Self {
        let stream = None;
        Self { hangup, stream }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Hangup::of(&error).into()
    }
}

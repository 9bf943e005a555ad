//! Why a connection could not be ended in order.

use super::{ConnectionLost, Invalid, Refusal, Retry, TimedOut};

/// Why [`Client::disconnect`](crate::Client::disconnect) failed. The connection is closed all the
/// same, except after `Invalid`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectError {
    /// The connection ended before DISCONNECT was written.
    #[error("the connection ended first")]
    ConnectionLost(#[source] ConnectionLost),
    /// DISCONNECT could not be written in time.
    #[error("timed out")]
    Timeout(#[source] TimedOut),
    /// The DISCONNECT cannot be said on the wire; nothing was sent.
    #[error("invalid request")]
    Invalid(#[source] Invalid),
    /// The client was never connected, or disconnected before.
    #[error("the client is not connected")]
    NotConnected,
}

impl DisconnectError {
    /// What the broker said, if it said why the connection ended.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::ConnectionLost(lost) => lost.refused(),
            _ => None,
        }
    }

    /// What may be tried: nothing, as there is no connection left to end.
    pub const fn retry(&self) -> Retry {
        Retry::Never
    }

    /// There is no connection, or none any more.
    pub(crate) fn lost(cause: Option<ConnectionLost>) -> Self {
        match cause {
            None | Some(ConnectionLost::ByClient) => Self::NotConnected,
            Some(cause) => Self::ConnectionLost(cause),
        }
    }

    /// Whether the transport did not take the bytes in time.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }
}

//! Why a connection could not be made.

use std::io;

use nack_codec::ConnackReason;

use super::{ConnectionLost, Invalid, Reentrant, Refusal, Refused, Retry, TimedOut};

/// Why [`Client::connect`](crate::Client::connect) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The broker answered CONNECT with a refusal.
    #[error("the broker refused the connection")]
    Refused(#[source] Refused<ConnackReason>),
    /// The name of the host could not be resolved: it does not exist, or the resolver is not
    /// there.
    #[error("the host name could not be resolved")]
    Resolve(#[source] io::Error),
    /// The host is known, and the transport could not be opened.
    #[error("the transport could not be opened")]
    Io(#[source] io::Error),
    /// The transport was not open, or CONNACK had not come, in time.
    #[error("timed out")]
    Timeout(#[source] TimedOut),
    /// The connection ended before CONNACK came.
    #[error("the connection ended before it was accepted")]
    ConnectionLost(#[source] ConnectionLost),
    /// The options cannot be said on the wire.
    #[error("invalid options")]
    Invalid(#[source] Invalid),
    /// The client is connecting or connected already.
    #[error(transparent)]
    Reentrant(#[from] Reentrant),
}

impl ConnectError {
    /// What the broker said, if it said no.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Refused(refused) => Some(refused.as_refusal()),
            Self::ConnectionLost(lost) => lost.refused(),
            _ => None,
        }
    }

    /// What may be tried.
    ///
    /// A host name that does not resolve is `Never`: a name that was mistyped stays so.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused(refused) => refused.as_refusal().retry(),
            Self::Io(_) | Self::Timeout(_) => Retry::Later,
            Self::ConnectionLost(lost) => match lost.retry() {
                // There is no connection yet that could be made again.
                Retry::Reconnect => Retry::Later,
                other => other,
            },
            Self::Resolve(_) | Self::Invalid(_) | Self::Reentrant(_) => Retry::Never,
        }
    }

    /// Whether nobody answered in time.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }
}

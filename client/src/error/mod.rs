//! Every way in which an operation can fail: one type an operation, and [`Error`] for all of them.
//!
//! What they share is a variant each: the broker said no ([`Refused`]), the connection ended
//! ([`ConnectionLost`]), the caller broke a rule before a byte was sent ([`Invalid`]), the broker
//! broke one ([`Violation`]), nobody answered in time ([`TimedOut`]), the client is already in use
//! ([`Reentrant`]). Two questions are answered by every error: [`retry`](Error::retry), what may
//! be tried, and [`delivery`](Error::delivery), what became of the message.

use std::error::Error as _;
use std::fmt;

mod connect;
mod connection_lost;
mod delivery;
mod disconnect;
mod invalid;
mod protocol;
mod publish;
mod reentrant;
mod refused;
mod request_error;
mod retry;
mod retry_table;
mod subscribe;
mod timed_out;
mod unsubscribe;

pub use connect::ConnectError;
pub use connection_lost::{ConnectionLost, ServerDisconnect};
pub use delivery::Delivery;
pub use disconnect::DisconnectError;
pub use invalid::Invalid;
pub use protocol::Violation;
pub use publish::{PublishError, PublishReason};
pub use reentrant::Reentrant;
pub(crate) use refused::copied;
pub use refused::{Refusal, Refused};
pub use retry::Retry;
pub use retry_table::RetryTable;
pub use subscribe::{FilterVerdict, SubscribeError, SubscribeRefused};
pub use timed_out::{Operation, TimedOut};
pub use unsubscribe::{UnsubscribeError, UnsubscribeRefused};

/// Any error of this crate: every operation's error converts into it with `?`.
///
/// ```
/// # fn classify(error: nack_client::Error) -> &'static str {
/// use nack_client::{Error, ReasonCode};
///
/// match error.refused().map(|refusal| refusal.code()) {
///     Some(ReasonCode::NotAuthorized | ReasonCode::BadUserNameOrPassword) => "check the credentials",
///     Some(_) => "the broker said no",
///     None => "something else went wrong",
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection could not be made.
    #[error("failed to connect")]
    Connect(#[from] ConnectError),
    /// A message could not be published.
    #[error("failed to publish")]
    Publish(#[from] PublishError),
    /// A subscription could not be made.
    #[error("failed to subscribe")]
    Subscribe(#[from] SubscribeError),
    /// A subscription could not be ended.
    #[error("failed to unsubscribe")]
    Unsubscribe(#[from] UnsubscribeError),
    /// The connection could not be ended in order.
    #[error("failed to disconnect")]
    Disconnect(#[from] DisconnectError),
    /// The connection ended.
    #[error("connection lost")]
    ConnectionLost(#[from] ConnectionLost),
    /// What has one owner has it already.
    #[error("the client is in use")]
    Reentrant(#[from] Reentrant),
}

impl Error {
    /// What the broker said, if it said no: to this operation, or by a DISCONNECT that ended it.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Connect(error) => error.refused(),
            Self::Publish(error) => error.refused(),
            Self::Subscribe(error) => error.refused(),
            Self::Unsubscribe(error) => error.refused(),
            Self::Disconnect(error) => error.refused(),
            Self::ConnectionLost(error) => error.refused(),
            Self::Reentrant(_) => None,
        }
    }

    /// What may be tried: see [`Retry`].
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connect(error) => error.retry(),
            Self::Publish(error) => error.retry(),
            Self::Subscribe(error) => error.retry(),
            Self::Unsubscribe(error) => error.retry(),
            Self::Disconnect(error) => error.retry(),
            Self::ConnectionLost(error) => error.retry(),
            Self::Reentrant(_) => Retry::Never,
        }
    }

    /// What became of the message; `None` for operations that carry none.
    pub fn delivery(&self) -> Option<Delivery> {
        match self {
            Self::Publish(error) => Some(error.delivery()),
            _ => None,
        }
    }

    /// The error with all that caused it, in one line, as people want to read it: `failed to connect:
    /// the transport could not be opened: connection refused`. `Display` says the first part alone,
    /// for those who print [`source`](std::error::Error::source) themselves.
    ///
    /// ```
    /// use nack_client::{Error, PublishError};
    ///
    /// let error = Error::from(PublishError::NotConnected);
    /// assert_eq!(error.to_string(), "failed to publish");
    /// assert_eq!(error.report().to_string(), "failed to publish: the client is not connected");
    /// ```
    pub fn report(&self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            write!(f, "{self}")?;
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
            Ok(())
        })
    }

    /// Whether nobody answered in time.
    pub const fn is_timeout(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_timeout(),
            Self::Publish(error) => error.is_timeout(),
            Self::Subscribe(error) => error.is_timeout(),
            Self::Unsubscribe(error) => error.is_timeout(),
            Self::Disconnect(error) => error.is_timeout(),
            Self::ConnectionLost(error) => error.is_timeout(),
            Self::Reentrant(_) => false,
        }
    }

    /// Whether a client, or a part of it that has one owner, was used while it is in use.
    pub const fn is_reentrant(&self) -> bool {
        matches!(
            self,
            Self::Reentrant(_) | Self::Connect(ConnectError::Reentrant(_))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_go_anywhere_and_are_small() {
        fn check<T: std::error::Error + Send + Sync + 'static>() {
            assert!(
                size_of::<T>() <= 48,
                "{}: {}",
                std::any::type_name::<T>(),
                size_of::<T>()
            );
        }
        check::<Error>();
        check::<ConnectError>();
        check::<PublishError>();
        check::<SubscribeError>();
        check::<UnsubscribeError>();
        check::<DisconnectError>();
        check::<ConnectionLost>();
        check::<Invalid>();
        check::<Violation>();
        check::<Reentrant>();
    }
}

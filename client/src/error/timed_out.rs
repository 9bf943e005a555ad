//! An answer that did not come in time.

use std::fmt;
use std::time::Duration;

/// What was waited for in vain, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("no answer to {operation} within {after:?}")]
#[expect(
    clippy::exhaustive_structs,
    reason = "this is all that there is to say"
)]
pub struct TimedOut {
    /// What was asked.
    pub operation: Operation,
    /// How long was waited.
    pub after: Duration,
}

/// What a caller can ask of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening the transport, and CONNECT.
    Connect,
    /// PUBLISH.
    Publish,
    /// SUBSCRIBE.
    Subscribe,
    /// UNSUBSCRIBE.
    Unsubscribe,
    /// PINGREQ.
    Ping,
    /// Writing DISCONNECT and closing the transport.
    Disconnect,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT",
            Self::Publish => "PUBLISH",
            Self::Subscribe => "SUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Ping => "PINGREQ",
            Self::Disconnect => "DISCONNECT",
        })
    }
}

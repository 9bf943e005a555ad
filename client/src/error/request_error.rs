//! The shape that the errors of SUBSCRIBE and UNSUBSCRIBE share.

/// An error of a request that asks for a verdict on each of its topic filters. The refusal has a
/// type of its own, as the two packets have different codes.
macro_rules! request_error {
    (
        $(#[$doc:meta])*
        $name:ident($refused:ident)
        refused $refused_text:literal
        invalid $invalid_text:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            /// The broker refused one or more of the topic filters.
            #[error($refused_text)]
            Refused(#[source] Box<$refused>),
            /// The connection ended before the broker had answered.
            #[error("the connection ended before the broker had answered")]
            ConnectionLost(#[source] $crate::ConnectionLost),
            /// The broker did not answer in time.
            #[error("timed out")]
            Timeout(#[source] $crate::TimedOut),
            /// The caller broke a rule; nothing was sent.
            #[error($invalid_text)]
            Invalid(#[source] $crate::Invalid),
            /// The client was never connected, or disconnected before.
            #[error("the client is not connected")]
            NotConnected,
        }

        impl $name {
            /// What the broker said, if it said no: about the first filter that it refused.
            pub fn refused(&self) -> Option<$crate::Refusal<'_>> {
                match self {
                    Self::Refused(refused) => Some(refused.as_refusal()),
                    Self::ConnectionLost(lost) => lost.refused(),
                    _ => None,
                }
            }

            /// What may be tried.
            pub fn retry(&self) -> $crate::Retry {
                match self {
                    Self::Refused(refused) => refused.retry(),
                    Self::ConnectionLost(lost) => lost.retry(),
                    Self::Timeout(_) => $crate::Retry::Later,
                    Self::NotConnected => $crate::Retry::Reconnect,
                    Self::Invalid(invalid) => invalid.retry(),
                }
            }

            /// Whether nobody answered in time.
            pub const fn is_timeout(&self) -> bool {
                match self {
                    Self::Timeout(_) => true,
                    Self::ConnectionLost(lost) => lost.is_timeout(),
                    _ => false,
                }
            }

            /// There is no connection, or none any more.
            pub(crate) fn lost(cause: Option<$crate::ConnectionLost>) -> Self {
                cause.map_or(Self::NotConnected, Self::ConnectionLost)
            }
        }
    };
}
pub(super) use request_error;

//! Why a message could not be published.

use nack_codec::{PacketType, ReasonCode};

use super::{ConnectionLost, Delivery, Invalid, Refusal, Refused, Retry, TimedOut};

/// Why [`Client::publish`](crate::Client::publish) failed.
///
/// It does not give the message back. Whoever may want to try again publishes a clone, which shares
/// topic and payload with the original, so that the message is there after every error:
///
/// ```
/// # use nack_client::{Client, Publish, PublishError, Retry};
/// # async fn twice(client: &Client, message: Publish) -> Result<(), PublishError> {
/// match client.publish(message.clone()).await {
///     Err(error) if error.retry() == Retry::Later => client.publish(message).await?,
///     result => result?,
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The broker refused the message, by PUBACK, PUBREC or PUBCOMP.
    #[error("the broker refused the message")]
    Refused(#[source] Refused<PublishReason>),
    /// The connection ended before the broker had answered.
    #[error("the connection ended before the broker had answered")]
    ConnectionLost {
        /// Why it ended.
        #[source]
        cause: ConnectionLost,
        /// What became of the message.
        delivery: Delivery,
    },
    /// The broker did not answer in time.
    ///
    /// A message that was sent is not taken back: its [`Delivery`] is `Unknown`, or `InSession`
    /// where a session keeps it. One that had waited all the time for its turn, behind earlier ones
    /// that the broker does not let go of or the transport does not take, is taken back: it is
    /// `NotSent`, and never will be.
    #[error("timed out")]
    Timeout {
        /// How long was waited.
        #[source]
        timed_out: TimedOut,
        /// What became of the message.
        delivery: Delivery,
    },
    /// The caller broke a rule; nothing was sent.
    #[error("invalid message")]
    Invalid(#[source] Invalid),
    /// The client was never connected, or disconnected before.
    #[error("the client is not connected")]
    NotConnected,
}

impl PublishError {
    /// What the broker said, if it said no.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Refused(refused) => Some(refused.as_refusal()),
            Self::ConnectionLost { cause, .. } => cause.refused(),
            _ => None,
        }
    }

    /// What may be tried. After [`Delivery::InSession`], the message is sent again without being
    /// asked; trying it again makes two of it.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused(refused) => refused.as_refusal().retry(),
            Self::ConnectionLost { cause, .. } => cause.retry(),
            Self::Timeout { .. } => Retry::Later,
            Self::NotConnected => Retry::Reconnect,
            Self::Invalid(invalid) => invalid.retry(),
        }
    }

    /// What became of the message.
    pub fn delivery(&self) -> Delivery {
        match self {
            // A broker that answers PUBREL with a refusal had accepted the message before.
            Self::Refused(refused) => match refused.packet() {
                PacketType::Pubcomp => Delivery::Unknown,
                _ => Delivery::Rejected,
            },
            Self::ConnectionLost { delivery, .. } | Self::Timeout { delivery, .. } => *delivery,
            Self::Invalid(_) | Self::NotConnected => Delivery::NotSent,
        }
    }

    /// There is no connection, or none any more.
    pub(crate) fn lost(cause: Option<ConnectionLost>, delivery: Delivery) -> Self {
        match cause {
            Some(cause) => Self::ConnectionLost { cause, delivery },
            None => Self::NotConnected,
        }
    }

    /// Whether nobody answered in time.
    pub const fn is_timeout(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::ConnectionLost { cause, .. } => cause.is_timeout(),
            _ => false,
        }
    }
}

macro_rules! publish_reasons {
    ($($name:ident,)*) => {
        /// Why a broker refuses a message: the codes of 0x80 and above that PUBACK, PUBREC and
        /// PUBCOMP may carry (tables 3-4, 3-5 and 3-7).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
        #[repr(u8)]
        pub enum PublishReason {
            $(
                #[doc = concat!("See [`ReasonCode::", stringify!($name), "`].")]
                $name = ReasonCode::$name as u8,
            )*
        }

        impl PublishReason {
            /// Every reason, lowest code first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason of this code, if it is one that refuses a message.
            pub const fn from_code(code: ReasonCode) -> Option<Self> {
                match code {
                    $(ReasonCode::$name => Some(Self::$name),)*
                    _ => None,
                }
            }
        }

        impl From<PublishReason> for ReasonCode {
            fn from(reason: PublishReason) -> Self {
                match reason {
                    $(PublishReason::$name => Self::$name,)*
                }
            }
        }
    };
}

publish_reasons! {
    UnspecifiedError,
    ImplementationSpecificError,
    NotAuthorized,
    TopicNameInvalid,
    PacketIdentifierInUse,
    PacketIdentifierNotFound,
    QuotaExceeded,
    PayloadFormatInvalid,
}

impl std::fmt::Display for PublishReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ReasonCode::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use nack_codec::{PubackReason, PubcompReason, PubrecReason};

    use super::*;

    #[test]
    fn the_reasons_are_the_refusals_of_the_three_packets() {
        let mut codes: Vec<ReasonCode> = PubackReason::ALL
            .iter()
            .map(|reason| reason.code())
            .collect();
        codes.extend(PubrecReason::ALL.iter().map(|reason| reason.code()));
        codes.extend(PubcompReason::ALL.iter().map(|reason| reason.code()));
        codes.retain(|code| code.is_error());
        codes.sort_unstable();
        codes.dedup();
        let reasons: Vec<ReasonCode> = PublishReason::ALL.iter().map(|r| (*r).into()).collect();
        assert_eq!(reasons, codes);
    }
}

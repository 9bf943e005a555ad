//! Why a subscription could not be ended.

use std::fmt;

use nack_codec::{PacketType, Properties, TopicFilter, UnsubackReason};

use super::subscribe::strictest;
use super::{ConnectionLost, FilterVerdict, Invalid, Refusal, Retry, TimedOut};

/// Why [`Client::unsubscribe`](crate::Client::unsubscribe) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnsubscribeError {
    /// The broker refused to end one or more of the subscriptions.
    #[error("the broker refused to end the subscription")]
    Refused(#[source] Box<UnsubscribeRefused>),
    /// The connection ended before the broker had answered.
    #[error("the connection ended before the broker had answered")]
    ConnectionLost(#[source] ConnectionLost),
    /// The broker did not answer in time.
    #[error("timed out")]
    Timeout(#[source] TimedOut),
    /// The caller broke a rule; nothing was sent.
    #[error("invalid request")]
    Invalid(#[source] Invalid),
    /// The client was never connected, or disconnected before.
    #[error("the client is not connected")]
    NotConnected,
}

impl UnsubscribeError {
    /// What the broker said, if it said no: about the first filter that it refused.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Refused(refused) => Some(refused.as_refusal()),
            Self::ConnectionLost(lost) => lost.refused(),
            _ => None,
        }
    }

    /// What may be tried.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused(refused) => refused.retry(),
            Self::ConnectionLost(lost) => lost.retry(),
            Self::Timeout(_) => Retry::Later,
            Self::NotConnected => Retry::Reconnect,
            Self::Invalid(_) => Retry::Never,
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
}

/// An UNSUBACK that refuses at least one topic filter.
#[derive(Debug)]
pub struct UnsubscribeRefused {
    verdicts: Vec<FilterVerdict<UnsubackReason>>,
    first: UnsubackReason,
    properties: Properties,
}

impl UnsubscribeRefused {
    pub(crate) const fn new(
        first: UnsubackReason,
        verdicts: Vec<FilterVerdict<UnsubackReason>>,
        properties: Properties,
    ) -> Self {
        Self {
            verdicts,
            first,
            properties,
        }
    }

    /// The reason of the first filter that was refused.
    pub const fn reason(&self) -> UnsubackReason {
        self.first
    }

    /// What the broker said about every filter, in the order of the request.
    pub fn verdicts(&self) -> &[FilterVerdict<UnsubackReason>] {
        &self.verdicts
    }

    /// The filters that were refused, and why.
    pub fn refused_filters(&self) -> impl Iterator<Item = (&TopicFilter, UnsubackReason)> {
        let refused = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.reason.is_error());
        refused.map(|verdict| (&verdict.filter, verdict.reason))
    }

    /// What the broker says about it, for people.
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs.
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// The first refused filter's refusal, whatever the operation was.
    pub fn as_refusal(&self) -> Refusal<'_> {
        let reason = self.first;
        Refusal::new(
            reason.code(),
            reason.as_u8(),
            PacketType::Unsuback,
            &self.properties,
        )
    }

    /// What may be tried: the strictest advice of all refused filters.
    pub fn retry(&self) -> Retry {
        let codes = self.refused_filters().map(|(_, reason)| reason.code());
        strictest(&self.properties, PacketType::Unsuback, codes)
    }
}

impl fmt::Display for UnsubscribeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_refusal().fmt(f)?;
        let mut separator = " (refused: ";
        for (filter, reason) in self.refused_filters() {
            write!(f, "{separator}`{filter}` 0x{:02X}", reason.as_u8())?;
            separator = ", ";
        }
        f.write_str(")")
    }
}

impl std::error::Error for UnsubscribeRefused {}

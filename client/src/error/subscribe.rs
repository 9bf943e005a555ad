//! Why a subscription could not be made.

use std::fmt;

use nack_codec::{PacketType, Properties, QoS, ReasonCode, SubackReason, TopicFilter};

use super::request_error::request_error;
use super::{Refusal, Retry, RetryTable};
use crate::Subscription;

request_error! {
    /// Why [`Client::subscribe`](crate::Client::subscribe) failed.
    SubscribeError(SubscribeRefused)
    refused "the broker refused the subscription"
    invalid "invalid subscription"
}

/// What the broker said about one topic filter. `R` is the packet's reason type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "this is all that there is to say"
)]
pub struct FilterVerdict<R> {
    /// The topic filter.
    pub filter: TopicFilter,
    /// What became of it.
    pub reason: R,
}

/// A SUBACK that refuses at least one topic filter.
pub struct SubscribeRefused {
    verdicts: Vec<FilterVerdict<SubackReason>>,
    first: SubackReason,
    properties: Properties,
    retries: RetryTable,
    subscription: Option<Subscription>,
}

impl SubscribeRefused {
    pub(crate) const fn new(
        first: SubackReason,
        verdicts: Vec<FilterVerdict<SubackReason>>,
        properties: Properties,
        retries: RetryTable,
        subscription: Option<Subscription>,
    ) -> Self {
        Self {
            verdicts,
            first,
            properties,
            retries,
            subscription,
        }
    }

    /// The reason of the first filter that was refused.
    pub const fn reason(&self) -> SubackReason {
        self.first
    }

    /// The same reason in the table of all codes.
    pub const fn code(&self) -> ReasonCode {
        self.first.code()
    }

    /// The code of the first filter that was refused, as it was on the wire.
    pub const fn raw_code(&self) -> u8 {
        self.first.as_u8()
    }

    /// What the broker said about every filter, in the order of the request.
    pub fn verdicts(&self) -> &[FilterVerdict<SubackReason>] {
        &self.verdicts
    }

    /// The filters that were refused, and why.
    pub fn refused_filters(&self) -> impl Iterator<Item = (&TopicFilter, SubackReason)> {
        let refused = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.reason.is_error());
        refused.map(|verdict| (&verdict.filter, verdict.reason))
    }

    /// The filters that were granted, and at which QoS.
    pub fn granted_filters(&self) -> impl Iterator<Item = (&TopicFilter, QoS)> {
        self.verdicts
            .iter()
            .filter_map(|verdict| Some((&verdict.filter, verdict.reason.granted()?)))
    }

    /// The subscription of the filters that were granted, if there are any. Dropping it, or this
    /// error with it, ends it at the broker.
    pub fn into_subscription(self) -> Option<Subscription> {
        self.subscription
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// All properties of SUBACK (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The first refused filter's refusal, whatever the operation was.
    pub fn as_refusal(&self) -> Refusal<'_> {
        Refusal::new(
            self.code(),
            self.raw_code(),
            PacketType::Suback,
            &self.properties,
            &self.retries,
        )
    }

    /// What may be tried: the strictest advice of all refused filters.
    pub fn retry(&self) -> Retry {
        let codes = self.refused_filters().map(|(_, reason)| reason.code());
        strictest(&self.as_refusal(), codes)
    }
}

/// The advice that is right for every one of the codes of a refusal.
pub(super) fn strictest(refusal: &Refusal<'_>, codes: impl Iterator<Item = ReasonCode>) -> Retry {
    let advice = codes.map(|code| refusal.with_code(code).retry());
    let rank = |advice: &Retry| match advice {
        Retry::Never => 0,
        Retry::NewSession => 1,
        Retry::CallerDecides => 2,
        Retry::Elsewhere(_) => 3,
        Retry::Reconnect => 4,
        Retry::Later => 5,
    };
    advice.min_by_key(rank).unwrap_or(Retry::Never)
}

impl fmt::Display for SubscribeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_refusal().fmt(f)?;
        let mut separator = " (refused: ";
        for (filter, reason) in self.refused_filters() {
            write!(f, "{separator}`{filter}` 0x{:02X}", reason.as_u8())?;
            separator = ", ";
        }
        separator = "; granted: ";
        for (filter, qos) in self.granted_filters() {
            write!(f, "{separator}`{filter}` {qos}")?;
            separator = ", ";
        }
        f.write_str(")")
    }
}

impl fmt::Debug for SubscribeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscribeRefused")
            .field("verdicts", &self.verdicts)
            .field("properties", &self.properties)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for SubscribeRefused {}

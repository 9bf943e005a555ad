//! Why a subscription could not be ended.

use std::fmt;

use nack_codec::{PacketType, Properties, ReasonCode, TopicFilter, UnsubackReason};

use super::request_error::request_error;
use super::subscribe::strictest;
use super::{FilterVerdict, Refusal, Retry, RetryTable};

request_error! {
    /// Why [`Client::unsubscribe`](crate::Client::unsubscribe) failed.
    UnsubscribeError(UnsubscribeRefused)
    refused "the broker refused to end the subscription"
    invalid "invalid request"
}

/// An UNSUBACK that refuses at least one topic filter.
#[derive(Debug)]
pub struct UnsubscribeRefused {
    verdicts: Vec<FilterVerdict<UnsubackReason>>,
    first: UnsubackReason,
    properties: Properties,
    retries: RetryTable,
}

impl UnsubscribeRefused {
    pub(crate) const fn new(
        first: UnsubackReason,
        verdicts: Vec<FilterVerdict<UnsubackReason>>,
        properties: Properties,
        retries: RetryTable,
    ) -> Self {
        Self {
            verdicts,
            first,
            properties,
            retries,
        }
    }

    /// The reason of the first filter that was refused.
    pub const fn reason(&self) -> UnsubackReason {
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

    /// All properties of UNSUBACK (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The first refused filter's refusal, whatever the operation was.
    pub fn as_refusal(&self) -> Refusal<'_> {
        Refusal::new(
            self.code(),
            self.raw_code(),
            PacketType::Unsuback,
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

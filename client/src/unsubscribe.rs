//! A request to end subscriptions, and what the broker said to it.

use nack_codec::{Properties, TopicFilter, UnsubackReason};

use crate::error::{FilterVerdict, Invalid};
use crate::properties::PropertyList;

/// A request to end the subscriptions of one or more topic filters:
/// [`Client::unsubscribe`](crate::Client::unsubscribe) sends it.
#[derive(Clone, Debug)]
pub struct Unsubscribe {
    filters: Vec<TopicFilter>,
    properties: PropertyList,
}

impl Unsubscribe {
    /// A request to end the subscription of this filter.
    pub fn new(filter: &str) -> Self {
        Self {
            filters: Vec::new(),
            properties: PropertyList::default(),
        }
        .and(filter)
    }

    /// Adds another filter.
    pub fn and(mut self, filter: &str) -> Self {
        match TopicFilter::try_from(filter) {
            Ok(filter) => self.filters.push(filter),
            Err(error) => self.properties.refuse(Invalid::TopicFilter(error)),
        }
        self
    }

    /// Adds a name and a value of the application's own (MQTT 5.0).
    pub fn user_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push_user_property(name, value);
        self
    }

    pub(crate) const fn of(filters: Vec<TopicFilter>) -> Self {
        Self {
            filters,
            properties: PropertyList::EMPTY,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.properties.check()
    }

    pub(crate) fn filters(&self) -> &[TopicFilter] {
        &self.filters
    }

    pub(crate) const fn properties(&self) -> &PropertyList {
        &self.properties
    }
}

impl From<&str> for Unsubscribe {
    fn from(filter: &str) -> Self {
        Self::new(filter)
    }
}

/// What the broker said to an UNSUBSCRIBE that it accepted.
#[derive(Clone, Debug)]
pub struct Unsubscribed {
    verdicts: Vec<FilterVerdict<UnsubackReason>>,
    properties: Properties,
}

impl Unsubscribed {
    pub(crate) const fn new(
        verdicts: Vec<FilterVerdict<UnsubackReason>>,
        properties: Properties,
    ) -> Self {
        Self {
            verdicts,
            properties,
        }
    }

    /// What the broker said about every filter, in the order of the request. 3.1.1 brokers say
    /// nothing, which is a success.
    pub fn verdicts(&self) -> &[FilterVerdict<UnsubackReason>] {
        &self.verdicts
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// All properties of UNSUBACK (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }
}

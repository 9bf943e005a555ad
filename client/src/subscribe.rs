//! A request for subscriptions.

use nack_codec::{Property, QoS, RetainHandling, SubscriptionOptions, TopicFilter};

use crate::error::Invalid;
use crate::properties::PropertyList;

/// A request for the messages of one or more topic filters:
/// [`Client::subscribe`](crate::Client::subscribe) sends it.
///
/// The options are those of the last filter that was added.
///
/// ```
/// use nack_client::{QoS, Subscribe};
///
/// let request = Subscribe::to("plant/+/temperature")
///     .qos(QoS::AtLeastOnce)
///     .and("plant/+/alarm")
///     .qos(QoS::ExactlyOnce);
/// ```
#[derive(Clone, Debug)]
pub struct Subscribe {
    filters: Vec<(TopicFilter, SubscriptionOptions)>,
    properties: PropertyList,
}

impl Subscribe {
    /// A request for the messages of this filter, at QoS 2 at most: the broker delivers each at
    /// the QoS that it was published at.
    pub fn to(filter: &str) -> Self {
        Self {
            filters: Vec::new(),
            properties: PropertyList::default(),
        }
        .and(filter)
    }

    /// Adds another filter.
    pub fn and(mut self, filter: &str) -> Self {
        match TopicFilter::try_from(filter) {
            Ok(filter) => {
                self.filters
                    .push((filter, SubscriptionOptions::at(QoS::ExactlyOnce)));
            }
            Err(error) => self.properties.refuse(Invalid::TopicFilter(error)),
        }
        self
    }

    /// Sets the highest QoS of the filter.
    pub fn qos(self, qos: QoS) -> Self {
        self.option(|options| options.qos = qos)
    }

    /// Leaves out the client's own messages (MQTT 5.0).
    pub fn no_local(self) -> Self {
        self.option(|options| options.no_local = true)
    }

    /// Keeps RETAIN as it was published (MQTT 5.0).
    pub fn retain_as_published(self) -> Self {
        self.option(|options| options.retain_as_published = true)
    }

    /// Sets when retained messages are sent (MQTT 5.0).
    pub fn retain_handling(self, handling: RetainHandling) -> Self {
        self.option(|options| options.retain_handling = handling)
    }

    /// Marks the messages of all its filters with a number of 1 to 268,435,455, which
    /// [`Message::subscription_identifiers`](crate::Message::subscription_identifiers) gives back
    /// (MQTT 5.0, section 3.8.2.1.2). A broker may have none: see
    /// [`Limits`](crate::Limits::subscription_identifier_available).
    pub fn subscription_identifier(mut self, identifier: u32) -> Self {
        self.properties
            .push(Property::SubscriptionIdentifier(identifier));
        self
    }

    /// Adds a name and a value of the application's own (MQTT 5.0).
    pub fn user_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push_user_property(name, value);
        self
    }

    fn option(mut self, set: impl FnOnce(&mut SubscriptionOptions)) -> Self {
        if let Some((_, options)) = self.filters.last_mut() {
            set(options);
        }
        self
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.properties.check()
    }

    pub(crate) fn filters(&self) -> &[(TopicFilter, SubscriptionOptions)] {
        &self.filters
    }

    pub(crate) const fn properties(&self) -> &PropertyList {
        &self.properties
    }
}

impl From<&str> for Subscribe {
    fn from(filter: &str) -> Self {
        Self::to(filter)
    }
}

//! What CONNACK granted: the limits that hold for one connection.

use nack_codec::{Connack, PropertyId, QoS, Version};

use crate::Subscribe;
use crate::error::Invalid;

/// What the broker allows on this connection (section 3.2.2.3). 3.1.1 brokers allow everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many QoS 1 and 2 messages may be open at once.
    pub receive_maximum: u16,
    /// The highest QoS of a message.
    pub maximum_qos: QoS,
    /// Whether there are retained messages.
    pub retain_available: bool,
    /// The size of the largest packet, in bytes.
    pub maximum_packet_size: u32,
    /// The highest topic alias; 0 for none.
    pub topic_alias_maximum: u16,
    /// Whether topic filters may have wildcards.
    pub wildcard_subscription_available: bool,
    /// Whether subscriptions may have identifiers.
    pub subscription_identifier_available: bool,
    /// Whether there are shared subscriptions.
    pub shared_subscription_available: bool,
}

impl Default for Limits {
    /// What holds where the broker says nothing.
    fn default() -> Self {
        Self {
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            maximum_packet_size: nack_codec::MAXIMUM_PACKET_SIZE,
            topic_alias_maximum: 0,
            wildcard_subscription_available: true,
            subscription_identifier_available: true,
            shared_subscription_available: true,
        }
    }
}

impl Limits {
    pub(super) fn granted(connack: &Connack<'_>) -> Self {
        let properties = &connack.properties;
        let default = Self::default();
        Self {
            receive_maximum: properties
                .receive_maximum()
                .unwrap_or(default.receive_maximum),
            maximum_qos: properties.maximum_qos().unwrap_or(default.maximum_qos),
            retain_available: properties.retain_available().unwrap_or(true),
            maximum_packet_size: properties
                .maximum_packet_size()
                .unwrap_or(default.maximum_packet_size),
            topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
            wildcard_subscription_available: properties
                .wildcard_subscription_available()
                .unwrap_or(true),
            subscription_identifier_available: properties
                .subscription_identifier_available()
                .unwrap_or(true),
            shared_subscription_available: properties
                .shared_subscription_available()
                .unwrap_or(true),
        }
    }

    pub(super) fn check_message(&self, qos: QoS, retain: bool) -> Result<(), Invalid> {
        // [MQTT-3.2.2-11]: refused, and never sent at a lower QoS in silence.
        if qos > self.maximum_qos {
            return Err(Invalid::QosNotSupported {
                asked: qos,
                maximum: self.maximum_qos,
            });
        }
        // [MQTT-3.2.2-14]
        if retain && !self.retain_available {
            return Err(Invalid::RetainNotSupported);
        }
        Ok(())
    }

    pub(super) fn check_size(&self, size: usize) -> Result<(), Invalid> {
        // [MQTT-3.2.2-15]
        if size > self.maximum_packet_size as usize {
            return Err(Invalid::PacketTooLarge {
                size,
                maximum: self.maximum_packet_size,
            });
        }
        Ok(())
    }

    pub(super) fn check_subscribe(
        &self,
        request: &Subscribe,
        version: Version,
    ) -> Result<(), Invalid> {
        let properties = request.properties().block();
        if !self.subscription_identifier_available
            && properties.contains(PropertyId::SubscriptionIdentifier)
        {
            return Err(Invalid::SubscriptionIdentifiersNotSupported);
        }
        for (filter, _) in request.filters() {
            if !self.wildcard_subscription_available && filter.has_wildcards() {
                return Err(Invalid::WildcardSubscriptionsNotSupported);
            }
            let shared = filter.shared().map_err(Invalid::TopicFilter);
            if version == Version::V5 && shared?.is_some() && !self.shared_subscription_available {
                return Err(Invalid::SharedSubscriptionsNotSupported);
            }
        }
        Ok(())
    }
}

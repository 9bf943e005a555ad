//! A message that the broker keeps and passes on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{Properties, Property, PropertyId, Publish, QoS, TopicName, Version, Will};
use tokio::time::Instant;

use super::aliases::Alias;
use super::limits::COPIED_PAYLOAD;
use crate::action::answer::encode_value;
use crate::action::reply::{Body, RawProperty, Reply};

/// A message as it was published.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) topic: TopicName,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Who published it, for subscriptions with no local.
    pub(super) publisher: Arc<str>,
    /// What is passed on unaltered: `[MQTT-3.3.2-4]`, `[MQTT-3.3.2-15]`, `[MQTT-3.3.2-16]`,
    /// `[MQTT-3.3.2-17]`, `[MQTT-3.3.2-20]`.
    properties: Vec<RawProperty>,
    expires: Option<Instant>,
    /// From when on the time of its expiry interval counts.
    lifetime: Option<Duration>,
}

/// How a message is sent to one client.
pub(super) struct Dispatch<'a> {
    pub(super) version: Version,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) dup: bool,
    pub(super) packet_id: Option<u16>,
    pub(super) identifiers: &'a [u32],
    pub(super) alias: Option<Alias>,
}

impl Message {
    /// The message of a PUBLISH that lies in `raw`, to the topic that it names or means.
    pub(super) fn of_publish(
        publish: &Publish<'_>,
        topic: TopicName,
        raw: &Bytes,
        publisher: Arc<str>,
    ) -> Self {
        let payload = if publish.payload.len() < COPIED_PAYLOAD {
            Bytes::copy_from_slice(publish.payload)
        } else {
            raw.slice_ref(publish.payload)
        };
        Self {
            topic,
            payload,
            qos: publish.qos,
            retain: publish.retain,
            publisher,
            properties: forwarded(publish.properties),
            expires: lifetime(publish.properties).map(|lifetime| Instant::now() + lifetime),
            lifetime: lifetime(publish.properties),
        }
    }

    pub(super) fn of_will(will: &Will<'_>, publisher: Arc<str>) -> Self {
        Self {
            topic: will.topic.to_owned(),
            payload: Bytes::copy_from_slice(will.payload.get()),
            qos: will.qos,
            retain: will.retain,
            publisher,
            properties: forwarded(will.properties),
            expires: None,
            lifetime: lifetime(will.properties),
        }
    }

    /// The same message, published now.
    pub(super) fn restarted(&self) -> Self {
        Self {
            expires: self.lifetime.map(|lifetime| Instant::now() + lifetime),
            ..self.clone()
        }
    }

    pub(super) fn size(&self) -> usize {
        self.topic.as_str().len() + self.payload.len()
    }

    pub(super) fn has_expired(&self) -> bool {
        self.expires
            .is_some_and(|expires| expires <= Instant::now())
    }

    /// The PUBLISH to one client.
    pub(super) fn reply(&self, dispatch: &Dispatch<'_>) -> Reply {
        let mut reply = Reply::new(Body::Publish {
            topic: match dispatch.alias {
                Some(Alias { is_known: true, .. }) => Bytes::new(),
                _ => Bytes::copy_from_slice(self.topic.as_str().as_bytes()),
            },
            payload: self.payload.clone(),
            qos: dispatch.qos as u8,
            retain: dispatch.retain,
            dup: dispatch.dup,
        });
        reply.packet_id = dispatch.packet_id;
        if dispatch.version == Version::V311 {
            return reply;
        }
        reply.properties.clone_from(&self.properties);
        let mut add = |property: Property<'_>| {
            reply.properties.push(RawProperty {
                id: property.id() as u8,
                value: encode_value(property).freeze(),
            });
        };
        if let Some(expires) = self.expires {
            // [MQTT-3.3.2-6]: less the time that it has been waiting, in whole seconds. What is
            // passed on at once keeps all of its time, and nothing is sent with none left.
            let left = expires.saturating_duration_since(Instant::now());
            let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            add(Property::MessageExpiryInterval(seconds));
        }
        if let Some(alias) = dispatch.alias {
            add(Property::TopicAlias(alias.number));
        }
        for identifier in dispatch.identifiers {
            add(Property::SubscriptionIdentifier(*identifier));
        }
        reply
    }
}

fn lifetime(properties: Properties<&[u8]>) -> Option<Duration> {
    let seconds = properties.message_expiry_interval()?;
    Some(Duration::from_secs(seconds.into()))
}

fn forwarded(properties: Properties<&[u8]>) -> Vec<RawProperty> {
    let is_forwarded = |property: &Property<'_>| {
        matches!(
            property.id(),
            PropertyId::PayloadFormatIndicator
                | PropertyId::ContentType
                | PropertyId::ResponseTopic
                | PropertyId::CorrelationData
                | PropertyId::UserProperty
        )
    };
    properties
        .iter()
        .filter(is_forwarded)
        .map(|property| RawProperty {
            id: property.id() as u8,
            value: encode_value(property).freeze(),
        })
        .collect()
}

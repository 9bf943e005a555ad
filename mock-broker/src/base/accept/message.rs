//! A message that the broker keeps and passes on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{Properties, Property, PropertyId, Publish, QoS, TopicName, Version, Will};
use tokio::time::Instant;

use super::limits::COPIED_PAYLOAD;
use crate::action::answer::encode_value;
use crate::action::reply::{Body, RawProperty, Reply};

/// A message as it was published.
#[derive(Debug)]
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
}

/// How a message is sent to one client.
pub(super) struct Dispatch<'a> {
    pub(super) version: Version,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) dup: bool,
    pub(super) packet_id: Option<u16>,
    pub(super) identifiers: &'a [u32],
}

impl Message {
    /// The message of a PUBLISH that lies in `raw`; `None` if it has no topic.
    pub(super) fn of_publish(
        publish: &Publish<'_>,
        raw: &Bytes,
        publisher: Arc<str>,
    ) -> Option<Self> {
        let payload = if publish.payload.len() < COPIED_PAYLOAD {
            Bytes::copy_from_slice(publish.payload)
        } else {
            raw.slice_ref(publish.payload)
        };
        Some(Self {
            topic: publish.topic?.to_owned(),
            payload,
            qos: publish.qos,
            retain: publish.retain,
            publisher,
            properties: forwarded(publish.properties),
            expires: expires(publish.properties),
        })
    }

    pub(super) fn of_will(will: &Will<'_>, publisher: Arc<str>) -> Self {
        Self {
            topic: will.topic.to_owned(),
            payload: Bytes::copy_from_slice(will.payload.get()),
            qos: will.qos,
            retain: will.retain,
            publisher,
            properties: forwarded(will.properties),
            expires: expires(will.properties),
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
            topic: Bytes::copy_from_slice(self.topic.as_str().as_bytes()),
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
            // [MQTT-3.3.2-6]: less the time that it has been waiting.
            let left = expires.saturating_duration_since(Instant::now());
            let seconds = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
            add(Property::MessageExpiryInterval(seconds));
        }
        for identifier in dispatch.identifiers {
            add(Property::SubscriptionIdentifier(*identifier));
        }
        reply
    }
}

fn expires(properties: Properties<&[u8]>) -> Option<Instant> {
    let seconds = properties.message_expiry_interval()?;
    Some(Instant::now() + Duration::from_secs(seconds.into()))
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

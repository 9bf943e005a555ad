//! A message to be published, and what the broker said to it.

use bytes::Bytes;
use nack_codec::{Binary, Properties, Property, QoS, ReasonCode, TopicName};

use crate::error::Invalid;
use crate::properties::PropertyList;

/// A message to be published: [`Client::publish`](crate::Client::publish) sends it.
///
/// Cloning is cheap: topic and payload are shared. What is wrong with a part of it is reported when
/// it is published, as [`PublishError::Invalid`](crate::PublishError::Invalid).
///
/// ```
/// use nack_client::{Publish, QoS};
///
/// let message = Publish::new("plant/3/temperature", "21.5")
///     .qos(QoS::AtLeastOnce)
///     .retain(true)
///     .content_type("text/plain")
///     .user_property("unit", "°C");
/// ```
#[derive(Clone, Debug)]
pub struct Publish {
    /// `None` where it was wrong, which `properties` remembers.
    topic: Option<TopicName>,
    payload: Bytes,
    qos: QoS,
    retain: bool,
    properties: PropertyList,
}

impl Publish {
    /// A message of QoS 0. The topic is a string or a [`TopicName`]; a name that was made once
    /// can be cloned for every message.
    pub fn new<T>(topic: T, payload: impl Into<Bytes>) -> Self
    where
        T: TryInto<TopicName>,
        T::Error: Into<TopicNameFault>,
    {
        let mut properties = PropertyList::default();
        let topic = match topic.try_into() {
            Ok(topic) => Some(topic),
            Err(fault) => {
                properties.refuse(fault.into().0);
                None
            }
        };
        Self {
            topic,
            payload: payload.into(),
            qos: QoS::AtMostOnce,
            retain: false,
            properties,
        }
    }

    /// Sets the quality of service.
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// Sets whether the broker keeps the message for later subscribers (`[MQTT-3.3.1-5]`).
    pub const fn retain(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }

    /// Says what the payload is (MQTT 5.0).
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.properties
            .push_text("content type", content_type, Property::ContentType);
        self
    }

    /// Says that the payload is UTF-8 text (MQTT 5.0). The broker may check it.
    pub fn payload_is_utf8(mut self) -> Self {
        self.properties.push(Property::PayloadFormatIndicator(true));
        self
    }

    /// Sets for how many seconds the message is of use (MQTT 5.0).
    pub fn message_expiry_interval(mut self, seconds: u32) -> Self {
        self.properties
            .push(Property::MessageExpiryInterval(seconds));
        self
    }

    /// Says where an answer is expected (MQTT 5.0).
    pub fn response_topic(mut self, topic: &str) -> Self {
        match TopicName::new(topic) {
            Ok(topic) => self.properties.push(Property::ResponseTopic(topic)),
            Err(error) => self.properties.refuse(Invalid::TopicName(error)),
        }
        self
    }

    /// Says what an answer is to be marked with, at most 65,535 bytes (MQTT 5.0).
    pub fn correlation_data(mut self, data: &[u8]) -> Self {
        match Binary::new(data) {
            Some(data) => self.properties.push(Property::CorrelationData(data)),
            None => {
                let (field, length) = ("correlation data", data.len());
                self.properties
                    .refuse(Invalid::BinaryTooLong { field, length });
            }
        }
        self
    }

    /// Adds a name and a value of the application's own (MQTT 5.0).
    pub fn user_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push_user_property(name, value);
        self
    }

    /// The topic and the properties as they go into a packet.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.properties.check()
    }

    /// The packet that says this.
    pub(crate) fn packet(&self) -> nack_codec::Publish<'_> {
        nack_codec::Publish {
            dup: false,
            qos: self.qos,
            retain: self.retain,
            topic: self.topic.as_ref().map(TopicName::borrow),
            packet_id: None,
            properties: self.properties.block().borrow(),
            payload: &self.payload,
        }
    }

    pub(crate) const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

/// What is wrong with something that was to become a topic name.
#[derive(Debug)]
pub struct TopicNameFault(Invalid);

impl From<nack_codec::TopicError> for TopicNameFault {
    fn from(error: nack_codec::TopicError) -> Self {
        Self(Invalid::TopicName(error))
    }
}

impl From<std::convert::Infallible> for TopicNameFault {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// What the broker said to a message that it accepted.
#[derive(Clone, Debug)]
pub struct Published {
    reason: ReasonCode,
    properties: Properties,
}

impl Published {
    pub(crate) const fn new(reason: ReasonCode, properties: Properties) -> Self {
        Self { reason, properties }
    }

    /// [`Success`](ReasonCode::Success), or
    /// [`NoMatchingSubscribers`](ReasonCode::NoMatchingSubscribers), which is a success too.
    ///
    /// At QoS 0 the broker does not answer, and it is `Success` once the message was handed to the
    /// transport. Brokers need not tell whether there are subscribers.
    pub const fn reason(&self) -> ReasonCode {
        self.reason
    }

    /// What the broker says about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker says about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// All properties of PUBACK (MQTT 5.0). At QoS 2 they are those of PUBCOMP, and of PUBREC where
    /// PUBCOMP has none.
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }
}

//! From a peer that has a field a property to a property block.

use nack_codec::{Binary, PacketId, Property, QoS, Text, TopicFilter, TopicName};

use super::Refusal;
use crate::model::{Block, sorted};

/// The properties that were found.
#[derive(Default)]
pub(super) struct Fields(Block);

impl Fields {
    pub(super) fn push(&mut self, property: Property<'_>) -> Result<(), Refusal> {
        self.0.push(property).map_err(|error| error.to_string())
    }

    pub(super) fn number<T>(
        &mut self,
        value: Option<T>,
        make: fn(T) -> Property<'static>,
    ) -> Result<(), Refusal> {
        value.map_or(Ok(()), |value| self.push(make(value)))
    }

    pub(super) fn flag(
        &mut self,
        value: Option<u8>,
        make: fn(bool) -> Property<'static>,
    ) -> Result<(), Refusal> {
        match value {
            None => Ok(()),
            Some(value @ (0 | 1)) => self.push(make(value == 1)),
            Some(value) => Err(format!("{value} is no flag")),
        }
    }

    pub(super) fn text<'a>(
        &mut self,
        value: &'a Option<String>,
        make: fn(Text<&'a str>) -> Property<'a>,
    ) -> Result<(), Refusal> {
        match value {
            None => Ok(()),
            Some(value) => self.push(make(text(value)?)),
        }
    }

    pub(super) fn bytes<'a>(
        &mut self,
        value: &'a Option<bytes::Bytes>,
        make: fn(Binary<&'a [u8]>) -> Property<'a>,
    ) -> Result<(), Refusal> {
        match value {
            None => Ok(()),
            Some(value) => self.push(make(Binary::new(&value[..]).expect("it was read"))),
        }
    }

    pub(super) fn user(&mut self, pairs: &[(String, String)]) -> Result<(), Refusal> {
        pairs.iter().try_for_each(|(name, value)| {
            self.push(Property::UserProperty(text(name)?, text(value)?))
        })
    }

    pub(super) fn response_topic(&mut self, value: &Option<String>) -> Result<(), Refusal> {
        match value {
            None => Ok(()),
            Some(value) => self.push(Property::ResponseTopic(topic(value)?.borrow())),
        }
    }

    /// The properties by identifier, as models have them.
    pub(super) fn block(self) -> Block {
        sorted(&self.0.borrow())
    }
}

pub(super) fn text(text: &str) -> Result<Text<&str>, Refusal> {
    Text::new(text).map_err(|error| error.to_string())
}

pub(super) fn topic(name: &str) -> Result<TopicName, Refusal> {
    TopicName::try_from(name).map_err(|error| error.to_string())
}

pub(super) fn filter(filter: &str) -> Result<TopicFilter, Refusal> {
    TopicFilter::try_from(filter).map_err(|error| error.to_string())
}

pub(super) fn packet_id(id: u16) -> Result<PacketId, Refusal> {
    PacketId::new(id).ok_or_else(|| "the packet identifier is 0".to_owned())
}

pub(super) fn qos(level: u8) -> QoS {
    QoS::from_u8(level).expect("the peer has no others")
}

/// What is there, where the peer has an empty text for what is not.
pub(super) fn unless_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

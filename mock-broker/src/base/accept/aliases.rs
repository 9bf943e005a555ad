//! Topic aliases of one connection, in either direction (section 3.3.2.3.4).

use std::collections::HashMap;

use nack_codec::{Publish, ReasonCode, TopicName};

/// The aliases of topics of the client's messages.
#[derive(Default)]
pub(super) struct Incoming(HashMap<u16, TopicName>);

/// The aliases of topics of messages to the client.
#[derive(Default)]
pub(super) struct Outgoing {
    /// How many there may be.
    pub(super) maximum: u16,
    topics: HashMap<TopicName, u16>,
}

/// How the topic of one message is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alias {
    pub(super) number: u16,
    /// Whether the client has been told which topic it stands for.
    pub(super) is_known: bool,
}

impl Incoming {
    /// The topic of a message, and from now on of its alias.
    pub(super) fn resolve(
        &mut self,
        publish: &Publish<'_>,
        maximum: u16,
    ) -> Result<TopicName, (ReasonCode, &'static str)> {
        let alias = publish.properties.topic_alias();
        if alias.is_some_and(|alias| alias == 0 || alias > maximum) {
            return Err((
                ReasonCode::TopicAliasInvalid,
                "a topic alias above the topic alias maximum [MQTT-3.2.2-17]",
            ));
        }
        let unknown = (
            ReasonCode::ProtocolError,
            "a topic alias that stands for no topic yet (section 3.3.2.3.4)",
        );
        match (publish.topic, alias) {
            (Some(topic), None) => Ok(topic.to_owned()),
            (Some(topic), Some(alias)) => {
                self.0.insert(alias, topic.to_owned());
                Ok(topic.to_owned())
            }
            (None, Some(alias)) => self.0.get(&alias).cloned().ok_or(unknown),
            (None, None) => Err(unknown),
        }
    }
}

impl Outgoing {
    pub(super) fn new(maximum: u16) -> Self {
        Self {
            maximum,
            topics: HashMap::new(),
        }
    }

    /// The alias of a topic, or a free one for it; `None` where there is none left.
    pub(super) fn for_topic(&self, topic: &TopicName) -> Option<Alias> {
        if let Some(number) = self.topics.get(topic) {
            return Some(Alias {
                number: *number,
                is_known: true,
            });
        }
        // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
        let number = u16::try_from(self.topics.len() + 1).ok()?;
        (number <= self.maximum).then_some(Alias {
            number,
            is_known: false,
        })
    }

    /// The client was told what the alias stands for.
    pub(super) fn keep(&mut self, topic: &TopicName, alias: Alias) {
        if !alias.is_known {
            self.topics.insert(topic.clone(), alias.number);
        }
    }
}

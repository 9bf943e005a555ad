//! Topic aliases of one connection, in either direction (section 3.3.2.3.4).

use std::collections::HashMap;

use nack_codec::{Publish, ReasonCode, TopicName};

use crate::Received;

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
    /// What an alias stands for where a message leaves its topic out; where it does not, the alias
    /// stands for that topic from now on.
    pub(super) fn learn(&mut self, publish: &Publish<'_>, maximum: u16) -> Option<TopicName> {
        let alias = publish.properties.topic_alias()?;
        if let Some(topic) = publish.topic
            && is_valid(alias, maximum)
        {
            self.0.insert(alias, topic.to_owned());
        }
        match publish.topic {
            Some(_) => None,
            None => self.0.get(&alias).cloned(),
        }
    }
}

/// The topic of a message that came, which it names or its alias stands for.
pub(super) fn resolved(
    received: &Received<'_>,
    publish: &Publish<'_>,
    maximum: u16,
) -> Result<TopicName, (ReasonCode, &'static str)> {
    let alias = publish.properties.topic_alias();
    if alias.is_some_and(|alias| !is_valid(alias, maximum)) {
        return Err((
            ReasonCode::TopicAliasInvalid,
            "a topic alias above the topic alias maximum [MQTT-3.2.2-17]",
        ));
    }
    let topic = received.topic_name().map(TopicName::to_owned);
    topic.ok_or((
        ReasonCode::ProtocolError,
        "a topic alias that stands for no topic yet (section 3.3.2.3.4)",
    ))
}

/// [MQTT-3.3.2-8], [MQTT-3.3.2-9]
const fn is_valid(alias: u16, maximum: u16) -> bool {
    alias > 0 && alias <= maximum
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

    /// What an alias stands for that the client knows.
    pub(super) fn topic(&self, alias: u16) -> Option<&TopicName> {
        let mut topics = self.topics.iter();
        topics
            .find(|(_, number)| **number == alias)
            .map(|(topic, _)| topic)
    }

    /// The client was told what the alias stands for.
    pub(super) fn keep(&mut self, topic: &TopicName, alias: Alias) {
        if !alias.is_known {
            self.topics.insert(topic.clone(), alias.number);
        }
    }
}

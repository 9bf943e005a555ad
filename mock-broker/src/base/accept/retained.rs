//! The last retained message of each topic.

use std::collections::HashMap;
use std::sync::Arc;

use nack_codec::{TopicFilter, TopicName};

use super::limits::{RETAINED_BYTES, RETAINED_MESSAGES};
use super::message::Message;

/// Retained messages by topic.
#[derive(Default)]
pub(super) struct Retained {
    messages: HashMap<TopicName, Arc<Message>>,
    bytes: usize,
}

impl Retained {
    /// Whether there is room for one more, of this topic and this size.
    pub(super) fn has_room_for(&self, topic: &TopicName, size: usize) -> bool {
        let replaces = self.messages.contains_key(topic);
        (replaces || self.messages.len() < RETAINED_MESSAGES) && self.bytes + size <= RETAINED_BYTES
    }

    /// Keeps the message in place of the last of its topic (`[MQTT-3.3.1-5]`); an empty one only
    /// removes that (`[MQTT-3.3.1-6]`, `[MQTT-3.3.1-7]`).
    pub(super) fn keep(&mut self, message: &Arc<Message>) {
        let last = if message.payload.is_empty() {
            self.messages.remove(&message.topic)
        } else {
            self.bytes += message.size();
            self.messages.insert(message.topic.clone(), message.clone())
        };
        if let Some(last) = last {
            self.bytes -= last.size();
        }
    }

    /// Forgets all; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        std::mem::take(&mut self.messages).len()
    }

    /// The messages that a new subscription of the filter is sent, in the order of their topics.
    pub(super) fn matching(&self, filter: TopicFilter<&str>) -> Vec<Arc<Message>> {
        let mut messages: Vec<_> = self
            .messages
            .values()
            .filter(|message| filter.matches(message.topic.borrow()))
            .filter(|message| !message.has_expired())
            .cloned()
            .collect();
        messages.sort_by(|one, other| one.topic.cmp(&other.topic));
        messages
    }
}

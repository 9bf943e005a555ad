//! The last retained message of each topic.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use nack_codec::{TopicFilter, TopicName};

use super::limits::{RETAINED_BYTES, RETAINED_MESSAGES};
use super::message::Message;

/// Retained messages by topic, in the order of topics: those that begin alike lie side by side.
#[derive(Default)]
pub(super) struct Retained {
    messages: BTreeMap<String, Arc<Message>>,
    bytes: usize,
}

impl Retained {
    /// Whether there is room for one more, of this topic and this size.
    pub(super) fn has_room_for(&self, topic: &TopicName, size: usize) -> bool {
        let replaces = self.messages.contains_key(topic.as_str());
        (replaces || self.messages.len() < RETAINED_MESSAGES) && self.bytes + size <= RETAINED_BYTES
    }

    /// Keeps the message in place of the last of its topic (`[MQTT-3.3.1-5]`); an empty one only
    /// removes that (`[MQTT-3.3.1-6]`, `[MQTT-3.3.1-7]`).
    pub(super) fn keep(&mut self, message: &Arc<Message>) {
        let last = if message.payload.is_empty() {
            self.messages.remove(message.topic.as_str())
        } else {
            self.bytes += message.size();
            let topic = message.topic.as_str().to_owned();
            self.messages.insert(topic, message.clone())
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
    ///
    /// Only those are looked at that begin like the filter before its first wildcard.
    pub(super) fn matching(&self, filter: TopicFilter<&str>) -> Vec<Arc<Message>> {
        let text = filter.get();
        if !filter.has_wildcards() {
            let message = self.messages.get(text);
            let message = message.filter(|message| !message.has_expired());
            return message.cloned().into_iter().collect();
        }
        // Without the slash before the wildcard: `a/#` matches `a` too.
        let before = text.split(['+', '#']).next().unwrap_or_default();
        let prefix = before.strip_suffix('/').unwrap_or(before);
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.messages
            .range::<str, _>(from)
            .take_while(|(topic, _)| topic.starts_with(prefix))
            .map(|(_, message)| message)
            .filter(|message| filter.matches(message.topic.borrow()))
            .filter(|message| !message.has_expired())
            .cloned()
            .collect()
    }
}

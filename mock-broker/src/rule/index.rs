//! Which rules can be about a packet, so that a thousand rules cost it little: by what kind of
//! thing it is, and by the levels with which its topic begins.

use std::borrow::Cow;
use std::collections::HashMap;

use nack_codec::TopicFilter;

use super::matcher::{Interest, KINDS, is_publish, kind_of, kinds_of_sent};
use crate::Received;

/// Rules by what they can be about. A rule is its place in the order of all.
#[derive(Clone)]
pub(super) struct Index([Level; KINDS]);

/// The rules that are about topics that begin with certain levels, and about more of them.
#[derive(Clone, Default)]
struct Level {
    /// Ascending. Those of the uppermost level are not about topics, or about any.
    rules: Vec<u32>,
    below: HashMap<Box<str>, Self>,
}

/// What is told apart by its topic at all: what is told apart by levels behind these only is not.
/// Filters have thousands of levels if somebody wants, and what is nested like that is dropped by
/// as many calls.
const LEVELS: usize = 8;

impl Default for Index {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Level::default()))
    }
}

impl Index {
    /// Adds a rule behind those that are there. It is about nothing but topics that the filter
    /// asks for, if there is one.
    pub(super) fn add(&mut self, rule: u32, interest: Interest, filter: Option<TopicFilter<&str>>) {
        for (kind, top) in self.0.iter_mut().enumerate() {
            if !interest.has_kind(kind) {
                continue;
            }
            match filter {
                None => top.rules.push(rule),
                Some(filter) if is_publish(kind) => top.of(filter).rules.push(rule),
                // Nothing else has a topic.
                Some(_) => {}
            }
        }
    }

    /// The rules that can be about this, in their order.
    pub(super) fn candidates(&self, received: &Received<'_>) -> Cow<'_, [u32]> {
        let mut level = &self.0[kind_of(received)];
        let mut found = Cow::Borrowed(&level.rules[..]);
        let Some(topic) = received.topic() else {
            return found;
        };
        for name in topic.split('/') {
            let Some(next) = level.below.get(name) else {
                break;
            };
            level = next;
            if found.is_empty() {
                found = Cow::Borrowed(&level.rules);
            } else if !level.rules.is_empty() {
                found.to_mut().extend_from_slice(&level.rules);
            }
        }
        if let Cow::Owned(found) = &mut found {
            found.sort_unstable();
        }
        found
    }

    /// Whether some rule can be about these bytes on their way to a client.
    pub(super) fn is_about_sent(&self, packet: &[u8]) -> bool {
        kinds_of_sent(packet)
            .into_iter()
            .any(|kind| !self.0[kind].rules.is_empty() || !self.0[kind].below.is_empty())
    }
}

impl Level {
    /// The level of the rules about this filter: its levels before the first wildcard.
    fn of(&mut self, filter: TopicFilter<&str>) -> &mut Self {
        let filter = match filter.shared() {
            Ok(Some(shared)) => shared.filter.get(),
            _ => filter.get(),
        };
        filter
            .split('/')
            .take_while(|name| !matches!(*name, "+" | "#"))
            .take(LEVELS)
            .fold(self, |level, name| {
                level.below.entry(name.into()).or_default()
            })
    }
}

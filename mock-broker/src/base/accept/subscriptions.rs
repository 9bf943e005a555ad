//! Who subscribes to what.

use std::collections::HashMap;
use std::sync::Arc;

use nack_codec::{SubscriptionOptions, TopicFilter, TopicName};

/// The subscriptions of all sessions, by topic filter. Filters without wildcards are looked up;
/// those with wildcards are tried one by one.
#[derive(Default)]
pub(super) struct Subscriptions {
    exact: HashMap<Arc<str>, Vec<Subscriber>>,
    wildcard: HashMap<TopicFilter, Vec<Subscriber>>,
    shared: HashMap<Share, Members>,
}

/// One session's subscription of a filter.
#[derive(Clone, Debug)]
pub(super) struct Subscriber {
    pub(super) session: Arc<str>,
    /// With the QoS that was granted.
    pub(super) options: SubscriptionOptions,
    pub(super) identifier: Option<u32>,
}

/// A share name and the filter behind it.
#[derive(PartialEq, Eq, Hash)]
struct Share {
    name: Arc<str>,
    filter: TopicFilter,
}

#[derive(Default)]
struct Members {
    members: Vec<Subscriber>,
    /// Who comes next: they take turns.
    next: usize,
}

impl Subscriptions {
    /// Adds a subscription, or replaces the session's subscription of the same filter
    /// (`[MQTT-3.8.4-3]`); whether it is new.
    ///
    /// A filter that begins with `$share/` is a shared subscription in 3.1.1 too, as brokers in
    /// the field have it.
    pub(super) fn add(&mut self, filter: TopicFilter<&str>, subscriber: Subscriber) -> bool {
        let subscribers = match filter.shared() {
            Ok(Some(shared)) => {
                let share = Share {
                    name: shared.share_name.get().into(),
                    filter: shared.filter.to_owned(),
                };
                &mut self.shared.entry(share).or_default().members
            }
            _ if filter.has_wildcards() => self.wildcard.entry(filter.to_owned()).or_default(),
            _ => self.exact.entry(filter.get().into()).or_default(),
        };
        let of_session = subscribers
            .iter_mut()
            .find(|other| other.session == subscriber.session);
        match of_session {
            Some(other) => {
                *other = subscriber;
                false
            }
            None => {
                subscribers.push(subscriber);
                true
            }
        }
    }

    /// Ends a subscription; whether there was one.
    pub(super) fn remove(&mut self, filter: TopicFilter<&str>, session: &str) -> bool {
        match filter.shared() {
            Ok(Some(shared)) => {
                let share = Share {
                    name: shared.share_name.get().into(),
                    filter: shared.filter.to_owned(),
                };
                let Some(members) = self.shared.get_mut(&share) else {
                    return false;
                };
                let was_there = take(&mut members.members, session);
                if members.members.is_empty() {
                    self.shared.remove(&share);
                }
                was_there
            }
            _ if filter.has_wildcards() => {
                take_from(&mut self.wildcard, &filter.to_owned(), session)
            }
            _ => take_from(&mut self.exact, &Arc::from(filter.get()), session),
        }
    }

    /// Ends all subscriptions of a session.
    pub(super) fn remove_session(&mut self, session: &str) {
        self.exact.retain(|_, subscribers| {
            take(subscribers, session);
            !subscribers.is_empty()
        });
        self.wildcard.retain(|_, subscribers| {
            take(subscribers, session);
            !subscribers.is_empty()
        });
        self.shared.retain(|_, members| {
            take(&mut members.members, session);
            !members.members.is_empty()
        });
    }

    /// The subscriptions that a topic matches, without the shared ones.
    pub(super) fn matching<'a>(
        &'a self,
        topic: TopicName<&'a str>,
    ) -> impl Iterator<Item = &'a Subscriber> {
        let exact = self.exact.get(topic.get()).into_iter();
        let wildcard = self
            .wildcard
            .iter()
            .filter(move |(filter, _)| filter.matches(topic))
            .map(|(_, subscribers)| subscribers);
        exact.chain(wildcard).flatten()
    }

    /// For each share that a topic matches, whose turn it is: somebody who can take it now, or, if
    /// nobody can, the next.
    pub(super) fn matching_shares(
        &mut self,
        topic: TopicName<&str>,
        can_take: impl Fn(&str) -> bool,
    ) -> Vec<Subscriber> {
        let mut chosen = Vec::new();
        for (share, members) in &mut self.shared {
            if !share.filter.matches(topic) {
                continue;
            }
            let count = members.members.len();
            let turns = (0..count).map(|turn| (members.next + turn) % count);
            let able = turns
                .clone()
                .find(|index| can_take(&members.members[*index].session));
            if let Some(index) = able.or_else(|| turns.min()) {
                members.next = (index + 1) % count;
                chosen.push(members.members[index].clone());
            }
        }
        chosen
    }
}

fn take_from<K: Eq + std::hash::Hash>(
    table: &mut HashMap<K, Vec<Subscriber>>,
    filter: &K,
    session: &str,
) -> bool {
    let Some(subscribers) = table.get_mut(filter) else {
        return false;
    };
    let was_there = take(subscribers, session);
    if subscribers.is_empty() {
        table.remove(filter);
    }
    was_there
}

fn take(subscribers: &mut Vec<Subscriber>, session: &str) -> bool {
    let before = subscribers.len();
    subscribers.retain(|subscriber| &*subscriber.session != session);
    subscribers.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;
    use nack_codec::QoS;

    fn subscriber(session: &str) -> Subscriber {
        Subscriber {
            session: session.into(),
            options: SubscriptionOptions::at(QoS::AtMostOnce),
            identifier: None,
        }
    }

    fn filter(filter: &str) -> TopicFilter<&str> {
        TopicFilter::new(filter).unwrap()
    }

    fn sessions(subscriptions: &Subscriptions, topic: &str) -> Vec<String> {
        let topic = TopicName::new(topic).unwrap();
        let mut sessions: Vec<_> = subscriptions
            .matching(topic)
            .map(|subscriber| subscriber.session.to_string())
            .collect();
        sessions.sort();
        sessions
    }

    #[test]
    fn filters_with_and_without_wildcards_are_found() {
        let mut table = Subscriptions::default();
        assert!(table.add(filter("a/b"), subscriber("exact")));
        assert!(table.add(filter("a/+"), subscriber("plus")));
        assert!(table.add(filter("#"), subscriber("hash")));
        assert_eq!(sessions(&table, "a/b"), ["exact", "hash", "plus"]);
        assert_eq!(sessions(&table, "a/c"), ["hash", "plus"]);
        assert!(sessions(&table, "$SYS/x").is_empty());
    }

    #[test]
    fn a_session_has_one_subscription_a_filter() {
        let mut table = Subscriptions::default();
        assert!(table.add(filter("a"), subscriber("s")));
        assert!(!table.add(filter("a"), subscriber("s")));
        assert_eq!(sessions(&table, "a"), ["s"]);
        assert!(table.remove(filter("a"), "s"));
        assert!(!table.remove(filter("a"), "s"));
        assert!(sessions(&table, "a").is_empty());
    }

    #[test]
    fn a_session_that_ends_takes_its_subscriptions_with_it() {
        let mut table = Subscriptions::default();
        for text in ["a", "+", "$share/g/a"] {
            assert!(table.add(filter(text), subscriber("gone")));
            assert!(table.add(filter(text), subscriber("here")));
        }
        table.remove_session("gone");
        assert_eq!(sessions(&table, "a"), ["here", "here"]);
        assert!(!table.remove(filter("$share/g/a"), "gone"));
    }

    #[test]
    fn members_of_a_share_take_turns_and_skip_those_who_are_away() {
        let mut table = Subscriptions::default();
        for session in ["a", "b", "c"] {
            assert!(table.add(filter("$share/g/t/#"), subscriber(session)));
        }
        let topic = TopicName::new("t/1").unwrap();
        let mut next = |away: &str| {
            let chosen = table.matching_shares(topic, |session| session != away);
            chosen[0].session.to_string()
        };
        assert_eq!(next(""), "a");
        assert_eq!(next("b"), "c");
        assert_eq!(next(""), "a");
        assert_eq!(next(""), "b");
    }
}

//! Who subscribes to what.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use nack_codec::{SubscriptionOptions, TopicFilter, TopicName};

/// The subscriptions of all sessions, as a tree of the levels of their topic filters: a topic is
/// looked up level by level, and costs nothing for filters that it has nothing in common with.
///
/// Nodes lie in one vector and name each other by index, as a filter may have 65,536 levels, which
/// is more than functions can call themselves.
pub(super) struct Subscriptions {
    nodes: Vec<Node>,
    /// Nodes that are not in use.
    free: Vec<usize>,
    /// The filters of each session.
    by_session: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// How many of them are shared subscriptions.
    shared: usize,
}

/// A level of topic filters, behind the levels of its parents.
#[derive(Default)]
struct Node {
    parent: usize,
    level: Arc<str>,
    /// By level; `+` and `#` too, which are no levels of topics.
    children: HashMap<Arc<str>, usize>,
    /// The subscriptions of the filter that ends here, by session.
    subscribers: HashMap<Arc<str>, Subscriber>,
    /// The shared subscriptions of that filter, by share name.
    shares: HashMap<Arc<str>, Members>,
}

/// One session's subscription of a filter.
#[derive(Clone, Debug)]
pub(super) struct Subscriber {
    pub(super) session: Arc<str>,
    /// With the QoS that was granted.
    pub(super) options: SubscriptionOptions,
    pub(super) identifier: Option<u32>,
}

#[derive(Default)]
struct Members {
    members: Vec<Subscriber>,
    /// Who comes next: they take turns.
    next: usize,
}

/// Whether a member of a share can take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is connected.
    Here,
    /// It may come back.
    Away,
    /// Its session is over: what it was given would be lost.
    Expired,
}

const ROOT: usize = 0;

impl Default for Subscriptions {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            free: Vec::new(),
            by_session: HashMap::new(),
            shared: 0,
        }
    }
}

impl Subscriptions {
    /// How many levels of topic filters are kept.
    pub(super) const fn levels(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Whether the session has a subscription of this filter.
    pub(super) fn contains(&self, filter: TopicFilter<&str>, session: &str) -> bool {
        let filters = self.by_session.get(session);
        filters.is_some_and(|filters| filters.contains(filter.get()))
    }

    /// Adds a subscription, or replaces the session's subscription of the same filter
    /// (`[MQTT-3.8.4-3]`); whether it is new.
    ///
    /// A filter that begins with `$share/` is a shared subscription in 3.1.1 too, as brokers in
    /// the field have it.
    pub(super) fn add(&mut self, filter: TopicFilter<&str>, subscriber: Subscriber) -> bool {
        let (share, behind) = split(filter);
        let index = self.node_for(behind);
        let session = subscriber.session.clone();
        let node = &mut self.nodes[index];
        let is_new = match share {
            None => node
                .subscribers
                .insert(session.clone(), subscriber)
                .is_none(),
            Some(name) => {
                let members = &mut node.shares.entry(name.into()).or_default().members;
                match members.iter_mut().find(|other| other.session == session) {
                    Some(other) => {
                        *other = subscriber;
                        false
                    }
                    None => {
                        members.push(subscriber);
                        self.shared += 1;
                        true
                    }
                }
            }
        };
        if is_new {
            let filters = self.by_session.entry(session).or_default();
            filters.insert(filter.get().into());
        }
        is_new
    }

    /// Ends a subscription; whether there was one.
    pub(super) fn remove(&mut self, filter: TopicFilter<&str>, session: &str) -> bool {
        let was_there = self.remove_from_tree(filter, session);
        if was_there && let Some(filters) = self.by_session.get_mut(session) {
            filters.remove(filter.get());
            if filters.is_empty() {
                self.by_session.remove(session);
            }
        }
        was_there
    }

    /// Ends all subscriptions of a session.
    pub(super) fn remove_session(&mut self, session: &str) {
        for filter in self.by_session.remove(session).unwrap_or_default() {
            if let Ok(filter) = TopicFilter::new(&*filter) {
                self.remove_from_tree(filter, session);
            }
        }
    }

    /// The subscriptions that a topic matches, without the shared ones.
    pub(super) fn matching(&self, topic: TopicName<&str>) -> impl Iterator<Item = &Subscriber> {
        let nodes = self.matching_nodes(topic).into_iter();
        nodes.flat_map(|index| self.nodes[index].subscribers.values())
    }

    /// For each share that a topic matches, whose turn it is: the next who is here, or, if nobody
    /// is, the next who may come back.
    pub(super) fn matching_shares(
        &mut self,
        topic: TopicName<&str>,
        presence: impl Fn(&str) -> Presence,
    ) -> Vec<Subscriber> {
        let mut chosen = Vec::new();
        if self.shared == 0 {
            return chosen;
        }
        for index in self.matching_nodes(topic) {
            for members in self.nodes[index].shares.values_mut() {
                chosen.extend(members.take_turn(&presence));
            }
        }
        chosen
    }

    /// The nodes at which filters end that match this topic.
    fn matching_nodes(&self, topic: TopicName<&str>) -> Vec<usize> {
        let mut found = Vec::new();
        let (mut reached, mut next) = (vec![ROOT], Vec::new());
        // [MQTT-4.7.2-1]: a topic that begins with $ is not for filters that begin with a wildcard.
        let mut wildcards = !topic.get().starts_with('$');
        for level in topic.get().split('/') {
            for node in reached.iter().map(|index| &self.nodes[*index]) {
                if wildcards {
                    found.extend(node.children.get("#"));
                    next.extend(node.children.get("+"));
                }
                next.extend(node.children.get(level));
            }
            if next.is_empty() {
                return found;
            }
            std::mem::swap(&mut reached, &mut next);
            next.clear();
            wildcards = true;
        }
        for index in reached {
            found.push(index);
            // Section 4.7.1.2: the parent of what `#` stands for matches too.
            found.extend(self.nodes[index].children.get("#"));
        }
        found
    }

    fn node_for(&mut self, filter: &str) -> usize {
        let mut index = ROOT;
        for level in filter.split('/') {
            index = match self.nodes[index].children.get(level) {
                Some(child) => *child,
                None => self.grow(index, level.into()),
            };
        }
        index
    }

    fn grow(&mut self, parent: usize, level: Arc<str>) -> usize {
        let node = Node {
            parent,
            level: level.clone(),
            ..Node::default()
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.nodes[index] = node;
                index
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.nodes[parent].children.insert(level, index);
        index
    }

    fn remove_from_tree(&mut self, filter: TopicFilter<&str>, session: &str) -> bool {
        let (share, behind) = split(filter);
        let mut index = ROOT;
        for level in behind.split('/') {
            match self.nodes[index].children.get(level) {
                Some(child) => index = *child,
                None => return false,
            }
        }
        let node = &mut self.nodes[index];
        let was_there = match share {
            None => node.subscribers.remove(session).is_some(),
            Some(name) => match node.shares.get_mut(name) {
                Some(share) => {
                    let was_there = share.remove(session);
                    self.shared -= usize::from(was_there);
                    if share.members.is_empty() {
                        node.shares.remove(name);
                    }
                    was_there
                }
                None => false,
            },
        };
        self.prune(index);
        was_there
    }

    /// Removes the node if nothing is left of it, and so up to the root.
    fn prune(&mut self, mut index: usize) {
        while index != ROOT && self.nodes[index].is_bare() {
            let node = std::mem::take(&mut self.nodes[index]);
            self.nodes[node.parent].children.remove(&node.level);
            self.free.push(index);
            index = node.parent;
        }
    }
}

impl Node {
    fn is_bare(&self) -> bool {
        self.children.is_empty() && self.subscribers.is_empty() && self.shares.is_empty()
    }
}

impl Members {
    fn take_turn(&mut self, presence: impl Fn(&str) -> Presence) -> Option<Subscriber> {
        let count = self.members.len();
        let next = |wanted| {
            let mut turns = (0..count).map(|turn| (self.next + turn) % count);
            turns.find(|index| presence(&self.members[*index].session) == wanted)
        };
        let index = next(Presence::Here).or_else(|| next(Presence::Away))?;
        self.next = (index + 1) % count;
        Some(self.members[index].clone())
    }

    fn remove(&mut self, session: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|member| &*member.session != session);
        self.members.len() < before
    }
}

/// The share name, if there is one, and the filter that topics are matched with.
fn split(filter: TopicFilter<&str>) -> (Option<&str>, &str) {
    let text = filter.get();
    let is_shared = matches!(filter.shared(), Ok(Some(_)));
    let parts = text.strip_prefix("$share/").filter(|_| is_shared);
    match parts.and_then(|rest| rest.split_once('/')) {
        Some((name, behind)) => (Some(name), behind),
        None => (None, text),
    }
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
            let chosen = table.matching_shares(topic, |session| match session == away {
                true => Presence::Away,
                false => Presence::Here,
            });
            chosen[0].session.to_string()
        };
        assert_eq!(next(""), "a");
        assert_eq!(next("b"), "c");
        assert_eq!(next(""), "a");
        assert_eq!(next(""), "b");
    }

    #[test]
    fn members_of_a_share_that_have_expired_get_no_turn() {
        let mut table = Subscriptions::default();
        for session in ["a", "b", "c"] {
            assert!(table.add(filter("$share/g/t"), subscriber(session)));
        }
        let topic = TopicName::new("t").unwrap();
        let mut next = |expired: &[&str]| {
            let chosen = table.matching_shares(topic, |session| match expired.contains(&session) {
                true => Presence::Expired,
                false => Presence::Away,
            });
            let mut chosen = chosen.into_iter().map(|it| it.session.to_string());
            chosen.next()
        };
        assert_eq!(next(&["a"]).as_deref(), Some("b"));
        assert_eq!(next(&["a", "c"]).as_deref(), Some("b"));
        assert_eq!(next(&[]).as_deref(), Some("c"));
        assert_eq!(next(&["a", "b", "c"]), None);
    }

    #[test]
    fn nothing_is_left_of_subscriptions_that_ended() {
        let mut table = Subscriptions::default();
        let deep = "/".repeat(65_535);
        for text in ["a/b/c", "a/#", "$share/g/a/b", &deep] {
            table.add(filter(text), subscriber("one"));
            table.add(filter(text), subscriber("two"));
        }
        assert_eq!(sessions(&table, &deep), ["one", "two"]);
        table.remove_session("one");
        for text in ["a/b/c", "a/#", "$share/g/a/b", &deep] {
            assert!(table.remove(filter(text), "two"));
        }
        assert_eq!(table.levels(), 1);
        assert!(table.by_session.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn the_tree_finds_what_a_scan_finds(
            changes in proptest::collection::vec(
                (proptest::bool::weighted(0.7), "(\\$share/g/)?([ab$+]|)(/([ab+]|)){0,3}(/#)?|#", "[xyz]"),
                0..60,
            ),
            topics in proptest::collection::vec("([ab$]|)(/([ab]|)){0,4}", 1..20),
        ) {
            let mut table = Subscriptions::default();
            let mut scan = std::collections::BTreeSet::new();
            for (adds, text, session) in &changes {
                let Ok(filter) = TopicFilter::new(text.as_str()) else { continue };
                if *adds {
                    let is_new = scan.insert((text.clone(), session.clone()));
                    proptest::prop_assert_eq!(table.add(filter, subscriber(session)), is_new);
                } else {
                    let was_there = scan.remove(&(text.clone(), session.clone()));
                    proptest::prop_assert_eq!(table.remove(filter, session), was_there);
                }
            }
            for text in &topics {
                let Ok(topic) = TopicName::new(text.as_str()) else { continue };
                let matched = scan.iter().filter(|(filter, _)| {
                    TopicFilter::new(filter.as_str()).unwrap().matches(topic)
                });
                let (shared, plain): (Vec<_>, Vec<_>) =
                    matched.partition(|(filter, _)| filter.starts_with("$share/"));
                let mut expected: Vec<_> =
                    plain.into_iter().map(|(_, session)| session.clone()).collect();
                expected.sort();
                proptest::prop_assert_eq!(sessions(&table, text), expected);
                let shares: std::collections::BTreeSet<_> =
                    shared.into_iter().map(|(filter, _)| filter).collect();
                proptest::prop_assert_eq!(table.matching_shares(topic, |_| Presence::Here).len(), shares.len());
            }
        }
    }
}

//! The index against the rules themselves: asked by it or all of them, the same one wins and the same
//! is counted.

use bytes::{Bytes, BytesMut};
use nack_codec::{Packet, Properties, Publish, QoS, TopicFilter, TopicName, Version};
use proptest::prelude::*;

use super::super::matcher::{any_packet, malformed, opened, puback, publish, subscribe};
use super::super::{action, matcher::PacketMatcher};
use super::*;
use crate::journal::Source;
use crate::{Direction, TransportKind};

/// Everything about a rule that the index and the counts depend on.
#[derive(Clone, Debug)]
struct Plan {
    kind: u8,
    way: u8,
    filter: Option<String>,
    nth: Option<u32>,
    per_connection: bool,
    watches: bool,
    limit: Option<u32>,
}

impl Plan {
    fn rule(&self) -> Rule {
        let rule = match self.kind {
            0..=3 => Rule::given(self.asked(publish())),
            4 => Rule::given(self.asked(any_packet())),
            5 => Rule::given(self.asked(puback())),
            6 => Rule::given(self.asked(subscribe())),
            7 => Rule::given(self.asked(malformed())),
            8 => Rule::given(opened()),
            _ => Rule::given(|it: &Received<'_>| it.topic().is_none_or(|it| it.len() == 3)),
        };
        let rule = match self.watches {
            true => rule,
            false => rule.then(action::no_answer()),
        };
        match self.limit {
            Some(limit) => rule.times(limit),
            None => rule,
        }
    }

    fn asked(&self, mut matcher: PacketMatcher) -> PacketMatcher {
        if let Some(filter) = &self.filter {
            matcher = matcher.topic(filter);
        }
        if let Some(nth) = self.nth {
            matcher = matcher.nth(nth);
        }
        if self.per_connection {
            matcher = matcher.per_connection();
        }
        match self.way {
            0 => matcher.to_client(),
            1 => matcher.either_way(),
            _ => matcher,
        }
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let way = (0_u8..10, 0_u8..4, prop::option::weighted(0.7, filters()));
    let turns = (prop::option::weighted(0.3, 1_u32..4), any::<bool>());
    let hits = (any::<bool>(), prop::option::weighted(0.5, 0_u32..4));
    (way, turns, hits).prop_map(
        |((kind, way, filter), (nth, per_connection), (watches, limit))| Plan {
            kind,
            way,
            filter,
            nth,
            per_connection,
            watches,
            limit,
        },
    )
}

/// Short, of few levels, so that they often match; and some below where the index looks.
fn filters() -> impl Strategy<Value = String> {
    "(\\$share/g/)?((a|b|\\+|\\$s|)/){0,3}(a|b|\\+|#)|(a/){7,9}(\\+/)?(a|b|#)"
        .prop_filter("a filter", |it| TopicFilter::new(&**it).is_ok())
}

fn packets() -> impl Strategy<Value = (u32, Direction, Option<Bytes>)> {
    let topics = "((a|b|\\$s|)/){0,3}(a|b)|(a/){7,10}(a|b)";
    let packets = prop_oneof![
        6 => topics.prop_map(|topic| Some(message(&topic))),
        1 => Just(Some(Bytes::from_static(b"\x40\x02\x00\x01"))),
        1 => Just(Some(Bytes::from_static(b"\x82\x07\x00\x01\x00\x00\x01a\x00"))),
        1 => Just(Some(Bytes::from_static(b"\xFF\x00"))),
        1 => Just(None),
    ];
    let ways = prop_oneof![Just(Direction::FromClient), Just(Direction::ToClient)];
    (1_u32..3, ways, packets)
}

fn message(topic: &str) -> Bytes {
    let mut bytes = BytesMut::new();
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: Some(TopicName::new(topic).unwrap()),
        packet_id: None,
        properties: Properties::empty(),
        payload: b"",
    };
    let encoded = Packet::Publish(publish).encode(Version::V5, &mut bytes);
    encoded.unwrap();
    bytes.freeze()
}

/// Asks every rule that is interested, as if there were no index.
fn judge_all(rules: &RuleSet, received: &Received<'_>) -> Option<(Arc<Mounted>, Vec<Action>)> {
    let rules = rules.ordered();
    let interested = rules
        .all
        .iter()
        .filter(|rule| rule.rule.matcher.interest().includes(received));
    Ordered::judge(received, interested)
}

fn counts(rules: &RuleSet) -> Vec<(u32, u32)> {
    let all = rules.all();
    all.iter().map(|it| (it.matches(), it.hits())).collect()
}

proptest! {
    #[test]
    fn the_index_changes_nothing_but_the_time_that_it_takes(
        plans in prop::collection::vec(plans(), 0..20),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        packets in prop::collection::vec(packets(), 0..30),
    ) {
        let (indexed, naive) = (RuleSet::default(), RuleSet::default());
        for rules in [&indexed, &naive] {
            let mount = |plan: &Plan| rules.mount(plan.rule(), Location::caller());
            let mut mounted: Vec<_> = plans.iter().map(mount).collect();
            for end in &ends {
                if !mounted.is_empty() {
                    rules.end(&mounted.swap_remove(end.index(mounted.len())));
                }
            }
        }
        for (connection, way, raw) in packets {
            let source = Source::stranger(connection, TransportKind::Memory);
            let received = match &raw {
                Some(raw) => Received::new(&source, way, raw, None).unwrap(),
                None => Received::opened(&source),
            };
            let winner = indexed.judge(&received).map(|(rule, _)| rule);
            let expected = judge_all(&naive, &received).map(|(rule, _)| rule);
            let place = |rules: &RuleSet, rule: Arc<Mounted>| {
                rules.all().iter().position(|other| Arc::ptr_eq(other, &rule))
            };
            let expected = expected.and_then(|rule| place(&naive, rule));
            prop_assert_eq!(winner.and_then(|rule| place(&indexed, rule)), expected);
            let may_be = way == Direction::ToClient && raw.is_some() && expected.is_some();
            let about_sent = raw.is_some_and(|raw| indexed.are_about_sent(&raw));
            prop_assert!(about_sent || !may_be);
            prop_assert_eq!(counts(&indexed), counts(&naive));
        }
    }
}

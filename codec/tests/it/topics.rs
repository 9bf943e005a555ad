//! Laws of topic names and filters (section 4.7), against a model that is written the other way
//! round: it lists every filter that a topic has.

use nack_codec::{TopicError, TopicFilter, TopicName};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Every filter that asks for this topic: each level may be a `+`, and any number of levels at the
/// end may be a `#`, none of them too.
fn filters_of(topic: &str) -> Vec<String> {
    let mut heads: Vec<Vec<&str>> = vec![Vec::new()];
    let mut filters = Vec::new();
    for level in topic.split('/') {
        // The rest, from this level on, may be a `#`.
        filters.extend(heads.iter().map(|head| [&head[..], &["#"]].concat()));
        heads = heads
            .iter()
            .flat_map(|head| [[&head[..], &[level]].concat(), [&head[..], &["+"]].concat()])
            .collect();
    }
    filters.extend(heads.iter().map(|head| [&head[..], &["#"]].concat()));
    filters.extend(heads);
    let mut filters: Vec<_> = filters.into_iter().map(|levels| levels.join("/")).collect();
    if topic.starts_with('$') {
        // [MQTT-4.7.2-1]
        filters.retain(|filter| !filter.starts_with(['+', '#']));
    }
    filters
}

/// Few and short levels, so that filters and topics meet.
fn levels() -> impl Strategy<Value = &'static str> {
    select(vec!["", "a", "b", "ab", "$", "$SYS", "\u{E9}", "A"])
}

fn topics() -> impl Strategy<Value = String> {
    vec(levels(), 1..5)
        .prop_map(|levels| levels.join("/"))
        .prop_filter("a topic has a character", |topic| !topic.is_empty())
}

fn filters() -> impl Strategy<Value = String> {
    let level = prop_oneof![2 => levels(), 1 => Just("+")];
    (vec(level, 0..5), any::<bool>())
        .prop_map(|(mut levels, rest)| {
            if rest || levels.is_empty() {
                levels.push("#");
            }
            levels.join("/")
        })
        .prop_filter("a filter has a character", |filter| !filter.is_empty())
}

fn matches(filter: &str, topic: &str) -> bool {
    let filter = TopicFilter::new(filter).expect("a filter");
    filter.matches(TopicName::new(topic).expect("a name"))
}

/// Any short text of the characters that matter.
fn texts() -> impl Strategy<Value = String> {
    let character = select(vec!['a', '/', '+', '#', '$', '\0', '\u{E9}']);
    vec(character, 0..7).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn a_filter_matches_the_topics_that_have_it(filter in filters(), topic in topics()) {
        prop_assert_eq!(matches(&filter, &topic), filters_of(&topic).contains(&filter));
    }

    #[test]
    fn every_filter_of_a_topic_matches_it(topic in topics()) {
        for filter in filters_of(&topic) {
            prop_assert!(matches(&filter, &topic), "{} and {}", filter, topic);
        }
    }

    #[test]
    fn a_filter_without_wildcards_matches_itself_alone(one in topics(), other in topics()) {
        prop_assert!(matches(&one, &one));
        prop_assert_eq!(matches(&one, &other), one == other);
        prop_assert!(!TopicFilter::new(&one[..]).expect("a filter").has_wildcards());
    }

    #[test]
    fn hash_matches_all_but_dollar_topics(topic in topics()) {
        prop_assert_eq!(matches("#", &topic), !topic.starts_with('$'));
    }

    #[test]
    fn a_shared_filter_matches_what_its_filter_matches(filter in filters(), topic in topics()) {
        let shared = format!("$share/group/{filter}");
        prop_assert_eq!(matches(&shared, &topic), matches(&filter, &topic));
        let shared = TopicFilter::new(&shared[..]).expect("a filter");
        let parts = shared.shared().expect("whole").expect("shared");
        prop_assert_eq!(parts.share_name.get(), "group");
        prop_assert_eq!(parts.filter.get(), &filter);
    }

    #[test]
    fn names_are_texts_without_wildcards(text in texts()) {
        let expected = !text.is_empty() && !text.contains(['+', '#', '\0']);
        prop_assert_eq!(TopicName::new(&text[..]).is_ok(), expected);
    }

    #[test]
    fn filters_are_levels_that_are_all_or_no_wildcard(text in texts()) {
        let levels: Vec<_> = text.split('/').collect();
        let good = |(index, level): (usize, &&str)| match *level {
            "+" => true,
            "#" => index == levels.len() - 1,
            level => !level.contains(['+', '#', '\0']),
        };
        let expected = !text.is_empty() && levels.iter().enumerate().all(good);
        prop_assert_eq!(TopicFilter::new(&text[..]).is_ok(), expected);
    }

    #[test]
    fn wrong_places_are_told_by_their_byte(text in texts()) {
        match TopicFilter::new(&text[..]) {
            Err(TopicError::MultiLevelWildcard { offset }) => {
                prop_assert_eq!(text.as_bytes()[offset], b'#');
            }
            Err(TopicError::SingleLevelWildcard { offset }) => {
                prop_assert_eq!(text.as_bytes()[offset], b'+');
            }
            _ => {}
        }
        if let Err(TopicError::Wildcard { offset }) = TopicName::new(&text[..]) {
            prop_assert!(matches!(text.as_bytes()[offset], b'+' | b'#'));
            prop_assert!(!text[..offset].contains(['+', '#', '\0']));
        }
    }

    #[test]
    fn shares_are_what_begins_with_the_word(name in "[a+#]{0,2}", rest in "(/[a/]{0,2})?") {
        let text = format!("$share/{name}{rest}");
        let Ok(filter) = TopicFilter::new(&text[..]) else { return Ok(()) };
        let shared = filter.shared();
        if name.is_empty() {
            prop_assert_eq!(shared, Err(TopicError::EmptyShareName));
        } else if rest.len() < 2 {
            prop_assert_eq!(shared, Err(TopicError::IncompleteShare));
        } else if name.contains(['+', '#']) {
            prop_assert_eq!(shared, Err(TopicError::WildcardInShareName));
        } else {
            let parts = shared.expect("whole").expect("shared");
            prop_assert_eq!((parts.share_name.get(), parts.filter.get()), (&name[..], &rest[1..]));
        }
    }
}

#[test]
fn the_model_knows_the_examples_of_the_standard() {
    // Sections 4.7.1.2 and 4.7.1.3.
    let of = |topic: &str| filters_of(topic);
    assert!(of("sport/tennis/player1").contains(&"sport/tennis/player1/#".to_owned()));
    assert!(of("sport").contains(&"sport/#".to_owned()));
    assert!(!of("sport").contains(&"sport/+".to_owned()));
    assert!(of("sport/").contains(&"sport/+".to_owned()));
    assert!(of("/finance").contains(&"+/+".to_owned()));
    assert!(!of("/finance").contains(&"+".to_owned()));
    assert!(!of("$SYS/x").contains(&"#".to_owned()));
    assert!(of("$SYS/x").contains(&"$SYS/#".to_owned()));
}

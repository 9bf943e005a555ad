//! Whether a topic name is one that a topic filter asks for (section 4.7).

/// Compares level by level, byte for byte (`[MQTT-4.7.3-4]`). Both sides were checked before.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    // [MQTT-4.7.2-1]: a wildcard in the first level does not match `$SYS` and its like.
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut topic_levels = topic.split('/');
    for filter_level in filter.split('/') {
        match (filter_level, topic_levels.next()) {
            // `#` stands for its parent level too: `a/#` matches `a`.
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (filter_level, Some(topic_level)) if filter_level == topic_level => {}
            _ => return false,
        }
    }
    topic_levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, yes: &[&str], no: &[&str]) {
        for topic in yes {
            assert!(matches(filter, topic), "{filter} should match {topic}");
        }
        for topic in no {
            assert!(!matches(filter, topic), "{filter} should not match {topic}");
        }
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        check(
            "sport/tennis/player1/#",
            &[
                "sport/tennis/player1",
                "sport/tennis/player1/ranking",
                "sport/tennis/player1/score/wimbledon",
            ],
            &["sport/tennis/player2", "sport/tennis"],
        );
        check("sport/#", &["sport", "sport/tennis"], &["sports"]);
        check(
            "sport/tennis/+",
            &["sport/tennis/player1"],
            &["sport/tennis/player1/ranking"],
        );
        check("sport/+", &["sport/"], &["sport"]);
        check("+/+", &["/finance"], &["finance"]);
        check("/+", &["/finance"], &["finance", "finance/x"]);
        check("+", &["finance"], &["/finance"]);
    }

    #[test]
    fn leading_wildcards_do_not_match_dollar_topics() {
        check("#", &["a", "a/b", "/"], &["$SYS", "$SYS/x"]);
        check(
            "+/monitor/Clients",
            &["a/monitor/Clients"],
            &["$SYS/monitor/Clients"],
        );
        check("$SYS/#", &["$SYS", "$SYS/x"], &["SYS"]);
        check("$SYS/monitor/+", &["$SYS/monitor/Clients"], &[]);
    }

    #[test]
    fn case_and_normal_forms_are_kept_apart() {
        check("ACCOUNTS", &["ACCOUNTS"], &["Accounts"]);
        check("\u{E9}", &["\u{E9}"], &["e\u{301}"]);
        check("a//b", &["a//b"], &["a/b"]);
    }
}

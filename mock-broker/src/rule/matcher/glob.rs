//! Patterns for client identifiers: `*` stands for any characters, `?` for one.

/// Whether the text is one that the pattern describes, all of it.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at_pattern, mut at_text) = (0, 0);
    // The last `*`, and the place in the text up to which it reaches.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some('*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                // The last `*` has to reach one further.
                let Some((place, reach)) = star else {
                    return false;
                };
                star = Some((place, reach + 1));
                at_pattern = place + 1;
                at_text = reach + 1;
            }
        }
    }
    pattern[at_pattern..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_character() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "any/thing"),
            ("sensor-*", "sensor-"),
            ("sensor-*", "sensor-7"),
            ("*-7", "a-7-7"),
            ("s?n", "s\u{fc}n"),
            ("a*b*c", "a--b-b--c"),
            ("a[1]", "a[1]"),
        ] {
            assert!(matches(pattern, text), "{pattern:?} is {text:?}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", "A"),
            ("s?n", "sn"),
            ("sensor-*", "sensor"),
            ("a*b*c", "a--b--"),
            ("a", "ab"),
        ] {
            assert!(!matches(pattern, text), "{pattern:?} is not {text:?}");
        }
    }

    #[test]
    fn many_stars_take_no_long_time() {
        assert!(!matches(&"*a".repeat(1_000), &"a".repeat(900)));
    }
}

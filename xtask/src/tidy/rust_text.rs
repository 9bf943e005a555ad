//! Reads Rust just far enough that a check does not mistake a comment, a literal or a unit test for
//! code of the product.

/// The text with comments and the contents of string and character literals replaced by spaces;
/// line breaks stay, so that line numbers hold.
pub(crate) fn without_comments_and_literals(text: &str) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let in_word = previous.is_alphanumeric() || previous == '_';
        let skipped = comment(rest)
            .or_else(|| if in_word { None } else { raw_string(rest) })
            .or_else(|| string(rest))
            .or_else(|| character(rest));
        let length = skipped.unwrap_or_else(|| first.len_utf8());
        if skipped.is_some() {
            blanked.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
        } else {
            blanked.push(first);
        }
        previous = first;
        rest = &rest[length..];
    }
    blanked
}

/// The code (as the function above leaves it) without the items that are marked `#[cfg(test)]`.
pub(crate) fn without_unit_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        kept.push_str(&rest[..start]);
        let length = start + MARK.len();
        let end = length + item_length(&rest[length..]);
        kept.extend(
            rest[start..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// Where this needle stands as a word of its own: the lines, counted from 1.
pub(crate) fn lines_with_word(code: &str, needle: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let begins =
        |before: Option<char>| !(needle.starts_with(is_word) && before.is_some_and(is_word));
    let ends = |after: Option<char>| !(needle.ends_with(is_word) && after.is_some_and(is_word));
    let in_line = |line: &str| {
        line.match_indices(needle).any(|(at, _)| {
            begins(line[..at].chars().next_back()) && ends(line[at + needle.len()..].chars().next())
        })
    };
    (1..)
        .zip(code.lines())
        .filter(|(_, line)| in_line(line))
        .map(|(number, _)| number)
        .collect()
}

/// The length of the comment that the text begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    Some(text.len())
}

/// The length of the raw string, `r"…"` or `br##"…"##`, that the text begins with.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = text
        .strip_prefix(['b', 'c'])
        .unwrap_or(text)
        .strip_prefix('r')?;
    let opened = prefix.trim_start_matches('#');
    let hashes = &prefix[..prefix.len() - opened.len()];
    let body = opened.strip_prefix('"')?;
    let closing = format!("\"{hashes}");
    let start = text.len() - body.len();
    Some(
        body.find(&closing)
            .map_or(text.len(), |end| start + end + closing.len()),
    )
}

/// The length of the string that the text begins with; a prefix `b` or `c` is left to the code.
fn string(text: &str) -> Option<usize> {
    let mut characters = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => _ = characters.next(),
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(text.len())
}

/// The length of the character literal that the text begins with; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    if let Some(escaped) = body.strip_prefix('\\') {
        // The first character after the backslash may itself be a quote.
        let skipped = escaped.chars().next()?.len_utf8();
        return escaped[skipped..]
            .find('\'')
            .map(|end| 2 + skipped + end + 1);
    }
    let length = body.chars().next()?.len_utf8();
    body[length..].starts_with('\'').then_some(length + 2)
}

/// How far the item reaches that follows an attribute: to its `;`, or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(without_comments_and_literals(text), expected);
    }

    #[test]
    fn comments_are_blanked() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d\n */ e", "a               \n    e");
    }

    #[test]
    fn literals_are_blanked() {
        check(
            r#"a("x\"y", 'z', '\'', '\\', b'q')"#,
            "a(      ,    ,     ,     , b   )",
        );
        check(r##"a(r#"x"y"#, br"z")"##, "a(        ,      )");
        check("a(\"é\nb\")", "a(  \n  )");
    }

    #[test]
    fn lifetimes_and_raw_identifiers_stay() {
        check(
            "fn f<'a>(x: &'a str, r#type: u8)",
            "fn f<'a>(x: &'a str, r#type: u8)",
        );
    }

    #[test]
    fn unterminated_literal_ends_with_the_text() {
        check("a \"b", "a   ");
        check("a /* b", "a     ");
    }

    #[test]
    fn unit_tests_are_blanked_and_the_code_around_them_stays() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { [1; 2] }\n}\nfn c() {}";
        let kept = without_unit_tests(code);
        assert!(kept.contains("fn a") && kept.contains("fn c") && !kept.contains("fn b"));
        assert_eq!(kept.lines().count(), code.lines().count());
        assert!(without_unit_tests("#[cfg(test)]\nmod tests;\nfn c() {}").contains("fn c"));
    }

    #[test]
    fn word_is_found_only_as_a_whole() {
        let code = "tokio::spawn\ntokio_util\nmy_tokio\n use tokio;";
        assert_eq!(lines_with_word(code, "tokio"), [1, 4]);
        assert_eq!(lines_with_word("a.sleep()\nsleep_until()", "sleep("), [1]);
    }
}

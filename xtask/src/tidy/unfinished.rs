//! Nothing is left for later: no marks in the text, no ignored test, no test that sleeps.

use super::{
    file::{SourceFile, Violation},
    rust_text::{lines_with_word, without_unit_tests},
};

/// The marks of unfinished work; spelled in two parts, so that this file does not carry them.
const MARKS: [&str; 3] = [
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
];

/// No unfinished code, and no comment that says so.
pub(crate) fn nothing_is_left_open(file: &SourceFile) -> Vec<Violation> {
    let mut found = Vec::new();
    for call in [concat!("to", "do!"), concat!("unimplemen", "ted!")] {
        let what = format!("`{call}`: unfinished code");
        found.extend(file.violations(lines_with_word(&file.code, call), &what));
    }
    if file.is_rust() {
        for mark in MARKS {
            let what = format!("`{mark}`: finish it, or open an issue");
            found.extend(file.violations(lines_with_word(&file.text, mark), &what));
        }
    }
    found
}

/// No test is switched off.
pub(crate) fn no_test_is_ignored(file: &SourceFile) -> Vec<Violation> {
    let mut lines = lines_with_word(&file.code, concat!("#[ig", "nore"));
    lines.extend(lines_with_word(&file.code, concat!(", ig", "nore")));
    file.violations(lines, "an ignored test proves nothing")
}

/// No test, and no conformance case, waits for time to pass.
pub(crate) fn no_test_sleeps(file: &SourceFile) -> Vec<Violation> {
    let what = "a test waits for what must happen, or advances a paused clock; it does not sleep";
    let product = without_unit_tests(&file.code);
    let everywhere = file.is_test() || file.is_in("conformance/src/cases");
    let in_test = |line: &usize| everywhere || is_blank(&product, *line);
    let lines = lines_with_word(&file.code, "sleep(")
        .into_iter()
        .filter(in_test)
        .collect();
    file.violations(lines, what)
}

fn is_blank(code: &str, line: usize) -> bool {
    code.lines()
        .nth(line - 1)
        .is_none_or(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(check: fn(&SourceFile) -> Vec<Violation>, path: &str, text: &str) -> usize {
        check(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn unfinished_code_is_found() {
        let count = |text: &str| count(nothing_is_left_open, "client/src/client.rs", text);
        assert_eq!(count(concat!("fn f() { to", "do!() }")), 1);
        assert_eq!(
            count(concat!("fn f() { unimplemen", "ted!(\"later\") }")),
            1
        );
        assert_eq!(count(concat!("// FIX", "ME: a lie")), 1);
        assert_eq!(count("fn f() { unreachable!() }"), 0);
    }

    #[test]
    fn ignored_test_is_found() {
        let count = |text: &str| count(no_test_is_ignored, "client/tests/it/qos.rs", text);
        assert_eq!(count(concat!("#[ig", "nore]\nfn a() {}")), 1);
        assert_eq!(count(concat!("#[ig", "nore = \"slow\"]\nfn a() {}")), 1);
        assert_eq!(
            count(concat!("#[cfg_attr(miri, ig", "nore)]\nfn a() {}")),
            1
        );
        assert_eq!(count("#[test]\nfn packets_to_ignore_are_ignored() {}"), 0);
    }

    #[test]
    fn sleeping_test_is_found() {
        let call = "async fn a() { tokio::time::sleep(second).await }";
        assert_eq!(count(no_test_sleeps, "client/tests/it/qos.rs", call), 1);
        assert_eq!(
            count(no_test_sleeps, "client/src/session/tests.rs", call),
            1
        );
        assert_eq!(
            count(
                no_test_sleeps,
                "conformance/src/cases/s3_12_pingreq.rs",
                call
            ),
            1
        );
        assert_eq!(
            count(no_test_sleeps, "mock-broker/src/rule/action/delay.rs", call),
            0
        );
        let unit_test = "fn b() { sleep(1) }\n#[cfg(test)]\nmod tests {\n fn a() { sleep(1) }\n}";
        let found = no_test_sleeps(&SourceFile::new("mock-broker/src/broker.rs", unit_test));
        assert_eq!(
            found
                .iter()
                .map(|violation| violation.line)
                .collect::<Vec<_>>(),
            [4]
        );
    }
}

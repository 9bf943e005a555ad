//! A test that needs what this machine does not have says so, and passes: loudly, and not where
//! what it needs must be there.

use std::io::Write;
use std::{env, fmt, io, thread};

/// Says that the test is skipped, and why.
///
/// # Panics
///
/// Where the environment variable `required` is set.
pub(crate) fn skip(required: &str, missing: impl fmt::Display) {
    if is_set(env::var(required).ok()) {
        panic!("{required} is set, and {missing}");
    }
    let test = thread::current();
    let test = test.name().unwrap_or("a test").to_owned();
    say(format_args!("SKIPPED {test}: {missing}"));
}

/// Says something that is seen also when the test passes: what the macros print, the harness then
/// shows to nobody.
pub(crate) fn say(what: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{what}");
}

fn is_set(value: Option<String>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "0")
}

#[test]
fn variable_that_says_nothing_or_no_is_not_set() {
    let check = |value: Option<&str>| is_set(value.map(str::to_owned));
    assert!(check(Some("1")) && check(Some("yes")));
    assert!(!check(None) && !check(Some("")) && !check(Some("0")));
}

//! Parameters of the path and the query.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Query, RawPathParams};
use axum::http::{HeaderMap, Uri};

use crate::control::{JournalQuery, Problem, ProblemCode};
use crate::scenario::nearest;

/// The part of the path that has this name.
pub(super) fn segment<'a>(path: &'a RawPathParams, name: &str) -> &'a str {
    let mut found = path.iter().filter(|(key, _)| *key == name);
    found.next().map_or("", |(_, value)| value)
}

/// The number that a part of the path is.
pub(super) fn number<T: std::str::FromStr>(path: &RawPathParams, name: &str) -> Result<T, Problem> {
    let text = segment(path, name);
    // A sign is no part of a number here.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ => Err(bad(format!(
            "`{}` is no {name}: it is a number",
            shown(text)
        ))),
    }
}

/// A path of which a part is no text.
pub(super) fn unreadable(rejection: &RawPathParamsRejection) -> Problem {
    match rejection {
        RawPathParamsRejection::InvalidUtf8InPathParam(_) => {
            bad("the path is not UTF-8 once its `%` are decoded".to_owned())
        }
        rejection => bad(format!("the path cannot be read: {rejection}")),
    }
}

/// What a query says about the journal.
pub(super) fn journal(uri: &Uri) -> Result<JournalQuery, Problem> {
    read(uri, &["since", "wait_ms", "limit"])
}

/// Where a stream of the journal begins: as the query says, or behind the last event that a
/// browser had before its connection was lost.
pub(super) fn stream(uri: &Uri, headers: &HeaderMap) -> Result<JournalQuery, Problem> {
    let mut query = read(uri, &["since"])?;
    if let Some(last) = headers.get("last-event-id") {
        let last: Option<u64> = last.to_str().ok().and_then(|last| last.parse().ok());
        let last = last.ok_or_else(|| bad("`Last-Event-ID` must be a number".to_owned()))?;
        query.since = last.saturating_add(1);
    }
    Ok(query)
}

fn read(uri: &Uri, names: &[&str]) -> Result<JournalQuery, Problem> {
    let mut query = JournalQuery::since(0);
    let mut seen = Vec::new();
    for (name, value) in pairs(uri)? {
        let number = |least: u64, most: u64| match value.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(bad(format!(
                "`{name}` must be a number from {least} to {most}, not `{}`",
                shown(&value)
            ))),
        };
        if !names.contains(&name.as_str()) {
            return Err(unknown(&name, names));
        }
        match name.as_str() {
            "since" => query.since = number(0, u64::MAX)?,
            "wait_ms" => query.wait_ms = number(0, JournalQuery::LONGEST_WAIT_MS)?,
            _ => query.limit = number(1, JournalQuery::MOST_ENTRIES as u64)? as usize,
        }
        once(&mut seen, name)?;
    }
    Ok(query)
}

/// That the query says nothing.
pub(super) fn none(uri: &Uri) -> Result<(), Problem> {
    match pairs(uri)?.first() {
        Some((name, _)) => Err(unknown(name, &[])),
        None => Ok(()),
    }
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    Query::try_from_uri(uri)
        .map(|Query(pairs)| pairs)
        .map_err(|error| bad(format!("the query cannot be read: {error}")))
}

fn once(seen: &mut Vec<String>, name: String) -> Result<(), Problem> {
    if seen.contains(&name) {
        return Err(bad(format!("`{name}` is said twice")));
    }
    seen.push(name);
    Ok(())
}

fn unknown(name: &str, names: &[&str]) -> Problem {
    let name = shown(name);
    let meant = nearest(&name, names.iter().copied());
    let title = match names {
        [] => format!("this route has no parameters, and so no `{name}`"),
        _ => format!("there is no parameter `{name}`, only {}", names.join(", ")),
    };
    bad(title).meant(meant)
}

fn bad(title: String) -> Problem {
    Problem::new(ProblemCode::BadParameter, title)
}

/// What came, as far as anybody wants to read it again.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

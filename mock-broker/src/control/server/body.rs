//! Bodies of requests: bounded in size and time, JSON, and told where they are wrong.

use std::error::Error as _;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::control::{Problem, ProblemCode};
use crate::scenario::nearest;

/// The largest body: a rule with a large payload in hexadecimal.
const LARGEST: usize = 4 * 1024 * 1024;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a body of JSON.
pub(super) async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(
            ProblemCode::WrongType,
            "the body must be JSON, with the header `Content-Type: application/json`",
        ));
    }
    let body = match timeout(PATIENCE, to_bytes(request.into_body(), LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            // The limit is an error behind the error of the body.
            let limit = error
                .source()
                .is_some_and(|cause| cause.to_string().contains("limit"));
            return Err(match limit {
                true => Problem::new(
                    ProblemCode::TooLarge,
                    format!("the body has more than {LARGEST} bytes"),
                ),
                false => Problem::new(ProblemCode::BadBody, "the body was cut off"),
            });
        }
        Err(_) => {
            let title = format!(
                "the body did not come within {} seconds",
                PATIENCE.as_secs()
            );
            return Err(Problem::new(ProblemCode::TooSlow, title));
        }
    };
    parse(&body).map_err(|error| describe(&error))
}

/// For JSON, unlike for serde, `1.0` is an integer; some languages have no other way to write it.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // It is read as it was written first, since only then errors know their place.
    let mut value = serde_json::from_slice(body).unwrap_or_default();
    match has_whole_floats(&mut value) {
        true => serde_json::from_value(value),
        false => Err(error),
    }
}

/// Turns floating point numbers that are integers into such; whether there were any.
fn has_whole_floats(value: &mut Value) -> bool {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            let whole = float.fract() == 0.0 && (0.0..u64::MAX as f64).contains(&float);
            if whole {
                *value = Value::from(float as u64);
            }
            whole
        }
        Value::Array(list) => list
            .iter_mut()
            .fold(false, |found, value| has_whole_floats(value) | found),
        Value::Object(map) => map
            .values_mut()
            .fold(false, |found, value| has_whole_floats(value) | found),
        _ => false,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let Some(value) = value.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn describe(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // The place has fields of its own.
    let title = text.split(" at line ").next().unwrap_or_default();
    let (line, column) = (error.line(), error.column());
    // The form is right, and the value is none: 7..=3, a number out of range.
    let code = match title.starts_with("invalid value") {
        true => ProblemCode::BadStep,
        false => ProblemCode::BadBody,
    };
    let meant = meant(title);
    // Whoever is told what was meant need not read all that there is.
    let short = match meant {
        Some(_) => title.split(", expected ").next().unwrap_or(title),
        None => title,
    };
    let problem = Problem {
        line: (line > 0).then_some(line),
        column: (line > 0).then_some(column),
        ..Problem::new(code, short)
    };
    problem.meant(meant)
}

/// What an unknown word was probably meant to be. Serde says which words there are in its message
/// alone: ``unknown field `x`, expected one of `a`, `b` ``.
fn meant(message: &str) -> Option<&str> {
    let (unknown, expected) = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))?
        .split_once('`')?;
    nearest(unknown, expected.split('`').skip(1).step_by(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Step;

    #[test]
    fn an_integer_may_be_written_with_a_point() {
        let step: Step = parse(br#"{"on": {"nth": 2.0}, "drive": {"delay_ms": 1e3}}"#).unwrap();
        assert_eq!(step.drive[0].delay_ms, Some(1000));
        let error = parse::<Step>(br#"{"on": {"nth": 2.5}}"#).unwrap_err();
        assert_eq!((error.line(), error.column()), (1, 18));
    }

    #[track_caller]
    fn check(body: &str, line: usize, column: usize, meant: Option<&str>) {
        let error = serde_json::from_str::<Step>(body).unwrap_err();
        let problem = describe(&error);
        let place = (problem.line, problem.column);
        assert_eq!(place, (Some(line), Some(column)), "{problem}");
        assert_eq!(problem.did_you_mean.as_deref(), meant, "{problem}");
        assert!(!problem.title.contains(" at line "), "{problem}");
        assert!(
            meant.is_none() || !problem.title.contains("expected"),
            "{problem}"
        );
    }

    #[test]
    fn it_is_told_where_a_body_is_wrong_and_what_was_meant() {
        check("{", 1, 1, None);
        check("{\n  \"repyl\": {}\n}", 2, 9, Some("reply"));
        check(r#"{"on": {"tpoic": "a"}}"#, 1, 15, Some("topic"));
    }
}

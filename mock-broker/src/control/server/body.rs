//! Bodies of requests: bounded in size and time, JSON, and told where they are wrong.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::control::{Injection, Listening, Problem, ProblemCode};
use crate::scenario::{BadStep, Document, FaultKind, LoadError, Step, unasked};

/// The largest body: a rule with a large payload in hexadecimal.
const LARGEST: usize = 4 * 1024 * 1024;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a body can say.
pub(super) trait Content: DeserializeOwned {
    /// # Errors
    ///
    /// Where it is a step that is well written and cannot be done.
    fn check(&self) -> Result<(), BadStep> {
        Ok(())
    }
}

impl Content for Listening {}

impl Content for Step {
    fn check(&self) -> Result<(), BadStep> {
        self.rule().map(drop)
    }
}

impl Content for Injection {
    fn check(&self) -> Result<(), BadStep> {
        unasked(self).map(drop)
    }
}

/// Why a body did not come whole.
enum Unread {
    TooLarge,
    CutOff,
}

/// Reads a body of JSON.
pub(super) async fn read_json<T: Content>(request: Request) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(
            ProblemCode::WrongType,
            "the body must be JSON, with the header `Content-Type: application/json`",
        ));
    }
    let body = match timeout(PATIENCE, read(request.into_body())).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLarge)) => {
            let title = format!("the body has more than {LARGEST} bytes");
            return Err(Problem::new(ProblemCode::TooLarge, title));
        }
        Ok(Err(Unread::CutOff)) => {
            return Err(Problem::new(ProblemCode::BadBody, "the body was cut off"));
        }
        Err(_) => {
            let title = format!(
                "the body did not come within {} seconds",
                PATIENCE.as_secs()
            );
            return Err(Problem::new(ProblemCode::TooSlow, title));
        }
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        return Err(Problem::new(ProblemCode::BadBody, "the body is not UTF-8"));
    };
    parse(text).map_err(|error| describe(&error))
}

async fn read(body: Body) -> Result<Vec<u8>, Unread> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.try_next().await.map_err(|_| Unread::CutOff)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The same reader as that of scenario files, so that both mean the same by the same text.
fn parse<T: Content>(text: &str) -> Result<T, LoadError> {
    let document = Document::json("the body", text)?;
    let content: T = document.read()?;
    match content.check() {
        Ok(()) => Ok(content),
        Err(error) => Err(document.bad_step(&error)),
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

fn describe(error: &LoadError) -> Problem {
    let code = match error.kind() {
        FaultKind::Value => ProblemCode::BadStep,
        FaultKind::Form => ProblemCode::BadBody,
    };
    let title = match error.choice() {
        [] => error.what().to_owned(),
        choice => format!("{}; there are: {}", error.what(), choice.join(", ")),
    };
    let problem = Problem {
        line: error.line(),
        column: error.column(),
        ..Problem::new(code, title)
    };
    problem.meant(error.meant())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, line: usize, column: usize, code: ProblemCode, meant: Option<&str>) {
        let problem = describe(&parse::<Step>(body).unwrap_err());
        let place = (problem.line, problem.column);
        assert_eq!(place, (Some(line), Some(column)), "{problem}");
        assert_eq!(problem.code, code, "{problem}");
        assert_eq!(problem.did_you_mean.as_deref(), meant, "{problem}");
        assert!(!problem.title.contains("did you mean"), "{problem}");
    }

    #[test]
    fn it_is_told_where_a_body_is_wrong_and_what_was_meant() {
        use ProblemCode::{BadBody, BadStep};
        check("{", 1, 2, BadBody, None);
        check("{\n  \"repyl\": {}\n}", 2, 3, BadBody, Some("reply"));
        check(r#"{"on": {"tpoic": "a"}}"#, 1, 9, BadBody, Some("topic"));
        let packet = r#"{"on": {"packet": "PUBLSH"}}"#;
        check(packet, 1, 19, BadBody, Some("PUBLISH"));
        let code = r#"{"on": {"reason": "qouta-exceeded"}}"#;
        check(code, 1, 19, BadBody, Some("quota-exceeded"));
        let property = r#"{"on": {"has": ["recieve_maximum"]}}"#;
        check(property, 1, 17, BadBody, Some("receive_maximum"));
        // What is written as it must be and cannot be: as it is read, and behind that.
        check(r#"{"on": {"qos": 300}}"#, 1, 16, BadStep, None);
        check(
            r#"{"on": {"packet": "PUBLISH", "nth": 0}}"#,
            1,
            30,
            BadStep,
            None,
        );
        check(r#"{"expect": 1}"#, 1, 1, BadStep, None);
    }

    #[test]
    fn a_list_in_place_of_a_table_is_refused() {
        let code = ProblemCode::BadBody;
        check(r#"{"on": []}"#, 1, 8, code, None);
        check("[]", 1, 1, code, None);
        check(
            r#"{"on": {"packet": "PINGREQ"}, "drive": [[]]}"#,
            1,
            41,
            code,
            None,
        );
        assert!(parse::<Injection>("[[]]").is_err());
    }

    #[test]
    fn what_cannot_be_sent_is_refused_in_its_line() {
        let body = "[{\"close\": \"fin\"},\n {\"reply\": {\"packet\": \"SUBSCRIBE\"}}]";
        let problem = describe(&parse::<Injection>(body).unwrap_err());
        assert_eq!(problem.code, ProblemCode::BadStep);
        assert_eq!((problem.line, problem.column), (Some(2), Some(13)));
    }

    #[test]
    fn an_integer_may_be_written_with_a_point() {
        let step: Step =
            parse(r#"{"on": {"packet": "PUBLISH", "nth": 2.0}, "drive": {"delay_ms": 1e3}}"#)
                .unwrap();
        assert_eq!(step.drive[0].delay_ms, Some(1000));
        let code = ProblemCode::BadBody;
        check(r#"{"on": {"nth": 2.5}}"#, 1, 16, code, None);
    }
}

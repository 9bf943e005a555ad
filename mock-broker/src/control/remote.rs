//! Control of a broker in another process, over HTTP.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{
    ClientStatus, Control, ControlError, Health, Injection, JournalPage, JournalQuery, Listening,
    Problem, RuleStatus, Verification,
};
use crate::Target;
use crate::scenario::Step;

/// Controls a broker behind a [`ControlServer`](super::ControlServer).
#[derive(Clone, Debug)]
pub struct Remote {
    authority: String,
    token: Option<String>,
}

/// This is not where a control server can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} is not the address of a control server: it looks like http://127.0.0.1:8080")]
#[non_exhaustive]
pub struct BadUrl {
    /// What was given.
    pub url: String,
}

/// How long a server may take, besides what it was told to wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many bytes an answer has at the most: a capture of all that a journal holds by itself.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

impl Remote {
    /// Controls the broker whose control server is at this URL, `http://127.0.0.1:8080`, with the
    /// token that it demands, if it does. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Where the URL is not one of a control server. There is no TLS: a proxy may add it, and
    /// this does not speak to such a one.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, BadUrl> {
        let bad = || BadUrl {
            url: url.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let authority = uri.authority().filter(|_| plain).ok_or_else(bad)?;
        let authority = match authority.port_u16() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        };
        Ok(Self { authority, token })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        wait: Duration,
    ) -> Result<Result<Bytes, Problem>, ControlError> {
        match timeout(PATIENCE + wait, self.exchange(method, path, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(ControlError::TimedOut {
                authority: self.authority.clone(),
            }),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Result<Bytes, Problem>, ControlError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.authority)
            .header(header::CONNECTION, "close");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(Body::from(body.unwrap_or_default()))
            .map_err(|error| self.unreachable(error))?;

        let stream = TcpStream::connect(&self.authority).await;
        let stream = TokioIo::new(stream.map_err(|error| self.unreachable(error))?);
        let handshake = hyper::client::conn::http1::handshake(stream).await;
        let (mut sender, connection) = handshake.map_err(|error| self.unreachable(error))?;
        let exchange = async {
            let answer = sender.send_request(request).await;
            let answer = answer.map_err(|error| self.unreachable(error))?;
            let status = answer.status();
            let body = to_bytes(Body::new(answer.into_body()), ANSWER_LIMIT).await;
            let body = body.map_err(|error| self.unreachable(error))?;
            Ok::<_, ControlError>((status, body))
        };
        // The connection is driven here, so that no task outlives the future.
        tokio::pin!(exchange);
        let (status, body) = tokio::select! {
            answer = &mut exchange => answer?,
            ended = connection => {
                ended.map_err(|error| self.unreachable(error))?;
                exchange.await?
            }
        };
        if status.is_success() {
            return Ok(Ok(body));
        }
        match serde_json::from_slice(&body) {
            Ok(problem) => Ok(Err(problem)),
            Err(_) => Err(nonsense(status, &body)),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        self.json(Method::GET, path, None, Duration::ZERO, None)
            .await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        wait: Duration,
        rule: Option<u64>,
    ) -> Result<T, ControlError> {
        let answer = self.ask(method, path, body, wait).await?;
        let answer = answer.map_err(|problem| problem.into_error(rule, None))?;
        serde_json::from_slice(&answer).map_err(|error| ControlError::Nonsense {
            detail: error.to_string(),
        })
    }

    async fn command(
        &self,
        method: Method,
        path: &str,
        rule: Option<u64>,
    ) -> Result<(), ControlError> {
        let answer = self.ask(method, path, None, Duration::ZERO).await?;
        match answer {
            Ok(_) => Ok(()),
            Err(problem) => Err(problem.into_error(rule, None)),
        }
    }

    fn unreachable(
        &self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> ControlError {
        ControlError::Unreachable {
            authority: self.authority.clone(),
            cause: cause.into(),
        }
    }
}

impl Control for Remote {
    async fn health(&self) -> Result<Health, ControlError> {
        self.get("/health").await
    }

    async fn add_rule(&self, step: Step) -> Result<RuleStatus, ControlError> {
        let body = Some(to_json(&step)?);
        self.json(Method::POST, "/rules", body, Duration::ZERO, None)
            .await
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ControlError> {
        self.get("/rules").await
    }

    async fn rule(&self, id: u64) -> Result<RuleStatus, ControlError> {
        let path = format!("/rules/{id}");
        self.json(Method::GET, &path, None, Duration::ZERO, Some(id))
            .await
    }

    async fn remove_rule(&self, id: u64) -> Result<(), ControlError> {
        self.command(Method::DELETE, &format!("/rules/{id}"), Some(id))
            .await
    }

    async fn remove_rules(&self) -> Result<(), ControlError> {
        self.command(Method::DELETE, "/rules", None).await
    }

    async fn clients(&self) -> Result<Vec<ClientStatus>, ControlError> {
        self.get("/clients").await
    }

    async fn send(&self, target: Target, what: Injection) -> Result<(), ControlError> {
        let path = match &target {
            Target::Connection(number) => format!("/connections/{number}/send"),
            Target::Client(client_id) => format!("/clients/{}/send", escape(client_id)),
        };
        let body = Some(to_json(&what)?);
        let answer = self.ask(Method::POST, &path, body, Duration::ZERO).await?;
        match answer {
            Ok(_) => Ok(()),
            Err(problem) => Err(problem.into_error(None, Some(target))),
        }
    }

    async fn set_listening(&self, listening: Listening) -> Result<(), ControlError> {
        let body = Some(to_json(&listening)?);
        let path = "/listening";
        let answer = self.ask(Method::PUT, path, body, Duration::ZERO).await?;
        match answer {
            Ok(_) => Ok(()),
            Err(problem) => Err(problem.into_error(None, None)),
        }
    }

    async fn journal(&self, query: JournalQuery) -> Result<JournalPage, ControlError> {
        let JournalQuery {
            since,
            wait_ms,
            limit,
        } = query;
        let wait_ms = wait_ms.min(JournalQuery::LONGEST_WAIT_MS);
        let limit = limit.clamp(1, JournalQuery::MOST_ENTRIES);
        let path = format!("/journal?since={since}&wait_ms={wait_ms}&limit={limit}");
        let wait = Duration::from_millis(wait_ms);
        self.json(Method::GET, &path, None, wait, None).await
    }

    async fn capture(&self) -> Result<Bytes, ControlError> {
        let path = "/journal.pcapng";
        let answer = self.ask(Method::GET, path, None, Duration::ZERO).await?;
        answer.map_err(|problem| problem.into_error(None, None))
    }

    async fn verify(&self) -> Result<Verification, ControlError> {
        self.json(Method::POST, "/verify", None, Duration::ZERO, None)
            .await
    }

    async fn reset(&self) -> Result<(), ControlError> {
        self.command(Method::POST, "/reset", None).await
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, ControlError> {
    serde_json::to_vec(value).map_err(|error| ControlError::BadStep {
        detail: error.to_string(),
    })
}

fn nonsense(status: StatusCode, body: &[u8]) -> ControlError {
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    ControlError::Nonsense {
        detail: format!("{status}: {shown}"),
    }
}

/// The text as one segment of a path. A segment of dots alone would be taken for a way up, and an
/// empty one for none.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_that_of_a_server_and_nothing_more() {
        for url in ["http://127.0.0.1:8080", "http://[::1]:1/", "http://broker"] {
            assert!(Remote::new(url, None).is_ok(), "{url}");
        }
        for url in ["", "127.0.0.1:8080", "https://a", "http://a/b", "mqtt://a"] {
            let error = Remote::new(url, None).unwrap_err();
            assert_eq!(error.url, url);
        }
    }

    #[test]
    fn any_client_identifier_is_one_segment() {
        assert_eq!(escape("c1"), "c1");
        assert_eq!(escape("a/b?c#ü .."), "a%2Fb%3Fc%23%C3%BC%20%2E%2E");
    }
}

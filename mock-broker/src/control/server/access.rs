//! Who may ask: whoever can reach loopback, or who has the token; and no page of a stranger.

use std::net::IpAddr;

use axum::http::{HeaderMap, header, uri::Authority};
use sha2::{Digest, Sha256};

use crate::control::{Problem, ProblemCode};

/// Who may ask.
pub(super) struct Access {
    token: Option<String>,
}

impl Access {
    pub(super) const fn new(token: Option<String>) -> Self {
        Self { token }
    }

    /// Whether this request may be answered. A route that is `open` needs no token: the page that
    /// asks for it.
    pub(super) fn check(&self, headers: &HeaderMap, open: bool) -> Result<(), Problem> {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        // A page that has its own name resolve to this address could otherwise speak to us as to
        // its own server. It cannot have its name be an address, and it does not know the token.
        if self.token.is_none() && !host.is_some_and(is_address) {
            return Err(foreign(
                "the header Host must be localhost or an address, or a token must be set",
            ));
        }
        // A page of somebody else's may send us requests, but not without saying where it is from.
        if let Some(origin) = headers.get(header::ORIGIN) {
            let ours = host.is_some_and(|host| {
                let schemes = ["http://", "https://"];
                let origin = origin.to_str().unwrap_or_default();
                schemes
                    .iter()
                    .any(|scheme| origin.strip_prefix(scheme) == Some(host))
            });
            if !ours {
                return Err(foreign("the request comes from a page of another origin"));
            }
        }
        match &self.token {
            Some(token) if !open && !bears(headers, token) => Err(Problem::new(
                ProblemCode::NotAuthorized,
                "this server demands its token: send the header `Authorization: Bearer …`",
            )),
            _ => Ok(()),
        }
    }
}

fn foreign(title: &str) -> Problem {
    Problem::new(ProblemCode::Foreign, title)
}

/// Whether the host is an address, or the one name that means this machine everywhere.
fn is_address(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

fn bears(headers: &HeaderMap, token: &str) -> bool {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return false;
    };
    let Some((scheme, given)) = value.to_str().ok().and_then(|it| it.split_once(' ')) else {
        return false;
    };
    // Digests are compared, so that how long it takes tells nothing about the token.
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    scheme.eq_ignore_ascii_case("bearer") && digest(given.trim()) == digest(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(token: Option<&str>, headers: &[(&str, &str)], expected: Option<ProblemCode>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let access = Access::new(token.map(str::to_owned));
        let found = access.check(&map, false).err().map(|problem| problem.code);
        assert_eq!(found, expected);
    }

    #[test]
    fn without_a_token_only_addresses_are_hosts() {
        for host in [
            "127.0.0.1:8080",
            "localhost:1",
            "LOCALHOST",
            "[::1]:80",
            "10.0.0.1",
        ] {
            check(None, &[("host", host)], None);
        }
        let foreign = Some(ProblemCode::Foreign);
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "",
            "a b",
        ] {
            check(None, &[("host", host)], foreign);
        }
        check(None, &[], foreign);
    }

    #[test]
    fn a_page_of_another_origin_is_turned_away() {
        let host = ("host", "127.0.0.1:8080");
        check(None, &[host, ("origin", "http://127.0.0.1:8080")], None);
        let foreign = Some(ProblemCode::Foreign);
        for origin in ["http://127.0.0.1:8081", "http://evil.example", "null", ""] {
            check(None, &[host, ("origin", origin)], foreign);
            check(
                Some("t"),
                &[host, ("origin", origin), ("authorization", "Bearer t")],
                foreign,
            );
        }
    }

    #[test]
    fn a_token_is_demanded_where_there_is_one() {
        let host = ("host", "broker.example");
        let refused = Some(ProblemCode::NotAuthorized);
        check(Some("secret"), &[host], refused);
        for value in [
            "secret",
            "Bearer",
            "Bearer secre",
            "Bearer secrets",
            "Basic secret",
        ] {
            check(Some("secret"), &[host, ("authorization", value)], refused);
        }
        check(
            Some("secret"),
            &[host, ("authorization", "Bearer secret")],
            None,
        );
        check(
            Some("secret"),
            &[host, ("authorization", "bearer secret")],
            None,
        );
    }
}

//! The control server under requests that are right, wrong, foreign and too large.

use std::net::SocketAddr;
use std::time::Duration;

use nack_codec::Version;
use nack_mock_broker::MockBroker;
use nack_mock_broker::control::{Control, ControlError};
use nack_mock_broker::control::{ControlServer, Local, Remote, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http::{ask, ask_with, send};
use crate::peer::Peer;

async fn server(broker: &MockBroker, token: Option<&str>) -> ControlServer {
    let address = "127.0.0.1:0".parse().unwrap();
    let token = token.map(str::to_owned);
    ControlServer::start(Local::new(broker), address, token)
        .await
        .unwrap()
}

const METHODS: [&str; 6] = ["get", "post", "delete", "put", "patch", "options"];

#[tokio::test]
async fn what_the_description_says_is_what_is_there() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let document = ask(server.address(), "GET /openapi.json", "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let mut operations = 0;
    for (path, described) in paths {
        let described = described.as_object().unwrap();
        // A stream has no end that could be waited for.
        if path == "/journal/stream" {
            continue;
        }
        let path = path.replace("{client_id}", "nobody");
        let path = path.replace("{id}", "1").replace("{connection}", "1");
        for method in METHODS {
            let line = format!("{} {path}", method.to_uppercase());
            let answer = ask(server.address(), &line, "").await;
            match described.contains_key(method) {
                true => {
                    operations += 1;
                    assert_ne!(answer.status, 405, "{line}");
                    let status = answer.status.to_string();
                    let responses = &described[method]["responses"];
                    assert!(responses.get(&status).is_some(), "{line}: {status}");
                }
                false => {
                    assert_eq!(answer.status, 405, "{line}");
                    let allowed = answer.header("allow").unwrap().to_lowercase();
                    let mut expected: Vec<&str> = described.keys().map(String::as_str).collect();
                    if expected.contains(&"get") {
                        expected.push("head");
                    }
                    expected.sort_unstable();
                    let mut found: Vec<&str> = allowed.split(", ").collect();
                    found.sort_unstable();
                    assert_eq!(found, expected, "{line}");
                }
            }
        }
    }
    assert_eq!(operations, 19);
}

#[tokio::test]
async fn a_wrong_request_is_told_what_is_wrong() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let requests = [
        ("GET /rule", ""),
        ("GET /journals?since=1", ""),
        ("PUT /rules", ""),
        ("GET /rules/one", ""),
        ("GET /rules/99999999999999999999", ""),
        ("DELETE /rules/7", ""),
        ("GET /journal?sinec=1", ""),
        ("GET /journal?since=-1", ""),
        ("GET /journal?wait_ms=60001", ""),
        ("GET /journal?limit=0", ""),
        ("GET /journal?since=1&since=2", ""),
        ("GET /health?verbose=1", ""),
        ("POST /rules", "{"),
        ("POST /rules", "{\n  \"on\": { \"pakcet\": \"PUBLISH\" }\n}"),
        ("POST /rules", r#"{"on": {"packet": "PUBLSH"}}"#),
        ("POST /rules", r#"{"on": {"packet": "PUBLISH", "nth": 0}}"#),
        ("POST /rules", r#"[1, 2]"#),
        ("POST /rules", r#"{"on": []}"#),
        (
            "POST /rules",
            r#"{"on": {"packet": "PUBLISH", "qos": 300}}"#,
        ),
        ("POST /rules", r#"{"on": {"zzzzzz": 1}}"#),
        ("POST /rules", r#"{"on": {}} trailing"#),
        ("POST /clients/nobody/send", r#"{"close": "fin"}"#),
        ("POST /clients/nobody/send", r#"{"close": "finn"}"#),
        ("POST /connections/0x1/send", r#"{"close": "fin"}"#),
        ("POST /clients/%ff/send", r#"{"close": "fin"}"#),
        ("POST /connections/%ff/send", r#"{"close": "fin"}"#),
        ("DELETE /rules/%ff", ""),
    ];
    let mut told = String::new();
    for (line, body) in requests {
        let answer = ask(server.address(), line, body).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{line}"
        );
        assert_eq!(answer.json()["status"], answer.status, "{line}");
        told += &format!("{line} {body}\n  {}\n", answer.text());
    }
    insta::assert_snapshot!(told);
    assert_eq!(broker.journal().len(), 0);
}

#[tokio::test]
async fn a_body_must_be_json_and_not_too_large() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let address = server.address();
    let rule = r#"{"on": {"packet": "PINGREQ"}, "expect": "any"}"#;
    let types = [
        ("", 415),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: application/json; charset=utf-8\r\n", 201),
        ("Content-Type: Application/JSON\r\n", 201),
    ];
    for (headers, status) in types {
        let answer = ask_with(address, "POST /rules", headers, rule).await;
        assert_eq!(answer.status, status, "{headers}");
    }
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(4 * 1024 * 1024));
    let answer = ask(address, "POST /rules", &large).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    let chunked = format!(
        "POST /rules HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    assert_eq!(send(address, chunked.as_bytes()).await.status, 413);
    let deep = "[".repeat(100_000);
    assert_eq!(
        ask(address, "POST /clients/c/send", &deep).await.status,
        400
    );
    assert_eq!(ask(address, "POST /rules", &deep).await.status, 400);
    // A head without an end.
    let endless = format!(
        "GET /health HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n",
        "x".repeat(200_000)
    );
    assert_eq!(send(address, endless.as_bytes()).await.status, 431);
    assert_eq!(ask(address, "GET /health", "").await.status, 200);
}

#[tokio::test]
async fn a_page_of_a_stranger_gets_nothing() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let address = server.address();
    for (line, headers) in [
        ("POST /reset", "Origin: http://evil.example\r\n"),
        ("POST /reset", "Origin: null\r\n"),
        ("GET /", "Origin: http://evil.example\r\n"),
    ] {
        assert_eq!(
            ask_with(address, line, headers, "").await.status,
            403,
            "{headers}"
        );
    }
    let ours = format!("Origin: http://{address}\r\n");
    assert_eq!(
        ask_with(address, "POST /reset", &ours, "").await.status,
        204
    );
    // The name of a stranger that leads to this address.
    let rebound = b"GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(address, rebound).await.status, 403);

    let page = ask(address, "GET /", "").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_token_is_demanded_of_all_but_the_page() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, Some("secret")).await;
    let address = server.address();
    for path in [
        "/health",
        "/rules",
        "/clients",
        "/journal",
        "/journal.pcapng",
        "/openapi.json",
    ] {
        let answer = ask(address, &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
    }
    for path in ["/", "/page.js", "/page.css", "/icon.svg"] {
        assert_eq!(
            ask(address, &format!("GET {path}"), "").await.status,
            200,
            "{path}"
        );
    }
    let stranger = Remote::new(&server.url(), Some("guess".to_owned())).unwrap();
    let error = stranger.health().await.unwrap_err();
    assert!(matches!(error, ControlError::Refused(_)), "{error:?}");
    let friend = Remote::new(&server.url(), Some("secret".to_owned())).unwrap();
    assert_eq!(friend.health().await.unwrap().status, "ok");
}

#[tokio::test]
async fn nobody_listens_to_the_world_without_a_token() {
    let broker = MockBroker::in_memory();
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let error = ControlServer::start(Local::new(&broker), everywhere, None)
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::NoToken { .. }), "{error:?}");
    for token in ["", "a b", "ü"] {
        let token = Some(token.to_owned());
        let error = ControlServer::start(Local::new(&broker), everywhere, token)
            .await
            .unwrap_err();
        assert!(matches!(error, StartError::BadToken), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let remote = Remote::new(&server.url(), None).unwrap();
    assert_eq!(remote.health().await.unwrap().status, "ok");
    drop(server);
    // The task ends when the runtime next looks at it.
    loop {
        match remote.health().await {
            Ok(_) => tokio::task::yield_now().await,
            Err(ControlError::Unreachable { .. }) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn the_journal_comes_as_it_happens() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!(
        "GET /journal/stream HTTP/1.1\r\nHost: {}\r\nLast-Event-ID: 0\r\n\r\n",
        server.address()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut came = String::new();
    let _peer = Peer::connected(&broker, Version::V5, "c1").await;
    let patience = Duration::from_secs(30);
    while !came.contains("\"type\":\"CONNACK\"") {
        let mut buffer = [0; 4096];
        let read = tokio::time::timeout(patience, stream.read(&mut buffer)).await;
        let read = read.unwrap().unwrap();
        assert!(read > 0, "{came}");
        came += std::str::from_utf8(&buffer[..read]).unwrap();
    }
    assert!(came.contains("text/event-stream"), "{came}");
    assert!(came.contains("id: 1\ndata: {\"number\":1,"), "{came}");
    assert!(!came.contains("id: 0\n"), "{came}");
}

/// How long a test waits for an answer that comes at once, or in vain.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn heads_that_never_end_do_not_lock_others_out() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let mut half_sent = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
        half_sent.push(stream);
    }
    let answer = ask(server.address(), "GET /health", "");
    let answer = tokio::time::timeout(SOON, answer).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn who_waits_for_the_journal_does_not_lock_others_out() {
    let broker = MockBroker::in_memory();
    let server = server(&broker, None).await;
    let address = server.address();
    let mut waiting = Vec::new();
    for number in 0..64 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /journal/stream HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200", "{number}");
        waiting.push(stream);
    }
    for line in ["GET /journal/stream", "GET /journal?wait_ms=1000"] {
        let answer = ask(address, line, "").await;
        assert_eq!(answer.status, 503, "{line}");
        assert_eq!(answer.json()["code"], "too-many-wait");
    }
    for line in ["GET /journal", "GET /health"] {
        let answer = tokio::time::timeout(SOON, ask(address, line, "")).await;
        assert_eq!(answer.unwrap().status, 200, "{line}");
    }
    // A stream goes on, however many others come.
    let mut half_sent = Vec::new();
    for _ in 0..200 {
        half_sent.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(ask(address, "GET /health", "").await.status, 200);
    let _peer = Peer::connected(&broker, Version::V5, "c1").await;
    for stream in &mut waiting {
        let mut came = String::new();
        while !came.contains("CONNACK") {
            let mut buffer = [0; 4096];
            let read = tokio::time::timeout(SOON, stream.read(&mut buffer)).await;
            let read = read.unwrap().unwrap();
            assert!(read > 0, "{came}");
            came += std::str::from_utf8(&buffer[..read]).unwrap();
        }
    }
    // One that ends makes room.
    waiting.clear();
    drop(half_sent);
    let begun = std::time::Instant::now();
    while ask(address, "GET /journal?wait_ms=1", "").await.status != 200 {
        assert!(begun.elapsed() < SOON);
    }
}

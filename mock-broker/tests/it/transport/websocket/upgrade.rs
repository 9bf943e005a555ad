//! The upgrade: requests that are granted, refused, and answered wrongly.

use std::io::ErrorKind;
use std::time::Duration;

use nack_mock_broker::action::close;
use nack_mock_broker::{Entry, Listener, MockBroker, WebSocket, WebSocketFault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};

use super::{CONNECT, connect, connect_with, connected, faulty, notes, request, start};

#[tokio::test]
async fn the_subprotocol_is_agreed_on() {
    let broker = start(WebSocket::new()).await;
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    // [MQTT-6.0.0-4]
    let upgraded = tokio_tungstenite::client_async(request(&broker), stream).await;
    let (_, response) = upgraded.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "mqtt");

    // Among others it counts too.
    let mut among = request(&broker);
    let headers = among.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", "mqttv3.1, mqtt".parse().unwrap());
    connect_with(&broker, among).await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_offer_the_subprotocol_is_refused() {
    let broker = start(WebSocket::new()).await;
    let mut without = request(&broker);
    without.headers_mut().remove("Sec-WebSocket-Protocol");
    let error = connect_with(&broker, without).await.unwrap_err();
    assert_eq!(status(&error), 400);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over websocket
    → #1 GET /mqtt
    ← #1 400 Bad Request: the subprotocol mqtt must be offered
    ← #1 closed
    "#);
}

#[tokio::test]
async fn mqtt_is_spoken_at_one_path() {
    let broker = start(WebSocket::new().path("/a/b")).await;
    assert!(broker.urls()[0].ends_with("/a/b"));
    connected(&broker).await;
    let mut elsewhere = request(&broker);
    *elsewhere.uri_mut() = broker.urls()[0].replace("/a/b", "/mqtt").parse().unwrap();
    let error = connect_with(&broker, elsewhere).await.unwrap_err();
    assert_eq!(status(&error), 404);
    let mut query = request(&broker);
    *query.uri_mut() = format!("{}?token=1", broker.urls()[0]).parse().unwrap();
    connect_with(&broker, query).await.unwrap();
    let rootless = start(WebSocket::new().path("a/b")).await;
    assert!(rootless.urls()[0].ends_with("/a/b"));
    connected(&rootless).await;
    let reason = "404 Not Found: MQTT is spoken at /a/b".to_owned();
    assert!(notes(&broker).contains(&reason));
}

#[tokio::test]
async fn any_status_is_answered_instead() {
    for code in [200, 400, 401, 403, 404, 426, 429, 500, 503, 599] {
        let broker = faulty(WebSocketFault::Status(code)).await;
        let error = connect(&broker).await.unwrap_err();
        assert_eq!(status(&error), code);
    }
}

#[tokio::test]
async fn a_client_is_redirected() {
    let url = "ws://other.example/mqtt\r\nInjected: yes".to_owned();
    let broker = faulty(WebSocketFault::Redirect(url)).await;
    let error = connect(&broker).await.unwrap_err();
    let Error::Http(response) = error else {
        panic!("{error:?}");
    };
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "ws://other.example/mqttInjected: yes"
    );
    assert!(!response.headers().contains_key("injected"));
}

#[tokio::test]
async fn a_fault_is_met_as_often_as_was_said() {
    let websocket = WebSocket::new().fault(WebSocketFault::Status(503));
    let broker = start(websocket.fault_times(2)).await;
    assert_eq!(status(&connect(&broker).await.unwrap_err()), 503);
    assert_eq!(status(&connect(&broker).await.unwrap_err()), 503);
    connected(&broker).await;
}

#[tokio::test]
async fn a_fault_comes_and_goes_while_the_broker_runs() {
    let broker = start(WebSocket::new()).await;
    connected(&broker).await;
    let busy = WebSocketFault::Status(503);
    broker.set_websocket_fault(0, busy.clone()).unwrap();
    assert_eq!(status(&connect(&broker).await.unwrap_err()), 503);
    broker.set_websocket_fault(0, None).unwrap();
    connected(&broker).await;

    let plain = MockBroker::start().await.unwrap();
    let error = plain.set_websocket_fault(0, busy).unwrap_err();
    assert_eq!(error.to_string(), "listener 0 does not speak WebSocket");
}

#[tokio::test]
async fn the_answer_is_wrong_in_each_way() {
    for (fault, expected) in [
        (
            WebSocketFault::NoSubprotocol,
            ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol),
        ),
        (
            WebSocketFault::WrongSubprotocol,
            ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::InvalidSubProtocol),
        ),
        (
            WebSocketFault::WrongAccept,
            ProtocolError::SecWebSocketAcceptKeyMismatch,
        ),
        (
            WebSocketFault::CloseAfterRequest,
            ProtocolError::HandshakeIncomplete,
        ),
    ] {
        let broker = faulty(fault.clone()).await;
        match connect(&broker).await.unwrap_err() {
            Error::Protocol(error) => assert_eq!(error, expected, "{fault}"),
            other => panic!("{fault}: {other:?}"),
        }
    }
    let broker = faulty(WebSocketFault::Garbage).await;
    let error = connect(&broker).await.unwrap_err();
    let Error::Protocol(ProtocolError::HttparseError(_)) = error else {
        panic!("{error:?}");
    };
}

#[tokio::test]
async fn a_request_that_is_never_answered_stays_open_until_somebody_ends_it() {
    let broker = faulty(WebSocketFault::Stall).await;
    let ending = async {
        let stalled = |entry: &Entry| entry.note() == Some("fault: no answer to the request");
        broker.wait_for_entry(stalled).await;
        broker.send(1, close()).await.unwrap();
    };
    let (connected, ()) = tokio::join!(connect(&broker), ending);
    let Err(Error::Protocol(ProtocolError::HandshakeIncomplete)) = connected else {
        panic!("{connected:?}");
    };
}

#[tokio::test]
async fn plain_mqtt_where_websocket_is_spoken_is_named() {
    let broker = start(WebSocket::new()).await;
    let answer = answer(&broker, CONNECT).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over websocket
    → #1 a CONNECT of plain MQTT came where WebSocket is spoken
    ← #1 400 Bad Request: WebSocket protocol error: httparse error: invalid token
    ← #1 closed
    "#);
}

#[tokio::test]
async fn requests_that_are_none_are_refused_with_the_reason() {
    let broker = start(WebSocket::new()).await;
    let check = async |request: &str, begin: &str, end: &str| {
        let answer = answer(&broker, request.as_bytes()).await;
        assert!(answer.starts_with(begin), "{answer}");
        assert!(answer.ends_with(end), "{answer}");
    };
    let bad = "HTTP/1.1 400 Bad Request\r\n";
    check("GET /mqtt HTTP/1.1\r\n\r\n", bad, "").await;
    check("POST /mqtt HTTP/1.1\r\n\r\n", bad, "").await;
    check("GET /mqtt HTTP/1.0\r\n\r\n", bad, "").await;
    let long = format!("GET /mqtt HTTP/1.1\r\nA: {}", "x".repeat(20_000));
    let too_long = "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    check(&long, too_long, "the request is too long").await;
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_finish_the_request_is_closed() {
    let broker = MockBroker::builder()
        .handshake_limit(Duration::from_secs(3))
        .in_memory();
    let listener = Listener::local().websocket(WebSocket::new());
    let mut slow = broker.connect_over(&listener).unwrap();
    slow.write_all(b"GET /mqtt HT").await.unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "{rest:?}");
    broker.wait_for_close(1).await;
    assert_eq!(notes(&broker), ["the handshake took longer than 3s"]);
}

#[tokio::test]
async fn garbage_in_a_request_ends_its_connection_and_no_other() {
    let broker = start(WebSocket::new()).await;
    let right = "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..300 {
        let mut bytes = right.as_bytes().to_vec();
        match round % 3 {
            0 => bytes.truncate(random.usize(..bytes.len())),
            1 => {
                let place = random.usize(..bytes.len());
                bytes[place] = random.u8(..);
            }
            _ => bytes.extend((0..random.usize(..400)).map(|_| random.u8(..))),
        }
        let mut stream = TcpStream::connect(broker.address()).await.unwrap();
        // The broker may have closed before all is written.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    for connection in 1..=300 {
        broker.wait_for_close(connection).await;
    }
    connected(&broker).await;
}

fn status(error: &Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// What the broker says to these bytes, until it closes.
async fn answer(broker: &MockBroker, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(broker.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    match stream.read_to_string(&mut answer).await {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    answer
}

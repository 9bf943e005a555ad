//! The faults that ship of what lies below MQTT, over real sockets.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use nack_mock_broker::scenario::shipped;
use nack_mock_broker::{MockBroker, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(super) const NAMES: [&str; 8] = [
    "tls-expired",
    "tls-wrong-name",
    "tls-unknown-authority",
    "tls-stall",
    "tls-garbage",
    "websocket-text-frames",
    "websocket-no-subprotocol",
    "websocket-ping-between-fragments",
];

/// A broker with the listener of the scenario, on a port of the system's choice, and the authority
/// of its TLS.
async fn listening(name: &str) -> (MockBroker, OnceCell<Tls>) {
    let file = shipped(&format!("fault/{name}")).unwrap().file().unwrap();
    let authority = OnceCell::new();
    let mut listen = file.scenario().listeners[0].clone();
    listen.address = Some("127.0.0.1:0".parse().unwrap());
    let listener = listen.listener(&authority).unwrap();
    let broker = MockBroker::builder()
        .listen(listener)
        .start()
        .await
        .unwrap();
    for rule in file.rules().unwrap() {
        rule.mount(&broker).forget();
    }
    (broker, authority)
}

/// A handshake with the broker by a client that trusts the authority.
async fn handshake(broker: &MockBroker, authority: &Tls) -> std::io::Result<()> {
    let mut roots = RootCertStore::empty();
    let pem = authority.ca_pem();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(broker.address()).await?;
    let server = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(server, stream)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_for_what_is_wrong() {
    for (name, reason) in [
        ("tls-expired", "expired"),
        ("tls-wrong-name", "not valid for name"),
        ("tls-unknown-authority", "BadSignature"),
        ("tls-garbage", "corrupt message"),
    ] {
        let (broker, authority) = listening(name).await;
        let error = handshake(&broker, authority.get().unwrap()).await;
        let error = error.unwrap_err().to_string();
        broker.verify().unwrap();
        assert!(error.contains(reason), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_is_not_answered() {
    let (broker, authority) = listening("tls-stall").await;
    let handshake = handshake(&broker, authority.get().unwrap());
    let done = tokio::time::timeout(Duration::from_millis(50), handshake).await;
    assert!(done.is_err(), "{done:?}");
    broker.verify().unwrap();
}

/// A client that has asked for WebSocket and sent its CONNECT: the answer to the upgrade, and the
/// first bytes behind it.
async fn upgraded(name: &str) -> (String, [u8; 2]) {
    let (broker, _) = listening(name).await;
    let mut stream = TcpStream::connect(broker.address()).await.unwrap();
    let request = format!(
        "GET /mqtt HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: mqtt\r\n\r\n",
        broker.address()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    // A binary frame of 17 bytes, masked with zeroes.
    stream.write_all(b"\x82\x91\x00\x00\x00\x00").await.unwrap();
    let connect = b"\x10\x0F\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02c1";
    stream.write_all(connect).await.unwrap();
    let mut first = [0; 2];
    stream.read_exact(&mut first).await.unwrap();
    broker.verify().unwrap();
    (String::from_utf8(answer).unwrap().to_lowercase(), first)
}

#[tokio::test]
async fn wrong_frames_of_websocket_come() {
    let (_, first) = upgraded("websocket-text-frames").await;
    assert_eq!(first[0], 0x81, "a frame of text");
    let (answer, _) = upgraded("websocket-no-subprotocol").await;
    assert!(!answer.contains("sec-websocket-protocol"), "{answer}");
    let (answer, first) = upgraded("websocket-ping-between-fragments").await;
    assert!(answer.contains("sec-websocket-protocol: mqtt"), "{answer}");
    assert_eq!(first[0], 0x02, "a binary frame that is not the last");
}

//! The faults that ship of what lies below MQTT, over real sockets.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use nack_mock_broker::scenario::shipped;
use nack_mock_broker::{Identity, MockBroker, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(super) const NAMES: [&str; 17] = [
    "tls-expired",
    "tls-not-yet-valid",
    "tls-wrong-name",
    "tls-unknown-authority",
    "tls-wrong-alpn",
    "tls-client-certificate",
    "tls-stall",
    "tls-garbage",
    "tls-closed-in-handshake",
    "websocket-text-frames",
    "websocket-no-subprotocol",
    "websocket-wrong-subprotocol",
    "websocket-ping-between-fragments",
    "websocket-packets-joined",
    "websocket-packets-split",
    "websocket-closed-within-packet",
    "websocket-closed-behind-connack",
];

/// CONNECT of MQTT 5.0.
const CONNECT: &[u8] = b"\x10\x0F\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02c1";

/// CONNACK of success.
const CONNACK: &[u8] = b"\x20\x03\x00\x00\x00";

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

/// A handshake with the broker by a client that trusts the authority, offers this application
/// protocol, and has this certificate or none.
async fn handshake_with(
    broker: &MockBroker,
    authority: &Tls,
    alpn: Option<&str>,
    identity: Option<Identity>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let pem = authority.ca_pem();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let pem = identity.certificate_pem().as_bytes();
            let chain = CertificateDer::pem_slice_iter(pem);
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
            builder
                .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key)
                .unwrap()
        }
    };
    config.alpn_protocols = alpn.map(|it| it.as_bytes().to_vec()).into_iter().collect();
    let stream = TcpStream::connect(broker.address()).await?;
    let server = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(server, stream)
        .await
}

/// A handshake by a client that offers `mqtt` and has no certificate.
async fn handshake(broker: &MockBroker, authority: &Tls) -> std::io::Result<TlsStream<TcpStream>> {
    handshake_with(broker, authority, Some("mqtt"), None).await
}

/// What a client is told that says CONNECT: the first bytes, as many as a CONNACK has.
async fn greeted(stream: &mut TlsStream<TcpStream>) -> std::io::Result<[u8; 5]> {
    stream.write_all(CONNECT).await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_handshake_fails_for_what_is_wrong() {
    for (name, reason) in [
        ("tls-expired", "expired"),
        ("tls-not-yet-valid", "not valid yet"),
        ("tls-wrong-name", "not valid for name"),
        ("tls-unknown-authority", "BadSignature"),
        ("tls-garbage", "corrupt message"),
        ("tls-wrong-alpn", "NoApplicationProtocol"),
        ("tls-closed-in-handshake", "handshake eof"),
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

#[tokio::test]
async fn who_offers_no_application_protocol_is_let_in() {
    let (broker, authority) = listening("tls-wrong-alpn").await;
    let stream = handshake_with(&broker, authority.get().unwrap(), None, None).await;
    assert_eq!(greeted(&mut stream.unwrap()).await.unwrap(), CONNACK);
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_and_one_with_it_is_let_in() {
    let (broker, authority) = listening("tls-client-certificate").await;
    let authority = authority.get().unwrap();
    // In TLS 1.3 the client's side of the handshake is done before its certificate is looked at.
    let stream = handshake(&broker, authority).await;
    let error = greeted(&mut stream.unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("CertificateRequired"), "{error}");
    let identity = authority.client_identity("c1");
    let stream = handshake_with(&broker, authority, Some("mqtt"), Some(identity)).await;
    assert_eq!(greeted(&mut stream.unwrap()).await.unwrap(), CONNACK);
    broker.verify().unwrap();
}

/// A client that has asked for WebSocket, and the answer to its upgrade.
async fn upgraded(broker: &MockBroker) -> (TcpStream, String) {
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
    (stream, String::from_utf8(answer).unwrap().to_lowercase())
}

/// Sends a packet in a binary frame that is masked with zeroes.
async fn say(stream: &mut TcpStream, packet: &[u8]) {
    let length = 0x80 | u8::try_from(packet.len()).unwrap();
    let frame = [&[0x82, length, 0, 0, 0, 0], packet].concat();
    stream.write_all(&frame).await.unwrap();
}

async fn expects(stream: &mut TcpStream, name: &str, bytes: &[u8]) {
    let mut found = vec![0; bytes.len()];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut found)).await;
    assert!(matches!(read, Ok(Ok(_))), "{name}: {read:?}, {found:02X?}");
    assert_eq!(found, bytes, "{name}");
}

#[tokio::test]
async fn an_upgrade_names_no_subprotocol_or_another() {
    for (name, expected) in [
        ("websocket-no-subprotocol", None),
        ("websocket-wrong-subprotocol", Some("not-mqtt")),
        ("websocket-text-frames", Some("mqtt")),
    ] {
        let (broker, _) = listening(name).await;
        let (_, answer) = upgraded(&broker).await;
        let found = answer
            .lines()
            .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(found, expected, "{name}: {answer}");
        broker.verify().unwrap();
    }
}

#[tokio::test]
async fn connack_comes_in_odd_and_wrong_frames() {
    let odd: [(&str, &[u8]); 5] = [
        ("websocket-text-frames", b"\x81\x05\x20\x03\x00\x00\x00"),
        (
            "websocket-ping-between-fragments",
            b"\x02\x02\x20\x03\x89\x04nack\x80\x03\x00\x00\x00",
        ),
        (
            "websocket-packets-split",
            b"\x82\x03\x20\x03\x00\x82\x02\x00\x00",
        ),
        (
            "websocket-closed-within-packet",
            b"\x02\x02\x20\x03\x88\x02\x03\xF4",
        ),
        (
            "websocket-closed-behind-connack",
            b"\x82\x05\x20\x03\x00\x00\x00\x88\x02\x03\xE9",
        ),
    ];
    for (name, frames) in odd {
        let (broker, _) = listening(name).await;
        let (mut stream, _) = upgraded(&broker).await;
        say(&mut stream, CONNECT).await;
        expects(&mut stream, name, frames).await;
        broker.verify().unwrap();
    }
}

#[tokio::test]
async fn packets_are_joined_in_one_frame() {
    let name = "websocket-packets-joined";
    let (broker, _) = listening(name).await;
    let (mut stream, _) = upgraded(&broker).await;
    say(&mut stream, CONNECT).await;
    expects(&mut stream, name, b"\x82\x05\x20\x03\x00\x00\x00").await;
    say(&mut stream, b"\x82\x07\x00\x09\x00\x00\x01t\x02").await;
    let frame = b"\x82\x0D\x90\x04\x00\x09\x00\x02\x30\x05\x00\x01t\x000";
    expects(&mut stream, name, frame).await;
    broker.verify().unwrap();
}

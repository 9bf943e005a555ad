//! Where the program listens, and with which faults below MQTT.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use super::program::{Client, Folder, Running, run, told};

#[test]
fn a_url_with_the_layers_of_a_scenario_keeps_its_faults() {
    let broker = Running::start(&[
        "run",
        "fault/websocket-text-frames",
        "--listen",
        "ws://127.0.0.1:0",
        "--exit-after",
        "1-connection",
    ]);
    let mut client = broker.connect();
    client.send(
        b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Protocol: mqtt\r\n\r\n",
    );
    let head = client.read_until(b"\r\n\r\n");
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    // A CONNECT in a masked binary frame, the mask being zeros.
    client.send(b"\x82\x91\x00\x00\x00\x00\x10\x0F\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02c1");
    client.expects(b"\x81\x05\x20\x03\x00\x00\x00");
    drop(client);
    assert_eq!(broker.end().0, 0);
}

#[test]
fn a_url_with_other_layers_than_the_scenario_is_refused() {
    let told = [
        told(&["run", "fault/tls-expired", "--listen", "tcp://127.0.0.1:0"]),
        told(&[
            "run",
            "fault/websocket-no-subprotocol",
            "--listen",
            "wss://127.0.0.1:0",
        ]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

/// What a client of TLS brings along, as files that the program has written.
fn client_config(ca: &str, identity: Option<(&str, &str)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    }
}

/// Connects over TLS in MQTT 5.0: what comes back.
fn connect_over_tls(broker: &Running, config: ClientConfig) -> std::io::Result<[u8; 5]> {
    let server = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), server).unwrap();
    let mut socket = TcpStream::connect(broker.address())?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(Client::CONNECT)?;
    let mut connack = [0; 5];
    stream.read_exact(&mut connack)?;
    Ok(connack)
}

#[test]
fn a_certificate_that_has_expired_has_expired_where_the_url_says_tls() {
    let folder = Folder::new("expired");
    let ca = folder.file("ca.pem");
    let broker = Running::start(&[
        "run",
        "fault/tls-expired",
        "--listen",
        "tls://127.0.0.1:0",
        "--ca",
        &ca,
        "--exit-after",
        "1-connection",
    ]);
    let error = connect_over_tls(&broker, client_config(&ca, None)).unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(broker.end().0, 0);
}

#[test]
fn a_broker_that_asks_for_a_certificate_gives_one_as_files() {
    let folder = Folder::new("identity");
    let [ca, certificate, key, scenario] =
        ["ca", "certificate", "key", "asks.toml"].map(|name| folder.file(name));
    let text =
        "[[listen]]\naddress = \"localhost:0\"\ntls = { client_certificate = \"required\" }\n";
    std::fs::write(&scenario, text).unwrap();
    let broker = Running::start(&[
        "run",
        &scenario,
        "--ca",
        &ca,
        "--client-certificate",
        &certificate,
        "--client-key",
        &key,
        "--exit-after",
        "2-connections",
    ]);
    let error = connect_over_tls(&broker, client_config(&ca, None)).unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    let config = client_config(&ca, Some((&certificate, &key)));
    let connack = connect_over_tls(&broker, config).unwrap();
    assert_eq!(connack, *b"\x20\x03\x00\x00\x00");
    assert_eq!(broker.end().0, 0);
}

#[test]
fn the_control_api_may_be_at_a_name() {
    let broker = Running::start(&[
        "--listen",
        "localhost:0",
        "--control",
        "localhost:0",
        "--exit-after",
        "1ms",
    ]);
    assert!(
        broker.line.contains(", control on http://"),
        "{}",
        broker.line
    );
    assert_eq!(broker.end().0, 0);
}

#[test]
fn an_address_that_is_wrong_and_a_name_that_nobody_has_are_told_apart() {
    for (arguments, wrong) in [
        (
            ["--control", "localhost"],
            "`localhost` is no address: expected HOST:PORT",
        ),
        (
            ["--upstream", "localhost:mqtt"],
            "`localhost:mqtt` is no address: expected HOST:PORT",
        ),
        (
            ["--upstream", "no.such.host.invalid:1"],
            "`no.such.host.invalid:1` cannot be found: ",
        ),
        (
            ["--listen", "no.such.host.invalid:1"],
            "`no.such.host.invalid:1` cannot be found: ",
        ),
    ] {
        let output = run(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(wrong), "{stderr}");
        assert_ne!(output.status.code(), Some(0));
    }
    let folder = Folder::new("address");
    let path = folder.file("listen.toml");
    std::fs::write(&path, "[[listen]]\naddress = \"localhost\"\n").unwrap();
    let stderr = String::from_utf8(run(&["check", &path]).stderr).unwrap();
    assert!(
        stderr.contains("listen.toml:2:11: `localhost` is no address: expected HOST:PORT\n"),
        "{stderr}"
    );
}

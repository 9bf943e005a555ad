//! Handshakes: what is agreed on, and how they break off.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use nack_codec::Version;
use nack_mock_broker::action::close;
use nack_mock_broker::{Listener, MockBroker, Tls, TlsFault, TlsVersion, TransportKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{AlertDescription, Error, InvalidMessage, ProtocolVersion};

use super::{client, client_of, connect, connected, faulty, notes, reason, start};
use crate::peer::{Hello, Peer};

#[tokio::test]
async fn mqtt_is_spoken_over_both_versions_of_tls() {
    for (version, spoken) in [
        (TlsVersion::Tls12, ProtocolVersion::TLSv1_2),
        (TlsVersion::Tls13, ProtocolVersion::TLSv1_3),
    ] {
        let tls = Tls::new().only(version);
        let broker = start(&tls).await;
        let peer = connected(&broker, client(&tls)).await;
        let stream = peer.into_stream();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
        drop(stream);
        let end = broker.wait_for_close(1).await;
        assert_eq!(end.transport(), TransportKind::Tls);
    }
}

#[tokio::test]
async fn the_journal_says_what_was_agreed_on() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let mut stream = connected(&broker, client(&tls)).await.into_stream();
    stream.shutdown().await.unwrap();
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over tls
    → #1 ClientHello name="localhost" alpn="mqtt"
    ← #1 TLS 1.3 alpn="mqtt"
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 closed
    "#);
}

#[tokio::test]
async fn a_client_of_the_other_version_is_refused() {
    let tls = Tls::new().only(TlsVersion::Tls12);
    let broker = start(&tls).await;
    let error = connect(&broker, client_of(&tls, &TLS13)).await.unwrap_err();
    let alert = Error::AlertReceived(AlertDescription::ProtocolVersion);
    assert_eq!(*reason(&error), alert);

    let tls = Tls::new().only(TlsVersion::Tls13);
    let broker = start(&tls).await;
    let error = connect(&broker, client_of(&tls, &TLS12)).await.unwrap_err();
    assert_eq!(*reason(&error), alert);
}

#[tokio::test]
async fn application_protocols_are_agreed_on_or_not() {
    let agreed = async |tls: Tls, offered: &[&str]| {
        let broker = start(&tls).await;
        let mut config = client(&tls);
        config.alpn_protocols = offered.iter().map(|it| it.as_bytes().to_vec()).collect();
        let stream = connect(&broker, config).await?;
        let protocol = stream.get_ref().1.alpn_protocol();
        std::io::Result::Ok(protocol.map(<[u8]>::to_vec))
    };
    let mqtt = Some(b"mqtt".to_vec());
    assert_eq!(agreed(Tls::new(), &["mqtt"]).await.unwrap(), mqtt);
    assert_eq!(agreed(Tls::new(), &["x", "mqtt"]).await.unwrap(), mqtt);
    assert_eq!(agreed(Tls::new(), &[]).await.unwrap(), None);
    let own = Tls::new().alpn(["x-amzn-mqtt-ca"]);
    let amazon = Some(b"x-amzn-mqtt-ca".to_vec());
    assert_eq!(agreed(own, &["x-amzn-mqtt-ca"]).await.unwrap(), amazon);
    let none = Tls::new().alpn([""; 0]);
    assert_eq!(agreed(none, &["mqtt"]).await.unwrap(), None);
    let no_alpn = Tls::new().fault(TlsFault::NoAlpn);
    assert_eq!(agreed(no_alpn, &["mqtt"]).await.unwrap(), None);

    let refused = Error::AlertReceived(AlertDescription::NoApplicationProtocol);
    let error = agreed(Tls::new(), &["http/1.1"]).await.unwrap_err();
    assert_eq!(*reason(&error), refused);
    let wrong = Tls::new().fault(TlsFault::WrongAlpn);
    let error = agreed(wrong, &["mqtt"]).await.unwrap_err();
    assert_eq!(*reason(&error), refused);
}

#[tokio::test]
async fn a_handshake_breaks_off_where_it_is_told_to() {
    for (fault, expected) in [
        (TlsFault::CloseAfterClientHello, ErrorKind::UnexpectedEof),
        (TlsFault::CloseAfterServerHello, ErrorKind::UnexpectedEof),
        (TlsFault::ResetAfterClientHello, ErrorKind::ConnectionReset),
    ] {
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let tls = Tls::new().fault(fault).only(version);
            let broker = start(&tls).await;
            let error = connect(&broker, client(&tls)).await.unwrap_err();
            assert_eq!(error.kind(), expected, "{fault}");
            let note = format!("fault: {fault}");
            assert_eq!(notes(&broker)[1..], [note]);
        }
    }
}

#[tokio::test]
async fn just_server_hello_comes_before_the_end() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let tls = Tls::new()
            .fault(TlsFault::CloseAfterServerHello)
            .only(version);
        let broker = start(&tls).await;
        let bytes = answer_to_client_hello(&broker, &tls).await;
        let length = usize::from(bytes[3]) << 8 | usize::from(bytes[4]);
        assert_eq!(bytes.len(), 5 + length);
        // A handshake's record, and in it a ServerHello of the same length.
        assert_eq!((bytes[0], bytes[5]), (22, 2));
        let inner = usize::from(bytes[7]) << 8 | usize::from(bytes[8]);
        assert_eq!(inner + 4, length);
    }
}

#[tokio::test]
async fn client_hello_is_answered_with_garbage_or_any_alert() {
    let (broker, tls) = faulty(TlsFault::Garbage).await;
    let error = connect(&broker, client(&tls)).await.unwrap_err();
    let garbage = Error::InvalidMessage(InvalidMessage::InvalidContentType);
    assert_eq!(*reason(&error), garbage);

    let (broker, tls) = faulty(TlsFault::Alert(112)).await;
    let error = connect(&broker, client(&tls)).await.unwrap_err();
    let alert = Error::AlertReceived(AlertDescription::UnrecognisedName);
    assert_eq!(*reason(&error), alert);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over tls
    → #1 ClientHello name="localhost" alpn="mqtt"
    ← #1 fault: alert 112
    ← #1 closed
    "#);
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_stays_open_until_somebody_ends_it() {
    let (broker, tls) = faulty(TlsFault::Stall).await;
    let connecting = connect(&broker, client(&tls));
    let ending = async {
        let stalled = |entry: &nack_mock_broker::Entry| {
            entry.note() == Some("fault: no answer to ClientHello")
        };
        broker.wait_for_entry(stalled).await;
        broker.send(1, close()).await.unwrap();
    };
    let (connected, ()) = tokio::join!(connecting, ending);
    assert_eq!(connected.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn plain_mqtt_where_tls_is_spoken_is_named() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    let mut peer = Peer::over(stream, Version::V5);
    peer.hello(Hello::default()).await;
    let mut stream = peer.into_stream();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    // A fatal alert.
    assert_eq!(answer[..6], [21, 3, 3, 0, 2, 2], "{answer:?}");
    drop(stream);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over tls
    → #1 a CONNECT of plain MQTT came where TLS is spoken
    ← #1 TLS failed: received corrupt message of type InvalidContentType
    ← #1 closed
    "#);
}

#[tokio::test]
async fn whoever_does_not_finish_the_handshake_holds_up_nobody() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let _silent = TcpStream::connect(broker.address()).await.unwrap();
    let mut halting = TcpStream::connect(broker.address()).await.unwrap();
    halting
        .write_all(b"\x16\x03\x01\x02\x00\x01")
        .await
        .unwrap();
    connected(&broker, client(&tls)).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_finish_the_handshake_is_closed() {
    let broker = MockBroker::builder()
        .handshake_limit(Duration::from_secs(3))
        .in_memory();
    let listener = Listener::local().tls(Tls::new());
    let mut silent = broker.connect_over(&listener).unwrap();
    let mut halting = broker.connect_over(&listener).unwrap();
    let begin = Instant::now();
    halting
        .write_all(b"\x16\x03\x01\x02\x00\x01")
        .await
        .unwrap();
    for (number, stream) in [(1, &mut silent), (2, &mut halting)] {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "{rest:?}");
        broker.wait_for_close(number).await;
    }
    assert_eq!(begin.elapsed().as_secs(), 3);
    assert_eq!(notes(&broker), ["the handshake took longer than 3s"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_time_for_connect_begins_behind_the_handshake() {
    let hour = Duration::from_secs(3600);
    let broker = MockBroker::builder().handshake_limit(hour).in_memory();
    let tls = Tls::new();
    let listener = Listener::local().tls(tls.clone());
    let connector = TlsConnector::from(Arc::new(client(&tls)));
    let mut late = broker.connect_over(&listener).unwrap();
    let said = timeout(Duration::from_secs(60), late.read_u8()).await;
    assert!(said.is_err(), "{said:?}");
    let name = "localhost".try_into().unwrap();
    let mut late = connector.connect(name, late).await.unwrap();
    let begin = Instant::now();
    assert_eq!(late.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(begin.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn who_is_never_answered_is_not_closed_either() {
    let broker = MockBroker::in_memory();
    let tls = Tls::new().fault(TlsFault::Stall);
    let listener = Listener::local().tls(tls.clone());
    let stream = broker.connect_over(&listener).unwrap();
    let connector = TlsConnector::from(Arc::new(client(&tls)));
    let name = "localhost".try_into().unwrap();
    let hour = Duration::from_secs(3600);
    let connected = timeout(hour, connector.connect(name, stream)).await;
    assert!(connected.is_err(), "{:?}", notes(&broker));
}

#[tokio::test]
async fn a_connection_is_closed_from_outside_in_the_middle_of_a_handshake() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let mut stream = TcpStream::connect(broker.address()).await.unwrap();
    broker.wait_for_entry(|entry| entry.connection() == 1).await;
    broker.send(1, close()).await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn garbage_in_a_handshake_ends_its_connection_and_no_other() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let hello = client_hello(&tls).await;
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..300 {
        let mut bytes = hello.clone();
        match round % 3 {
            0 => bytes.truncate(random.usize(..bytes.len())),
            1 => {
                let place = random.usize(..bytes.len());
                bytes[place] ^= 1 << random.u8(..8);
            }
            _ => {
                let begin = random.usize(..20);
                bytes.truncate(begin);
                bytes.extend((0..random.usize(..400)).map(|_| random.u8(..)));
            }
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
    connected(&broker, client(&tls)).await;
}

/// What the broker says to a ClientHello, until it closes.
async fn answer_to_client_hello(broker: &MockBroker, tls: &Tls) -> Vec<u8> {
    let hello = client_hello(tls).await;
    let mut stream = TcpStream::connect(broker.address()).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

/// The first bytes of a client.
async fn client_hello(tls: &Tls) -> Vec<u8> {
    let name = "localhost".try_into().unwrap();
    let config = Arc::new(client(tls));
    let mut connection = tokio_rustls::rustls::ClientConnection::new(config, name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

//! Streams over TLS, once the handshake is done.

use std::io::ErrorKind;

use nack_codec::{QoS, Version};
use std::sync::Arc;

use nack_mock_broker::action::{close, raw, reset};
use nack_mock_broker::{
    Closed, EntryKind, Listener, MockBroker, Rule, Tls, TlsFault, TlsVersion, matcher,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{AlertDescription, Error};

use super::{client, connect, connected, notes, reason, start};
use crate::peer::Peer;

#[tokio::test]
async fn a_message_that_is_larger_than_any_buffer_comes_whole() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let mut peer = connected(&broker, client(&tls)).await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    let payload = "0123456789abcdef".repeat(512 * 1024);
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    // The broker has to wait for the reader in the middle of it.
    publisher.expects_nothing().await;
    let packet = peer.receive().await;
    assert!(packet.ends_with(payload.as_bytes()));
    peer.expects_nothing().await;
}

#[tokio::test]
async fn a_connection_is_closed_with_close_notify_and_without() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for (fault, expected) in [
            (None, Ok(0)),
            (Some(TlsFault::NoCloseNotify), Err(ErrorKind::UnexpectedEof)),
        ] {
            let mut tls = Tls::new().only(version);
            if let Some(fault) = fault {
                tls = tls.fault(fault);
            }
            let broker = start(&tls).await;
            Rule::given(matcher::pingreq())
                .then(close())
                .mount(&broker)
                .forget();
            let mut stream = connected(&broker, client(&tls)).await.into_stream();
            stream.write_all(b"\xC0\x00").await.unwrap();
            let end = stream.read(&mut [0; 1]).await;
            assert_eq!(end.map_err(|error| error.kind()), expected);
        }
    }
}

#[tokio::test]
async fn a_reset_reaches_the_client_through_tls() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    Rule::given(matcher::pingreq())
        .then(reset())
        .mount(&broker)
        .forget();
    let mut stream = connected(&broker, client(&tls)).await.into_stream();
    stream.write_all(b"\xC0\x00").await.unwrap();
    let error = stream.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_record_that_cannot_be_decrypted_is_an_error_of_the_client() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let tls = Tls::new().fault(TlsFault::CorruptRecord).only(version);
        let broker = start(&tls).await;
        // In TLS 1.2 the server has the last word of the handshake, and the record may come with it.
        let error = match connect(&broker, client(&tls)).await {
            Ok(mut stream) => stream.read(&mut [0; 1]).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(*reason(&error), Error::DecryptError);
        broker.wait_for_close(1).await;
        let notes = notes(&broker);
        let alert = format!(
            "the client sent the TLS alert {:?}",
            AlertDescription::BadRecordMac
        );
        assert_eq!(notes.last(), Some(&alert), "{notes:?}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_without_close_notify_is_seen_to() {
    let tls = Tls::new();
    let broker = start(&tls).await;
    let mut stream = connected(&broker, client(&tls)).await.into_stream();
    stream.get_mut().0.shutdown().await.unwrap();
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.kind(), EntryKind::Closed(Closed::Finished));
    let last = notes(&broker).pop();
    assert_eq!(last.as_deref(), Some("the end came without close_notify"));
}

#[tokio::test]
async fn small_records_are_put_together_again() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let tls = Tls::new().fault(TlsFault::SmallRecords).only(version);
        let broker = start(&tls).await;
        let mut peer = connected(&broker, client(&tls)).await;
        peer.subscribe("t", QoS::AtMostOnce).await;
        let payload = "0123456789abcdef".repeat(100);
        peer.publish(QoS::AtMostOnce, 0, "t", &payload).await;
        assert!(peer.receive().await.ends_with(payload.as_bytes()));
    }
}

#[tokio::test]
async fn keys_are_changed_in_the_middle() {
    let tls = Tls::new().fault(TlsFault::KeyUpdate);
    let broker = start(&tls).await;
    let mut peer = connected(&broker, client(&tls)).await;
    peer.expects_nothing().await;
    // In TLS 1.2 nothing happens.
    let tls = tls.only(TlsVersion::Tls12);
    let broker = start(&tls).await;
    connected(&broker, client(&tls)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_not_waited_for_at_the_end() {
    let broker = MockBroker::in_memory();
    let tls = Tls::new();
    let listener = Listener::local().tls(tls.clone());
    let stream = broker.connect_over(&listener).unwrap();
    let name = "localhost".try_into().unwrap();
    let connector = TlsConnector::from(Arc::new(client(&tls)));
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream
        .write_all(b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c")
        .await
        .unwrap();
    stream.flush().await.unwrap();
    // More than there is room for on the way.
    broker.send(1, raw(vec![0x30; 200_000])).await.unwrap();
    broker.send(1, close()).await.unwrap();
    let begin = Instant::now();
    // It is gone when nothing can be written to it any more.
    let raw = stream.get_mut().0;
    while raw.write_all(&[0; 1024]).await.is_ok() {}
    assert!(begin.elapsed().as_secs() <= 15, "{:?}", begin.elapsed());
}

//! A broker listens in as many places as it is told.

use std::net::SocketAddr;

use nack_codec::{QoS, Version};
use nack_mock_broker::{Listener, MockBroker, TransportKind};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn a_message_goes_from_a_client_of_one_listener_to_a_client_of_another() {
    let broker = MockBroker::builder()
        .listen(Listener::local())
        .listen(Listener::local())
        .start()
        .await
        .unwrap();
    let addresses = broker.addresses();
    assert_eq!(addresses.len(), 2);
    assert_eq!(addresses[0], broker.address());
    let mut subscriber = connected(addresses[0], "s").await;
    subscriber.subscribe("t", QoS::AtMostOnce).await;
    let mut publisher = connected(addresses[1], "p").await;
    publisher.publish(QoS::AtMostOnce, 0, "t", "m").await;
    subscriber.expects(b"\x30\x04\x00\x01tm").await;
    let journal = broker.journal();
    assert!(
        journal
            .iter()
            .all(|it| it.transport() == TransportKind::Tcp)
    );
}

#[tokio::test]
async fn urls_are_what_clients_connect_to() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let broker = MockBroker::builder()
        .listen(Listener::local())
        .bind(everywhere)
        .start()
        .await
        .unwrap();
    let expected: Vec<String> = broker
        .addresses()
        .iter()
        .map(|address| format!("mqtt://127.0.0.1:{}", address.port()))
        .collect();
    assert_eq!(broker.urls(), expected);
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error_and_leaves_nothing_behind() {
    let first = MockBroker::start().await.unwrap();
    let probe = MockBroker::start().await.unwrap();
    let free = probe.address();
    drop(probe);
    let error = MockBroker::builder()
        .bind(free)
        .bind(first.address())
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn other_protocols_where_plain_mqtt_is_spoken_are_named() {
    let broker = MockBroker::start().await.unwrap();
    for (begin, name) in [
        (&b"\x16\x03\x01\x00\xC0\x01"[..], "a ClientHello of TLS"),
        (b"GET /mqtt HTTP/1.1\r\n\r\n", "a request of plain HTTP"),
    ] {
        let mut stream = TcpStream::connect(broker.address()).await.unwrap();
        stream.write_all(begin).await.unwrap();
        let note = format!("{name} came where plain MQTT is spoken");
        broker
            .wait_for_entry(|entry| entry.note() == Some(&note))
            .await;
    }
    // Of what is right nothing is said.
    connected(broker.address(), "c").await;
    let journal = broker.journal().on_connection(3);
    assert!(journal.iter().all(|entry| entry.note().is_none()));
}

#[tokio::test]
async fn a_connection_in_memory_goes_over_what_it_is_told() {
    let broker = MockBroker::in_memory();
    let stream = broker.connect_over(&Listener::local()).unwrap();
    let mut peer = Peer::over(stream, Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    let journal = broker.journal();
    assert!(
        journal
            .iter()
            .all(|it| it.transport() == TransportKind::Tcp)
    );
}

#[test]
#[should_panic = "a broker in memory has no address; use `connect`"]
fn a_broker_in_memory_has_no_address() {
    MockBroker::in_memory().address();
}

async fn connected(address: SocketAddr, client_id: &str) -> Peer<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut peer = Peer::over(stream, Version::V311);
    let hello = Hello {
        client_id,
        ..Hello::default()
    };
    peer.hello(hello).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    peer
}

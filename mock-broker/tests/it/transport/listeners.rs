//! A broker listens in as many places as it is told.

use std::net::SocketAddr;

use nack_codec::{QoS, Version};
use nack_mock_broker::{Listener, MockBroker, TransportKind};
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

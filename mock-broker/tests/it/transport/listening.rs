//! A broker that refuses connections, as where none runs, and listens again.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use nack_codec::{QoS, Version};
use nack_mock_broker::action::{
    as_usual, delay, refuse_connections, reset, resume_listening, stop_listening,
};
use nack_mock_broker::{Entry, Listener, MockBroker, Rule, matcher};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn who_connects_is_refused_and_who_is_connected_stays() {
    let broker = MockBroker::builder()
        .listen(Listener::local())
        .listen(Listener::local())
        .start()
        .await
        .unwrap();
    let mut peer = connected(broker.address()).await;
    broker.stop_listening().unwrap();
    assert!(!broker.is_listening());
    for address in broker.addresses() {
        assert_eq!(knock(address).await, Err(ErrorKind::ConnectionRefused));
    }
    peer.publish(QoS::AtLeastOnce, 1, "t", "").await;
    peer.expects(b"\x40\x02\x00\x01").await;

    broker.resume_listening().unwrap();
    assert!(broker.is_listening());
    for address in broker.addresses() {
        assert_eq!(knock(address).await, Ok(()));
    }
    drop(peer);
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal().on_connection(0), @r"
    ← no longer listens
    ← listens again
    ");
}

#[tokio::test]
async fn to_stop_twice_is_to_stop_once() {
    let broker = MockBroker::start().await.unwrap();
    broker.stop_listening().unwrap();
    broker.stop_listening().unwrap();
    broker.resume_listening().unwrap();
    broker.resume_listening().unwrap();
    assert_eq!(knock(broker.address()).await, Ok(()));
}

#[tokio::test]
async fn nobody_else_gets_the_port_meanwhile() {
    let broker = MockBroker::start().await.unwrap();
    let _peer = connected(broker.address()).await;
    broker.stop_listening().unwrap();
    let taken = TcpListener::bind(broker.address()).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::AddrInUse);
    broker.resume_listening().unwrap();
    assert_eq!(knock(broker.address()).await, Ok(()));
}

#[tokio::test]
async fn a_broker_that_ends_while_it_refuses_gives_up_its_port() {
    let broker = MockBroker::start().await.unwrap();
    let address = broker.address();
    broker.stop_listening().unwrap();
    drop(broker);
    TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn a_rule_refuses_connections() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::publish().nth(1))
        .then(stop_listening())
        .then(reset())
        .named("gone")
        .mount(&broker)
        .forget();
    let mut peer = connected(broker.address()).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "").await;
    assert!(peer.ends().await);
    assert_eq!(
        knock(broker.address()).await,
        Err(ErrorKind::ConnectionRefused)
    );
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened
    → #1 CONNECT v5 client="c" clean_start
    ← #1 CONNACK success
    → #1 PUBLISH qos=0 topic="t" 0 bytes [rule gone]
    ← no longer listens [rule gone]
    ← #1 reset
    "#);
}

#[tokio::test]
async fn a_rule_of_one_client_lets_others_in_again() {
    let broker = MockBroker::start().await.unwrap();
    Rule::given(matcher::publish())
        .then(resume_listening())
        .then(as_usual())
        .mount(&broker)
        .forget();
    let mut peer = connected(broker.address()).await;
    broker.stop_listening().unwrap();
    peer.publish(QoS::AtLeastOnce, 1, "t", "").await;
    peer.expects(b"\x40\x02\x00\x01").await;
    assert_eq!(knock(broker.address()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn it_listens_again_when_the_time_is_over() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::pingreq())
        .then(refuse_connections(Duration::from_secs(5)))
        .then(as_usual())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    assert!(is_at_its_end(&broker).await);
    assert!(!broker.is_listening());
    let began = Instant::now();
    let note = |entry: &Entry| entry.note() == Some("listens again");
    broker.wait_for_entry(note).await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert!(broker.is_listening());
    Peer::connected(&broker, Version::V5, "d").await;
    insta::assert_snapshot!(broker.journal().on_connection(0), @r"
    ← does not listen for 5s [rule PINGREQ]
    ← listens again [rule PINGREQ]
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_later_counts() {
    let broker = MockBroker::in_memory();
    let hour = Duration::from_secs(3600);
    Rule::given(matcher::pingreq())
        .then(refuse_connections(hour))
        .then(delay(hour / 2))
        .then(stop_listening())
        .then(as_usual())
        .mount(&broker)
        .forget();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(b"\xC0\x00").await;
    peer.expects(b"\xD0\x00").await;
    tokio::time::advance(10 * hour).await;
    assert!(!broker.is_listening());
}

#[tokio::test]
async fn a_client_that_is_there_before_the_broker_is_refused() {
    let broker = MockBroker::builder()
        .refuse_for(Duration::from_secs(3600))
        .start()
        .await
        .unwrap();
    let address = broker.address();
    assert_eq!(knock(address).await, Err(ErrorKind::ConnectionRefused));
    broker.resume_listening().unwrap();
    connected(address).await;
}

async fn knock(address: SocketAddr) -> Result<(), ErrorKind> {
    let stream = TcpStream::connect(address).await;
    stream.map(drop).map_err(|error| error.kind())
}

async fn connected(address: SocketAddr) -> Peer<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut peer = Peer::over(stream, Version::V5);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    peer
}

async fn is_at_its_end(broker: &MockBroker) -> bool {
    matches!(broker.connect().read(&mut [0]).await, Ok(0))
}

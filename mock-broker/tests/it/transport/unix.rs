//! Unix domain sockets: their connections, and their files.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use nack_codec::Version;
use nack_mock_broker::action::reset;
use nack_mock_broker::{Listener, MockBroker, Rule, TransportKind, matcher};
use tokio::net::UnixStream;

use crate::peer::{Hello, Peer};

#[tokio::test]
async fn a_unix_socket_is_spoken_on_as_tcp_is() {
    let path = Path::new("spoken");
    let broker = path.broker().await.unwrap();
    assert_eq!(broker.urls(), [format!("unix:{}", path.0.display())]);
    let mut peer = Peer::over(UnixStream::connect(&path.0).await.unwrap(), Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    drop(peer);
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.transport(), TransportKind::Unix);
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over unix
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 closed
    "#);
}

#[tokio::test]
async fn a_reset_of_a_unix_socket_is_an_end() {
    let path = Path::new("reset");
    let broker = path.broker().await.unwrap();
    Rule::given(matcher::connect())
        .then(reset())
        .mount(&broker)
        .forget();
    let mut peer = Peer::over(UnixStream::connect(&path.0).await.unwrap(), Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects_end().await;
}

#[tokio::test]
async fn the_file_of_the_socket_lives_as_long_as_the_broker() {
    let path = Path::new("lives");
    let broker = path.broker().await.unwrap();
    assert!(path.0.exists());
    drop(broker);
    assert!(!path.0.exists());
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let path = Path::new("file");
    fs::write(&path.0, "precious").unwrap();
    let error = path.broker().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path.0).unwrap(), b"precious");
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_replaced_and_another_is_not() {
    let path = Path::new("stale");
    drop(std::os::unix::net::UnixListener::bind(&path.0).unwrap());
    assert!(path.0.exists());
    let first = path.broker().await.unwrap();
    let error = path.broker().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    UnixStream::connect(&path.0).await.unwrap();
    drop(first);
}

#[tokio::test]
async fn a_socket_that_took_the_place_of_ours_is_left_alone() {
    let path = Path::new("replaced");
    let broker = path.broker().await.unwrap();
    fs::remove_file(&path.0).unwrap();
    let other = std::os::unix::net::UnixListener::bind(&path.0).unwrap();
    drop(broker);
    assert!(path.0.exists());
    drop(other);
}

#[tokio::test]
#[should_panic = "a broker that listens on no port has no address; use `urls`"]
async fn a_broker_without_a_port_has_no_address() {
    Path::new("portless").broker().await.unwrap().address();
}

#[tokio::test]
async fn a_socket_that_is_not_listened_on_for_a_while_refuses() {
    let path = Path::new("refuses");
    let broker = path.broker().await.unwrap();
    broker.stop_listening().unwrap();
    let refused = UnixStream::connect(&path.0).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    broker.resume_listening().unwrap();
    let mut peer = Peer::over(UnixStream::connect(&path.0).await.unwrap(), Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    broker.stop_listening().unwrap();
    drop(broker);
    assert!(!path.0.exists());
}

/// A path that no other test uses, and that is gone afterwards.
struct Path(PathBuf);

impl Path {
    fn new(name: &str) -> Self {
        // The path of a socket may not be long, so it is not one of cargo's.
        let file = format!("nack-{}-{name}.socket", std::process::id());
        Self(std::env::temp_dir().join(file))
    }

    async fn broker(&self) -> std::io::Result<MockBroker> {
        let listener = Listener::unix(&self.0);
        MockBroker::builder().listen(listener).start().await
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        // Most tests leave nothing.
        let _ = fs::remove_file(&self.0);
    }
}

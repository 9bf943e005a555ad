//! Frames from the broker, odd and wrong.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use nack_mock_broker::{MockBroker, WebSocket, WebSocketFault};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    CONNACK, CONNECT, PINGREQ, PINGRESP, connect, connected, expects, faulty, notes, receive, send,
    start,
};

/// A client that has said its CONNECT, and read nothing.
async fn greeting(broker: &MockBroker) -> WebSocketStream<TcpStream> {
    let mut stream = connect(broker).await.unwrap();
    send(&mut stream, CONNECT).await;
    stream
}

async fn error(fault: WebSocketFault) -> Error {
    let broker = faulty(fault).await;
    let mut stream = greeting(&broker).await;
    stream.next().await.unwrap().unwrap_err()
}

#[tokio::test]
async fn packets_come_in_frames_of_text() {
    let broker = faulty(WebSocketFault::TextFrames).await;
    let mut stream = greeting(&broker).await;
    // CONNACK of success happens to be UTF-8.
    let text = std::str::from_utf8(CONNACK).unwrap();
    assert_eq!(receive(&mut stream).await, Message::text(text));
}

#[tokio::test]
async fn packets_are_split_into_messages() {
    let broker = faulty(WebSocketFault::SplitIntoMessages(3)).await;
    let mut stream = greeting(&broker).await;
    expects(&mut stream, &CONNACK[..3]).await;
    expects(&mut stream, &CONNACK[3..]).await;
}

#[tokio::test]
async fn packets_come_in_fragments() {
    let broker = faulty(WebSocketFault::Fragments(1)).await;
    let mut stream = greeting(&broker).await;
    expects(&mut stream, CONNACK).await;
    send(&mut stream, PINGREQ).await;
    expects(&mut stream, PINGRESP).await;
    let raw = raw_answer(WebSocketFault::Fragments(1)).await;
    assert_eq!(raw, b"\x02\x01\x20\x00\x01\x02\x00\x01\x00\x80\x01\x00");
}

#[tokio::test]
async fn packets_are_joined_in_one_frame() {
    let broker = faulty(WebSocketFault::Join(Duration::from_millis(50))).await;
    let mut stream = connect(&broker).await.unwrap();
    send(&mut stream, &[CONNECT, PINGREQ, PINGREQ].concat()).await;
    expects(&mut stream, &[CONNACK, PINGRESP, PINGRESP].concat()).await;
}

#[tokio::test]
async fn empty_frames_come_around_and_within() {
    let raw = raw_answer(WebSocketFault::EmptyFrames).await;
    let expected = b"\x82\x00\x02\x00\x00\x02\x20\x02\x00\x00\x00\x02\x00\x00\x80\x00\x82\x00";
    assert_eq!(raw, expected);
    let broker = faulty(WebSocketFault::EmptyFrames).await;
    let mut stream = greeting(&broker).await;
    expects(&mut stream, b"").await;
    expects(&mut stream, CONNACK).await;
    expects(&mut stream, b"").await;
}

#[tokio::test]
async fn pings_come_before_packets_and_within() {
    for fault in [WebSocketFault::Pings, WebSocketFault::PingBetweenFragments] {
        let broker = faulty(fault).await;
        let mut stream = greeting(&broker).await;
        assert_eq!(receive(&mut stream).await, Message::Ping("nack".into()));
        expects(&mut stream, CONNACK).await;
        stream.flush().await.unwrap();
        broker.wait_for_entry(|it| it.note() == Some("pong")).await;
    }
    let raw = raw_answer(WebSocketFault::PingBetweenFragments).await;
    assert_eq!(raw, b"\x02\x02\x20\x02\x89\x04nack\x80\x02\x00\x00");
}

#[tokio::test]
async fn pings_are_not_answered() {
    let broker = faulty(WebSocketFault::NoPong).await;
    let mut stream = connected(&broker).await;
    stream.send(Message::Ping("p".into())).await.unwrap();
    send(&mut stream, PINGREQ).await;
    expects(&mut stream, PINGRESP).await;
    assert!(notes(&broker).contains(&"ping".to_owned()));
}

#[tokio::test]
async fn a_close_frame_comes_at_odd_times() {
    let closing = |fault| WebSocket::new().fault(fault).close_code(1012);
    let broker = start(closing(WebSocketFault::CloseAfter(2))).await;
    let mut stream = connected(&broker).await;
    send(&mut stream, PINGREQ).await;
    expects(&mut stream, PINGRESP).await;
    assert_closed(&mut stream).await;
    broker.wait_for_close(1).await;
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over websocket
    → #1 GET /mqtt subprotocol="mqtt"
    ← #1 fault: close after 2 packets
    ← #1 101 Switching Protocols subprotocol="mqtt"
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 PINGREQ
    ← #1 PINGRESP
    ← #1 close frame 1012
    ← #1 closed
    "#);

    let broker = start(closing(WebSocketFault::CloseAfter(0))).await;
    let mut stream = connect(&broker).await.unwrap();
    assert_closed(&mut stream).await;

    let broker = start(closing(WebSocketFault::CloseBetweenFragments)).await;
    let mut stream = greeting(&broker).await;
    assert_closed(&mut stream).await;
}

async fn assert_closed(stream: &mut WebSocketStream<TcpStream>) {
    match receive(stream).await {
        Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 1012),
        other => panic!("{other:?}"),
    }
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn each_frame_that_breaks_the_rules_is_an_error_of_the_client() {
    for (fault, expected) in [
        (WebSocketFault::Masked, ProtocolError::MaskedFrameFromServer),
        (
            WebSocketFault::ReservedBit,
            ProtocolError::NonZeroReservedBits,
        ),
        (
            WebSocketFault::ReservedOpcode,
            ProtocolError::InvalidOpcode(3),
        ),
        (
            WebSocketFault::UnexpectedContinuation,
            ProtocolError::UnexpectedContinueFrame,
        ),
    ] {
        match error(fault.clone()).await {
            Error::Protocol(error) => assert_eq!(error, expected, "{fault}"),
            other => panic!("{fault}: {other:?}"),
        }
    }
    let oversized = error(WebSocketFault::Oversized).await;
    let Error::Capacity(CapacityError::MessageTooLong { size, .. }) = oversized else {
        panic!("{oversized:?}");
    };
    assert_eq!(size as u64, u64::MAX >> 1);
}

#[tokio::test]
async fn a_masked_frame_is_masked() {
    let raw = raw_answer(WebSocketFault::Masked).await;
    let payload: Vec<u8> = CONNACK.iter().zip(b"nack").map(|(a, b)| a ^ b).collect();
    assert_eq!(raw, [b"\x82\x84nack", &payload[..]].concat());
}

#[tokio::test]
async fn a_connection_is_closed_without_a_close_frame() {
    let broker = faulty(WebSocketFault::NoCloseFrame).await;
    let mut stream = connected(&broker).await;
    send(&mut stream, b"\xE0\x00").await;
    let end = stream.next().await.unwrap().unwrap_err();
    let Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) = end else {
        panic!("{end:?}");
    };
}

/// The bytes of the CONNACK, frames and all.
async fn raw_answer(fault: WebSocketFault) -> Vec<u8> {
    use nack_mock_broker::{Rule, action::close, action::connack, matcher};
    use tokio::io::AsyncReadExt;

    let broker = faulty(fault).await;
    Rule::given(matcher::connect())
        .then(connack(0))
        .then(close())
        .mount(&broker)
        .forget();
    let mut stream = greeting(&broker).await;
    let mut bytes = Vec::new();
    stream.get_mut().read_to_end(&mut bytes).await.unwrap();
    // The close frame.
    assert!(bytes.ends_with(b"\x88\x02\x03\xE8"), "{bytes:02X?}");
    bytes.truncate(bytes.len() - 4);
    bytes
}

//! Frames from clients, right and wrong.

use futures_util::{SinkExt, StreamExt};
use nack_codec::{QoS, Version};
use nack_mock_broker::action::{close, reset};
use nack_mock_broker::{Closed, EntryKind, Rule, TransportKind, WebSocket, matcher};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    CONNACK, CONNECT, PINGREQ, PINGRESP, connect, connected, expects, notes, receive, send, start,
};
use crate::peer::Peer;

#[tokio::test]
async fn a_conversation_over_websocket_is_written_down() {
    let broker = start(WebSocket::new()).await;
    let mut stream = connected(&broker).await;
    stream.send(Message::Ping("hi".into())).await.unwrap();
    assert_eq!(receive(&mut stream).await, Message::Pong("hi".into()));
    let frame = CloseFrame {
        code: CloseCode::Away,
        reason: "bye".into(),
    };
    stream.close(Some(frame)).await.unwrap();
    // The broker says good-bye too.
    assert_eq!(closed_with(receive(&mut stream).await), 1001);
    assert!(stream.next().await.is_none());
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.transport(), TransportKind::WebSocket);
    insta::assert_snapshot!(broker.journal(), @r#"
    → #1 opened over websocket
    → #1 GET /mqtt subprotocol="mqtt"
    ← #1 101 Switching Protocols subprotocol="mqtt"
    → #1 CONNECT v3.1.1 client="c" clean_session
    ← #1 CONNACK 0x00 success
    → #1 ping
    → #1 close frame 1001
    → #1 closed
    "#);
}

#[tokio::test]
async fn packets_need_not_align_with_frames() {
    // [MQTT-6.0.0-2]
    let broker = start(WebSocket::new()).await;
    let mut stream = connect(&broker).await.unwrap();
    // A byte a message.
    for byte in CONNECT {
        send(&mut stream, &[*byte]).await;
    }
    expects(&mut stream, CONNACK).await;
    // Three packets in a frame, and the begin of a fourth.
    let joined = [PINGREQ, PINGREQ, PINGREQ, &PINGREQ[..1]].concat();
    send(&mut stream, &joined).await;
    for _ in 0..3 {
        expects(&mut stream, PINGRESP).await;
    }
    send(&mut stream, &PINGREQ[1..]).await;
    expects(&mut stream, PINGRESP).await;
    // A packet in fragments, with a ping between them, and an empty one.
    let fragment = |bytes: &'static [u8], opcode, last| {
        Message::Frame(Frame::message(bytes, OpCode::Data(opcode), last))
    };
    for message in [
        fragment(&PINGREQ[..1], Data::Binary, false),
        Message::Ping("p".into()),
        fragment(b"", Data::Continue, false),
        fragment(&PINGREQ[1..], Data::Continue, true),
    ] {
        stream.send(message).await.unwrap();
    }
    assert_eq!(receive(&mut stream).await, Message::Pong("p".into()));
    expects(&mut stream, PINGRESP).await;
}

#[tokio::test]
async fn a_frame_of_text_ends_the_connection() {
    // [MQTT-6.0.0-1]
    let broker = start(WebSocket::new()).await;
    let mut stream = connected(&broker).await;
    stream.send(Message::text("hello")).await.unwrap();
    assert_eq!(closed_with(receive(&mut stream).await), 1003);
    assert!(stream.next().await.is_none());
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.direction(), nack_mock_broker::Direction::ToClient);
    let text = "a frame of text came, and MQTT is binary [MQTT-6.0.0-1]";
    assert_eq!(notes(&broker).last().map(String::as_str), Some(text));
}

#[tokio::test]
async fn a_frame_that_breaks_the_rules_ends_the_connection() {
    let broker = start(WebSocket::new()).await;
    for bytes in [
        &b"\x82\x02\xC0\x00"[..],
        b"\x83\x80\0\0\0\0",
        b"\xC2\x80\0\0\0\0",
        b"\x80\x80\0\0\0\0",
        b"\x09\x80\0\0\0\0",
        // Whatever follows is not looked at.
        b"\x80\x80\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    ] {
        let mut stream = connected(&broker).await;
        stream.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(closed_with(receive(&mut stream).await), 1002, "{bytes:?}");
    }
}

#[tokio::test]
async fn the_broker_closes_with_the_code_that_it_was_told() {
    for code in [1000, 1001, 1011, 4999] {
        let broker = start(WebSocket::new().close_code(code)).await;
        Rule::given(matcher::pingreq())
            .then(close())
            .mount(&broker)
            .forget();
        let mut stream = connected(&broker).await;
        send(&mut stream, PINGREQ).await;
        assert_eq!(closed_with(receive(&mut stream).await), code);
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn a_reset_is_one_over_websocket_too() {
    let broker = start(WebSocket::new()).await;
    Rule::given(matcher::pingreq())
        .then(reset())
        .mount(&broker)
        .forget();
    let mut stream = connected(&broker).await;
    send(&mut stream, PINGREQ).await;
    let end = stream.next().await.unwrap().unwrap_err();
    let Error::Io(error) = end else {
        panic!("{end:?}");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_that_leaves_without_a_close_frame_is_seen_to() {
    let broker = start(WebSocket::new()).await;
    let mut stream = connected(&broker).await;
    stream.get_mut().shutdown().await.unwrap();
    let end = broker.wait_for_close(1).await;
    assert_eq!(end.kind(), EntryKind::Closed(Closed::Finished));
    let last = notes(&broker).pop();
    assert_eq!(last.as_deref(), Some("the end came without a close frame"));
}

#[tokio::test]
async fn a_message_that_is_larger_than_any_buffer_comes_whole() {
    let broker = start(WebSocket::new()).await;
    let mut stream = connected(&broker).await;
    send(&mut stream, b"\x82\x06\x00\x01\x00\x01t\x00").await;
    expects(&mut stream, b"\x90\x03\x00\x01\x00").await;
    let payload = "0123456789abcdef".repeat(256 * 1024);
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    // The broker has to wait for the reader in the middle of it.
    publisher.expects_nothing().await;
    let mut packet = Vec::new();
    while packet.len() < payload.len() + 8 {
        packet.extend_from_slice(&receive(&mut stream).await.into_data());
    }
    assert!(packet.ends_with(payload.as_bytes()));
    send(&mut stream, PINGREQ).await;
    expects(&mut stream, PINGRESP).await;
}

#[tokio::test]
async fn garbage_instead_of_frames_ends_its_connection_and_no_other() {
    let broker = start(WebSocket::new()).await;
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let mut stream = connect(&broker).await.unwrap();
        let bytes: Vec<u8> = (0..random.usize(1..300)).map(|_| random.u8(..)).collect();
        // The broker may have closed before all is written.
        let raw = stream.get_mut();
        let _ = raw.write_all(&bytes).await;
        let _ = raw.shutdown().await;
    }
    for connection in 1..=200 {
        broker.wait_for_close(connection).await;
    }
    connected(&broker).await;
}

fn closed_with(message: Message) -> u16 {
    match message {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("{other:?}"),
    }
}

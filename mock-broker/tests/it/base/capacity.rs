//! No answer of the base behaviour is larger than the client can take: at the exact boundary, and
//! one byte below it. [MQTT-3.1.2-24]

use nack_codec::{
    Auth, AuthReason, Binary, Packet, Properties, Property, QoS, ReasonCode, Version,
};
use nack_mock_broker::{
    Access, Authentication, Builder, Challenge, Limits, MockBroker, Operation, Permission, Rule,
    User, action, matcher,
};

use crate::peer::{Hello, Peer, decode, text};

async fn hello(broker: &MockBroker, maximum: u32, more: &[Property<'_>]) -> Peer {
    let mut peer = Peer::stranger(broker, Version::V5);
    let mut properties = vec![Property::MaximumPacketSize(maximum)];
    properties.extend_from_slice(more);
    peer.hello(Hello {
        properties: &properties,
        ..Hello::default()
    })
    .await;
    peer
}

/// A client that a rule has let in, which takes no more than this. The rule itself is not judged.
async fn guest(broker: &MockBroker, maximum: u32) -> Peer {
    guest_with(broker, maximum, &[]).await
}

async fn guest_with(broker: &MockBroker, maximum: u32, more: &[Property<'_>]) -> Peer {
    Rule::given(matcher::connect())
        .then(action::connack(0))
        .times(1)
        .mount(broker)
        .forget();
    let mut peer = hello(broker, maximum, more).await;
    peer.expects(b"\x20\x03\x00\x00\x00").await;
    peer
}

/// Sends the same to two clients: the answer comes where it just fits; where one byte is missing,
/// `instead` comes, and the end.
async fn check(builder: Builder, request: &[u8], answer: &[u8], instead: &[u8]) {
    let size = answer.len() as u32;
    let broker = builder.clone().in_memory();
    let mut peer = guest(&broker, size).await;
    peer.send_bytes(request).await;
    peer.expects(answer).await;
    let broker = builder.in_memory();
    let mut peer = guest(&broker, size - 1).await;
    peer.send_bytes(request).await;
    if !instead.is_empty() {
        peer.expects(instead).await;
    }
    peer.expects_end().await;
}

const TOO_LARGE: &[u8] = b"\xE0\x01\x95";

fn scripted(challenge: &[u8], success: &[u8]) -> Authentication {
    Authentication::Scripted {
        method: "M".to_owned(),
        initial: None,
        challenges: vec![Challenge {
            send: challenge.to_vec(),
            expect: None,
        }],
        success: Some(success.to_vec()),
    }
}

async fn says(peer: &mut Peer, reason: AuthReason) {
    let mut properties = Properties::new();
    let method = Property::AuthenticationMethod(text("M"));
    properties.push(method).unwrap();
    let data = Property::AuthenticationData(Binary::new(&b""[..]).unwrap());
    properties.push(data).unwrap();
    peer.send(Packet::Auth(Auth {
        reason,
        properties: properties.borrow(),
    }))
    .await;
}

/// The reason string of a CONNACK or DISCONNECT, and its code.
fn reason_of(packet: &[u8]) -> (u8, Option<String>) {
    match decode(packet, Version::V5) {
        Packet::Connack(it) => {
            let text = it.properties.reason_string();
            (packet[3], text.map(str::to_owned))
        }
        Packet::Disconnect(it) => {
            let text = it.properties.reason_string();
            (it.reason.as_u8(), text.map(str::to_owned))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn acknowledgements_that_are_too_large_end_the_connection() {
    let builder =
        MockBroker::builder()
            .access([Access::new(Permission::Deny, Operation::Publish, "secret").unwrap()]);
    for (request, answer) in [
        (
            &b"\x32\x0B\x00\x06secret\x00\x01\x00"[..],
            b"\x40\x03\x00\x01\x87",
        ),
        (
            b"\x34\x0B\x00\x06secret\x00\x01\x00",
            b"\x50\x03\x00\x01\x87",
        ),
        (b"\x50\x02\x00\x01", b"\x62\x03\x00\x01\x92"),
        (b"\x62\x02\x00\x01", b"\x70\x03\x00\x01\x92"),
    ] {
        check(builder.clone(), request, answer, TOO_LARGE).await;
    }
    // In its shortest form each takes four bytes, and DISCONNECT three.
    for (request, answer) in [
        (&b"\x32\x06\x00\x01t\x00\x01\x00"[..], b"\x40\x02\x00\x01"),
        (b"\x34\x06\x00\x01t\x00\x01\x00", b"\x50\x02\x00\x01"),
    ] {
        check(builder.clone(), request, answer, TOO_LARGE).await;
    }
}

#[tokio::test]
async fn subacks_with_too_many_codes_end_the_connection() {
    let builder = MockBroker::builder();
    let filters = b"\x00\x01a\x01\x00\x01b\x00\x00\x01c\x02";
    let request = [&b"\x82\x0F\x00\x01\x00"[..], filters].concat();
    let answer = b"\x90\x06\x00\x01\x00\x01\x00\x02";
    check(builder.clone(), &request, answer, TOO_LARGE).await;
    let request = b"\xA2\x09\x00\x01\x00\x00\x01a\x00\x01b";
    let answer = b"\xB0\x05\x00\x01\x00\x11\x11";
    check(builder, request, answer, TOO_LARGE).await;
}

#[tokio::test]
async fn what_not_even_a_disconnect_fits_closes_the_connection() {
    let builder = MockBroker::builder();
    check(builder.clone(), b"\xC0\x00", b"\xD0\x00", b"").await;
    for maximum in [1, 2] {
        let broker = builder.clone().in_memory();
        let mut peer = guest(&broker, maximum).await;
        peer.publish(QoS::AtLeastOnce, 1, "t", "").await;
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn a_disconnect_leaves_its_reason_string_out_and_comes_all_the_same() {
    let builder = MockBroker::builder();
    // [MQTT-3.1.0-2]
    let request = b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00";
    let broker = builder.clone().in_memory();
    let mut peer = guest(&broker, 1_000).await;
    peer.send_bytes(request).await;
    let whole = peer.receive().await;
    let text = "a second CONNECT [MQTT-3.1.0-2]";
    assert_eq!(reason_of(&whole), (0x82, Some(text.to_owned())));
    // [MQTT-3.14.2-3]
    check(builder.clone(), request, &whole, b"\xE0\x01\x82").await;
    check(builder, request, b"\xE0\x01\x82", b"").await;
}

#[tokio::test]
async fn who_is_taken_over_is_told_so_if_that_fits() {
    for (maximum, told) in [(3, true), (2, false)] {
        let broker = MockBroker::in_memory();
        let mut old = guest(&broker, maximum).await;
        let _new = guest(&broker, 99).await;
        if told {
            old.expects(b"\xE0\x01\x8E").await;
        }
        old.expects_end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_silent_for_too_long_is_told_so_if_that_fits() {
    for (maximum, told) in [(3, true), (2, false)] {
        let broker = MockBroker::in_memory();
        Rule::given(matcher::connect())
            .then(action::connack(0).server_keep_alive(1))
            .mount(&broker)
            .forget();
        let mut peer = hello(&broker, maximum, &[]).await;
        peer.expects(b"\x20\x06\x00\x00\x03\x13\x00\x01").await;
        if told {
            peer.expects(b"\xE0\x01\x8D").await;
        }
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn a_client_that_cannot_be_told_its_limits_is_not_let_in() {
    let mut limits = Limits::default();
    limits.receive_maximum = 2;
    let broker = MockBroker::builder().limits(limits).in_memory();
    let mut old = hello(&broker, 8, &[]).await;
    old.expects(b"\x20\x06\x00\x00\x03\x21\x00\x02").await;
    old.subscribe("t", QoS::AtMostOnce).await;
    for (maximum, told) in [(7, true), (5, true), (4, false)] {
        let mut peer = hello(&broker, maximum, &[]).await;
        if told {
            peer.expects(b"\x20\x03\x00\x83\x00").await;
        }
        peer.expects_end().await;
    }
    // Nobody was taken over, and no session was begun anew.
    old.publish(QoS::AtMostOnce, 0, "t", "m").await;
    old.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn an_assigned_client_identifier_is_not_left_out() {
    let broker = MockBroker::in_memory();
    let connect = |maximum: u8| {
        let mut connect = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x05\x27\x00\x00\x00".to_vec();
        connect.extend_from_slice(&[maximum, 0, 0]);
        connect
    };
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(connect(18)).await;
    peer.expects(b"\x20\x10\x00\x00\x0D\x12\x00\x0Aassigned-1")
        .await;
    let mut peer = Peer::stranger(&broker, Version::V5);
    peer.send_bytes(connect(17)).await;
    peer.expects(b"\x20\x03\x00\x83\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_refusing_connack_comes_if_it_fits() {
    let broker = MockBroker::builder()
        .users([User::new("u", "secret")])
        .in_memory();
    let mut peer = hello(&broker, 5, &[]).await;
    peer.expects(b"\x20\x03\x00\x87\x00").await;
    peer.expects_end().await;
    let mut peer = hello(&broker, 4, &[]).await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_connack_leaves_its_reason_string_out_and_comes_all_the_same() {
    let method = [Property::AuthenticationMethod(text("M"))];
    let refused = async |maximum: u32| {
        let broker = MockBroker::builder()
            .authentication(scripted(b"?", b""))
            .in_memory();
        let mut peer = hello(&broker, maximum, &method).await;
        peer.expects(b"\xF0\x0A\x18\x08\x15\x00\x01M\x16\x00\x01?")
            .await;
        // Flags that AUTH has not, before the client is let in.
        peer.send_bytes(b"\xF1\x00").await;
        let packet = peer.receive().await;
        peer.expects_end().await;
        packet
    };
    let whole = refused(1_000).await;
    let (code, text) = reason_of(&whole);
    assert!(code == 0x81 && text.is_some(), "{whole:?}");
    let size = whole.len() as u32;
    assert_eq!(refused(size).await, whole);
    // [MQTT-3.2.2-19]
    assert_eq!(refused(size - 1).await[..], b"\x20\x03\x00\x81\x00"[..]);
}

#[tokio::test]
async fn a_challenge_that_is_too_large_refuses_the_client() {
    let method = [Property::AuthenticationMethod(text("M"))];
    let challenge = [b'?'; 100];
    let broker = MockBroker::builder()
        .authentication(scripted(&challenge, b""))
        .in_memory();
    let mut peer = hello(&broker, 111, &method).await;
    let packet = peer.receive().await;
    assert_eq!((packet[0], packet.len()), (0xF0, 111));
    // [MQTT-3.14.0-1]: what ends it before it has begun is CONNACK.
    let mut peer = hello(&broker, 110, &method).await;
    let packet = peer.receive().await;
    let (code, text) = reason_of(&packet);
    assert_eq!((packet[0], code), (0x20, 0x83));
    assert!(text.is_some_and(|it| it.ends_with("maximum packet size [MQTT-3.1.2-24]")));
    peer.expects_end().await;
    let mut peer = hello(&broker, 4, &method).await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_proof_that_is_too_large_refuses_the_client() {
    let method = [Property::AuthenticationMethod(text("M"))];
    let broker = MockBroker::builder()
        .authentication(scripted(b"?", b"0123456789"))
        .in_memory();
    let mut peer = hello(&broker, 22, &method).await;
    peer.receive().await;
    says(&mut peer, AuthReason::ContinueAuthentication).await;
    peer.expects(b"\x20\x14\x00\x00\x11\x15\x00\x01M\x16\x00\x0A0123456789")
        .await;
    let mut peer = hello(&broker, 21, &method).await;
    peer.receive().await;
    says(&mut peer, AuthReason::ContinueAuthentication).await;
    peer.expects(b"\x20\x03\x00\x83\x00").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_challenge_that_is_too_large_ends_a_second_authentication() {
    let method = [Property::AuthenticationMethod(text("M"))];
    let builder = MockBroker::builder().authentication(scripted(b"?", b""));
    for (maximum, answer) in [
        (12, &b"\xF0\x0A\x18\x08\x15\x00\x01M\x16\x00\x01?"[..]),
        (11, TOO_LARGE),
    ] {
        let broker = builder.clone().in_memory();
        let mut peer = guest_with(&broker, maximum, &method).await;
        says(&mut peer, AuthReason::ReAuthenticate).await;
        peer.expects(answer).await;
        if answer == TOO_LARGE {
            // [MQTT-4.12.1-2]
            peer.expects_end().await;
        } else {
            peer.expects_nothing().await;
        }
    }
}

#[tokio::test]
async fn what_rules_answer_is_not_judged() {
    let broker = MockBroker::in_memory();
    let reason = ReasonCode::QuotaExceeded;
    Rule::given(matcher::publish())
        .then(action::puback(reason).reason_string("full"))
        .mount(&broker)
        .forget();
    let mut peer = guest(&broker, 5).await;
    peer.publish(QoS::AtLeastOnce, 1, "t", "").await;
    peer.expects(b"\x40\x0B\x00\x01\x97\x07\x1F\x00\x04full")
        .await;
}

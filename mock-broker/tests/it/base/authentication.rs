//! Users, the access list, enhanced authentication.

use nack_codec::{Auth, AuthReason, Binary, Connect, Packet, Properties, Property, QoS, Version};
use nack_mock_broker::matcher::connect;
use nack_mock_broker::{
    Access, Authentication, Challenge, MockBroker, Operation, Permission, Rule, User, action,
    matcher,
};

use crate::peer::{Hello, Peer, decode, text};

async fn login(
    broker: &MockBroker,
    version: Version,
    name: Option<&str>,
    password: Option<&str>,
) -> Vec<u8> {
    let mut peer = Peer::stranger(broker, version);
    peer.send(Packet::Connect(Box::new(Connect {
        version,
        clean_start: true,
        keep_alive: 0,
        client_id: text("c"),
        will: None,
        user_name: name.map(text),
        password: password.map(|it| Binary::new(it.as_bytes()).unwrap()),
        properties: Properties::empty(),
    })))
    .await;
    peer.receive().await.to_vec()
}

#[tokio::test]
async fn users_are_let_in_with_their_password_alone() {
    let broker = MockBroker::builder()
        .users([User::new("u", "secret")])
        .in_memory();
    for (name, password, v5, v311) in [
        (Some("u"), Some("secret"), 0, 0),
        (Some("u"), Some("wrong"), 0x86, 4),
        (Some("u"), None, 0x86, 4),
        (Some("x"), Some("secret"), 0x86, 4),
        (None, None, 0x87, 5),
    ] {
        assert_eq!(login(&broker, Version::V5, name, password).await[3], v5);
        assert_eq!(login(&broker, Version::V311, name, password).await[3], v311);
    }
}

#[tokio::test]
async fn what_is_denied_is_refused_in_the_words_of_the_version() {
    let broker = MockBroker::builder()
        .access([
            Access::new(Permission::Allow, Operation::Subscribe, "#")
                .unwrap()
                .client_id("w"),
            Access::new(Permission::Deny, Operation::Any, "secret/#").unwrap(),
        ])
        .in_memory();
    let mut witness = Peer::connected(&broker, Version::V5, "w").await;
    witness.subscribe("#", QoS::AtMostOnce).await;
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.publish(QoS::AtLeastOnce, 1, "secret/a", "m").await;
    peer.expects(b"\x40\x03\x00\x01\x87").await;
    peer.publish(QoS::ExactlyOnce, 2, "secret/a", "m").await;
    peer.expects(b"\x50\x03\x00\x02\x87").await;
    peer.send_bytes(b"\x82\x07\x00\x01\x00\x00\x01#\x00").await;
    peer.expects(b"\x90\x04\x00\x01\x00\x87").await;
    let mut old = Peer::connected(&broker, Version::V311, "o").await;
    // 3.1.1 [MQTT-3.3.5-2]: as usual, and for nobody.
    old.publish(QoS::AtMostOnce, 0, "secret/a", "m").await;
    old.publish(QoS::AtLeastOnce, 1, "secret/a", "m").await;
    old.expects(b"\x40\x02\x00\x01").await;
    old.publish(QoS::ExactlyOnce, 2, "secret/a", "m").await;
    old.expects(b"\x50\x02\x00\x02").await;
    old.send_bytes(b"\x62\x02\x00\x02").await;
    old.expects(b"\x70\x02\x00\x02").await;
    old.send_bytes(b"\x82\x06\x00\x01\x00\x01#\x00").await;
    old.expects(b"\x90\x03\x00\x01\x80").await;
    old.publish(QoS::AtMostOnce, 0, "open", "m").await;
    witness.expects(b"\x30\x08\x00\x04open\x00m").await;
}

const CLIENT_FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const CLIENT_FINAL: &[u8] = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &[u8] = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

/// The broker of the example in RFC 7677.
fn scram() -> MockBroker {
    MockBroker::builder()
        .users([User::new("user", "pencil")])
        .authentication(Authentication::ScramSha256 {
            salt: b"\x5B\x6D\x99\x68\x9D\x12\x35\x8E\xEC\xA0\x4B\x14\x12\x36\xFA\x81".to_vec(),
            iterations: 4096,
            server_nonce: Some("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned()),
        })
        .in_memory()
}

async fn begin(broker: &MockBroker, method: &str, data: &[u8]) -> Peer {
    let mut peer = Peer::stranger(broker, Version::V5);
    peer.hello(Hello {
        properties: &[
            Property::AuthenticationMethod(text(method)),
            Property::AuthenticationData(Binary::new(data).unwrap()),
        ],
        ..Hello::default()
    })
    .await;
    peer
}

async fn auth(peer: &mut Peer, reason: AuthReason, method: &str, data: &[u8]) {
    let mut properties = Properties::new();
    properties
        .push(Property::AuthenticationMethod(text(method)))
        .unwrap();
    properties
        .push(Property::AuthenticationData(Binary::new(data).unwrap()))
        .unwrap();
    peer.send(Packet::Auth(Auth {
        reason,
        properties: properties.borrow(),
    }))
    .await;
}

/// The code and the data of the next AUTH, CONNACK or DISCONNECT.
async fn told(peer: &mut Peer) -> (u8, Vec<u8>) {
    let packet = peer.receive().await;
    let (code, properties) = match decode(&packet, Version::V5) {
        Packet::Auth(auth) => (auth.reason.as_u8(), auth.properties),
        Packet::Connack(connack) => (packet[3], connack.properties),
        Packet::Disconnect(disconnect) => (disconnect.reason.as_u8(), disconnect.properties),
        other => panic!("{other:?}"),
    };
    let data = properties.authentication_data().unwrap_or_default();
    (code, data.to_vec())
}

#[tokio::test]
async fn scram_lets_in_who_knows_the_password_and_again_later() {
    let broker = scram();
    let method = "SCRAM-SHA-256";
    let mut peer = begin(&broker, method, CLIENT_FIRST).await;
    let (code, data) = told(&mut peer).await;
    // [MQTT-4.12.0-2]
    assert_eq!(code, 0x18);
    assert!(data.starts_with(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22Z"));
    auth(
        &mut peer,
        AuthReason::ContinueAuthentication,
        method,
        CLIENT_FINAL,
    )
    .await;
    assert_eq!(told(&mut peer).await, (0, SERVER_FINAL.to_vec()));
    peer.expects_nothing().await;

    auth(&mut peer, AuthReason::ReAuthenticate, method, CLIENT_FIRST).await;
    assert_eq!(told(&mut peer).await.0, 0x18);
    peer.expects_nothing().await;
    auth(
        &mut peer,
        AuthReason::ContinueAuthentication,
        method,
        CLIENT_FINAL,
    )
    .await;
    assert_eq!(told(&mut peer).await, (0, SERVER_FINAL.to_vec()));
    // Out of turn: nothing is going on.
    auth(
        &mut peer,
        AuthReason::ContinueAuthentication,
        method,
        CLIENT_FINAL,
    )
    .await;
    assert_eq!(told(&mut peer).await.0, 0x82);
    peer.expects_end().await;
}

#[tokio::test]
async fn authentication_that_fails_ends_the_connection() {
    let broker = scram();
    let method = "SCRAM-SHA-256";
    let mut peer = begin(&broker, method, CLIENT_FIRST).await;
    told(&mut peer).await;
    let wrong = String::from_utf8(CLIENT_FINAL.to_vec())
        .unwrap()
        .replace("dHzb", "dHzc");
    auth(
        &mut peer,
        AuthReason::ContinueAuthentication,
        method,
        wrong.as_bytes(),
    )
    .await;
    // [MQTT-4.12.0-4]
    assert_eq!(told(&mut peer).await.0, 0x87);
    peer.expects_end().await;

    // [MQTT-4.12.0-1]
    let mut peer = begin(&broker, "GS2-KRB5", b"").await;
    assert_eq!(told(&mut peer).await.0, 0x8C);
    peer.expects_end().await;

    // [MQTT-3.1.2-30]
    let mut peer = begin(&broker, method, CLIENT_FIRST).await;
    told(&mut peer).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    assert_eq!(told(&mut peer).await.0, 0x82);
    peer.expects_end().await;
}

#[tokio::test]
async fn a_script_asks_what_it_was_told_to_ask() {
    let broker = MockBroker::builder()
        .authentication(Authentication::Scripted {
            method: "M".to_owned(),
            initial: Some(b"hello".to_vec()),
            challenges: vec![
                Challenge {
                    send: b"one".to_vec(),
                    expect: Some(b"1".to_vec()),
                },
                Challenge {
                    send: b"two".to_vec(),
                    expect: None,
                },
            ],
            success: Some(b"done".to_vec()),
        })
        .in_memory();
    let mut peer = begin(&broker, "M", b"hello").await;
    assert_eq!(told(&mut peer).await, (0x18, b"one".to_vec()));
    auth(&mut peer, AuthReason::ContinueAuthentication, "M", b"1").await;
    assert_eq!(told(&mut peer).await, (0x18, b"two".to_vec()));
    auth(&mut peer, AuthReason::ContinueAuthentication, "M", b"?").await;
    assert_eq!(told(&mut peer).await, (0, b"done".to_vec()));
    // [MQTT-4.12.1-2]
    auth(&mut peer, AuthReason::ReAuthenticate, "M", b"wrong").await;
    assert_eq!(told(&mut peer).await.0, 0x87);
    peer.expects_end().await;
}

#[tokio::test]
async fn a_rule_may_ask_and_let_in() {
    let broker = MockBroker::in_memory();
    Rule::given(connect())
        .then(action::auth(0x18).property(Property::AuthenticationMethod(text("M"))))
        .mount(&broker)
        .forget();
    Rule::given(matcher::auth())
        .then(action::connack(0).property(Property::AuthenticationMethod(text("M"))))
        .mount(&broker)
        .forget();
    let mut peer = begin(&broker, "M", b"").await;
    assert_eq!(told(&mut peer).await.0, 0x18);
    auth(&mut peer, AuthReason::ContinueAuthentication, "M", b"x").await;
    assert_eq!(told(&mut peer).await.0, 0);
    // It is let in as by a CONNACK that answers its CONNECT.
    peer.subscribe("t", QoS::AtMostOnce).await;
    peer.publish(QoS::AtMostOnce, 0, "t", "m").await;
    peer.expects(b"\x30\x05\x00\x01t\x00m").await;
}

#[tokio::test]
async fn every_step_names_the_method_of_connect() {
    let broker = MockBroker::builder()
        .authentication(Authentication::Scripted {
            method: "M".to_owned(),
            initial: None,
            challenges: vec![Challenge {
                send: b"?".to_vec(),
                expect: None,
            }],
            success: None,
        })
        .in_memory();
    let mut peer = begin(&broker, "M", b"").await;
    // [MQTT-4.12.0-5]; neither a reason string nor user properties: [MQTT-3.15.2-2],
    // [MQTT-3.15.2-3], [MQTT-3.2.2-20]
    peer.expects(b"\xF0\x0A\x18\x08\x15\x00\x01M\x16\x00\x01?")
        .await;
    auth(&mut peer, AuthReason::ContinueAuthentication, "M", b"").await;
    peer.expects(b"\x20\x07\x00\x00\x04\x15\x00\x01M").await;
    // Another method than that of CONNECT.
    auth(&mut peer, AuthReason::ReAuthenticate, "N", b"").await;
    assert_eq!(told(&mut peer).await.0, 0x82);
    peer.expects_end().await;
}

#[tokio::test]
async fn a_client_that_names_no_method_hears_of_none() {
    let broker = scram();
    // [MQTT-4.12.0-6]: name and password go on being enough, and nothing is asked.
    let connack = login(&broker, Version::V5, Some("user"), Some("pencil")).await;
    assert_eq!(connack, b"\x20\x03\x00\x00\x00");
    // [MQTT-4.12.0-7], [MQTT-4.13.1-1]: nor may it ask itself.
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    auth(&mut peer, AuthReason::ReAuthenticate, "M", b"").await;
    peer.expects_refusal(0x82).await;
}

#[tokio::test]
async fn what_goes_wrong_before_a_client_is_let_in_is_told_by_connack() {
    for (bytes, code) in [
        // Flags of AUTH, [MQTT-3.15.1-1]; a code that AUTH has not, [MQTT-3.15.2-1]; a second
        // CONNECT, [MQTT-3.1.0-2].
        (&b"\xF1\x00"[..], 0x81),
        (b"\xF0\x02\x17\x00", 0x82),
        (b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", 0x82),
    ] {
        let broker = scram();
        let mut peer = begin(&broker, "SCRAM-SHA-256", CLIENT_FIRST).await;
        assert_eq!(told(&mut peer).await.0, 0x18);
        peer.send_bytes(bytes).await;
        // [MQTT-3.14.0-1], [MQTT-3.2.0-1]
        let packet = peer.receive().await;
        assert_eq!((packet[0], packet[3]), (0x20, code), "{bytes:02X?}");
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn a_name_that_nobody_has_is_refused_after_the_proof() {
    let broker = scram();
    let method = "SCRAM-SHA-256";
    let mut peer = begin(&broker, method, b"n,,n=nobody,r=rOprNGfwEbeRWgbNEkqO").await;
    let (code, data) = told(&mut peer).await;
    assert_eq!(code, 0x18);
    assert!(data.ends_with(b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
    let reason = AuthReason::ContinueAuthentication;
    auth(&mut peer, reason, method, CLIENT_FINAL).await;
    assert_eq!(told(&mut peer).await.0, 0x87);
    peer.expects_end().await;
}

#[test]
#[should_panic(expected = "0 iterations of SCRAM-SHA-256: there must be at least 1")]
fn scram_without_iterations_is_not_to_be_had() {
    let _ = MockBroker::builder().authentication(Authentication::ScramSha256 {
        salt: Vec::new(),
        iterations: 0,
        server_nonce: None,
    });
}

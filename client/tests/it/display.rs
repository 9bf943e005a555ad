//! What every error says: its own level in `Display`, and what caused it in `source()`.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use nack_client::{
    Client, ConnackReason, ConnectError, ConnectionLost, Delivery, DisconnectError,
    DisconnectReason, Error, Invalid, Operation, PacketId, PacketType, Property, PublishError, QoS,
    Reentrant, SubackReason, Subscribe, SubscribeError, TimedOut, TopicFilter, TopicName,
    UnsubackReason, Unsubscribe, UnsubscribeError, Version, Violation,
};
use nack_codec::{Properties, PubackReason, PubcompReason, PubrecReason, ReasonCode, Role, Text};
use nack_mock_broker::action::Action;
use nack_mock_broker::matcher::PacketMatcher;
use nack_mock_broker::{MockBroker, Rule, action, matcher};

use crate::fixture::{at_least_once, connected, connected_with, exactly_once, options};

/// The error and its causes, one below the other, and whether each of them is in our style.
fn chain(error: impl Into<Error>) -> String {
    let error = error.into();
    let mut text = String::new();
    let mut level: Option<&dyn StdError> = Some(&error);
    let mut above: Option<String> = None;
    while let Some(error) = level {
        let this = error.to_string();
        assert!(!this.ends_with('.'), "{this:?} ends with a full stop");
        let first = this.split(' ').next().unwrap_or_default();
        let is_name = first.chars().filter(|c| c.is_ascii_uppercase()).count() > 1;
        let is_lower = !first.starts_with(|c: char| c.is_ascii_uppercase());
        assert!(is_lower || is_name, "{this:?} begins with a capital");
        if let Some(above) = above {
            assert!(
                !above.contains(&this),
                "{above:?} repeats its cause {this:?}"
            );
            text.push_str("\n  ");
        }
        text.push_str(&this);
        above = Some(this);
        level = error.source();
    }
    text
}

/// All of these, with a name each.
fn list<N: ToString, E: Into<Error>>(errors: impl IntoIterator<Item = (N, E)>) -> String {
    let mut text = String::new();
    for (name, error) in errors {
        let name = name.to_string();
        writeln!(text, "{name}:\n  {}", chain(error).replace('\n', "\n  ")).unwrap();
    }
    text
}

/// A client whose broker answers such packets in this way.
async fn answered(
    version: Version,
    packet: PacketMatcher,
    answer: impl Into<Action>,
) -> (MockBroker, Client) {
    let broker = MockBroker::in_memory();
    Rule::given(packet)
        .then(answer.into())
        .mount(&broker)
        .forget();
    let client = connected_with(&broker, options().version(version)).await;
    (broker, client)
}

/// The name of a code in a list.
fn name(code: u8) -> String {
    format!("0x{code:02X}")
}

async fn refused_connect(version: Version, answer: impl Into<Action>) -> ConnectError {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(answer.into())
        .mount(&broker)
        .forget();
    let client = Client::new(options().version(version));
    client.connect_over(broker.connect()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn connack() {
    let mut errors = Vec::new();
    for reason in ConnackReason::ALL.iter().filter(|reason| reason.is_error()) {
        let error = refused_connect(Version::V5, action::connack(*reason)).await;
        errors.push((name(reason.as_u8()), error));
    }
    let told = action::connack(0x9D)
        .reason_string("ask b")
        .server_reference("b.example")
        .user_property("a", "b");
    let error = refused_connect(Version::V5, told).await;
    errors.push(("with a reason string".to_owned(), error));
    for code in 1..=6 {
        let error = refused_connect(Version::V311, action::connack(code)).await;
        errors.push((format!("return code {code} of 3.1.1"), error));
    }
    assert_snapshot!(list(errors));
}

#[tokio::test(start_paused = true)]
async fn puback_pubrec_and_pubcomp() {
    let mut errors = Vec::new();
    let is_error = |code: &ReasonCode| code.is_error();
    for code in PubackReason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter(is_error)
    {
        let (_broker, client) =
            answered(Version::V5, matcher::publish(), action::puback(code)).await;
        let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
        errors.push((format!("PUBACK {}", name(code as u8)), error));
    }
    for code in PubrecReason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter(is_error)
    {
        let (_broker, client) =
            answered(Version::V5, matcher::publish(), action::pubrec(code)).await;
        let error = client.publish(exactly_once("a", "m")).await.unwrap_err();
        errors.push((format!("PUBREC {}", name(code as u8)), error));
    }
    for code in PubcompReason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter(is_error)
    {
        let (_broker, client) =
            answered(Version::V5, matcher::pubrel(), action::pubcomp(code)).await;
        let error = client.publish(exactly_once("a", "m")).await.unwrap_err();
        errors.push((format!("PUBCOMP {}", name(code as u8)), error));
    }
    let told = action::puback(0x97).reason_string("7 messages a minute");
    let (_broker, client) = answered(Version::V5, matcher::publish(), told).await;
    let error = client.publish(at_least_once("a", "m")).await.unwrap_err();
    errors.push(("with a reason string".to_owned(), error));
    assert_snapshot!(list(errors));
}

#[tokio::test(start_paused = true)]
async fn suback() {
    let mut errors = Vec::new();
    for reason in SubackReason::ALL.iter().filter(|reason| reason.is_error()) {
        let answer = action::suback([*reason]);
        let (_broker, client) = answered(Version::V5, matcher::subscribe(), answer).await;
        let error = client.subscribe("a/+").await.unwrap_err();
        errors.push((name(reason.as_u8()), error));
    }
    let told = action::suback([0, 0x87, 2, 0x97]).reason_string("ask the operator");
    let (_broker, client) = answered(Version::V5, matcher::subscribe(), told).await;
    let request = Subscribe::to("a").and("b").and("c").and("d");
    let error = client.subscribe(request).await.unwrap_err();
    errors.push(("in part".to_owned(), error));
    let answer = action::suback_each(0x80);
    let (_broker, client) = answered(Version::V311, matcher::subscribe(), answer).await;
    let error = client
        .subscribe(Subscribe::to("a").and("b"))
        .await
        .unwrap_err();
    errors.push(("0x80 of 3.1.1".to_owned(), error));
    assert_snapshot!(list(errors));
}

#[tokio::test(start_paused = true)]
async fn unsuback() {
    let mut errors = Vec::new();
    for reason in UnsubackReason::ALL
        .iter()
        .filter(|reason| reason.is_error())
    {
        let answer = action::unsuback([*reason]);
        let (_broker, client) = answered(Version::V5, matcher::unsubscribe(), answer).await;
        let error = client.unsubscribe("a/+").await.unwrap_err();
        errors.push((name(reason.as_u8()), error));
    }
    let told = action::unsuback([0, 0x87, 0x11]).reason_string("it is not yours");
    let (_broker, client) = answered(Version::V5, matcher::unsubscribe(), told).await;
    let request = Unsubscribe::new("a").and("b").and("c");
    let error = client.unsubscribe(request).await.unwrap_err();
    errors.push(("in part".to_owned(), error));
    assert_snapshot!(list(errors));
}

#[tokio::test(start_paused = true)]
async fn disconnect() {
    let mut errors = Vec::new();
    let of_brokers = |reason: &&DisconnectReason| reason.may_be_sent_by(Role::Server);
    for reason in DisconnectReason::ALL.iter().filter(of_brokers) {
        let broker = MockBroker::in_memory();
        let client = connected(&broker).await;
        broker.send(1, action::disconnect(*reason)).await.unwrap();
        errors.push((name(reason.as_u8()), client.closed().await));
    }
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let told = action::disconnect(0x9C)
        .reason_string("rolling update")
        .server_reference("b.example");
    broker.send(1, told).await.unwrap();
    errors.push(("with a reason string".to_owned(), client.closed().await));
    assert_snapshot!(list(errors));
}

/// Some of what the codec refuses; all of it is in the codec's own tests.
#[tokio::test(start_paused = true)]
async fn malformed() {
    let mut errors = Vec::new();
    for bytes in [
        &b"\xF0\x00"[..],
        b"\x30\xFF\xFF\xFF\xFF\x01",
        b"\x36\x03\x00\x01a",
        b"\x40\x03\x00\x01\xFF",
        b"\x42\x02\x00\x01",
        b"\x30\x05\x00\x01\xFFm\x00",
        b"\x30\x03\x00\x01#",
    ] {
        let broker = MockBroker::in_memory();
        let client = connected(&broker).await;
        broker.send(1, action::raw(bytes)).await.unwrap();
        errors.push((format!("{bytes:02X?}"), client.closed().await));
    }
    assert_snapshot!(list(errors));
}

fn timed_out(operation: Operation) -> TimedOut {
    let after = Duration::from_secs(30);
    TimedOut { operation, after }
}

const fn broken(violation: Violation) -> ConnectionLost {
    let version = Version::V5;
    ConnectionLost::Protocol { violation, version }
}

fn lost() -> Vec<(&'static str, ConnectionLost)> {
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    vec![
        ("Eof", ConnectionLost::Eof),
        ("Io", ConnectionLost::Io(Arc::new(reset))),
        (
            "KeepAlive",
            ConnectionLost::KeepAlive(timed_out(Operation::Ping)),
        ),
        ("Protocol", broken(Violation::SecondConnack)),
        ("ByClient", ConnectionLost::ByClient),
    ]
}

#[test]
fn connection_lost() {
    assert_snapshot!(list(lost()));
}

#[tokio::test]
async fn a_task_that_was_stopped() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let transport = broker.connect();
    let connecting = runtime.spawn({
        let client = client.clone();
        async move { client.connect_over(transport).await }
    });
    connecting.await.unwrap().unwrap();
    runtime.shutdown_background();
    assert_snapshot!(chain(client.closed().await));
}

#[test]
fn connect() {
    let io = |kind| io::Error::from(kind);
    let mut errors = vec![
        (
            "Resolve",
            ConnectError::Resolve(io(io::ErrorKind::NotFound)),
        ),
        ("Io", ConnectError::Io(io(io::ErrorKind::ConnectionRefused))),
        (
            "Timeout",
            ConnectError::Timeout(timed_out(Operation::Connect)),
        ),
        (
            "Invalid",
            ConnectError::Invalid(Invalid::Address(":1883".into())),
        ),
        ("Connecting", Reentrant::Connecting.into()),
        ("Connected", Reentrant::Connected.into()),
    ];
    for (name, lost) in lost() {
        errors.push((name, ConnectError::ConnectionLost(lost)));
    }
    assert_snapshot!(list(errors));
}

#[test]
fn publish() {
    let errors = [
        (
            "ConnectionLost",
            PublishError::ConnectionLost {
                cause: ConnectionLost::Eof,
                delivery: Delivery::Unknown,
            },
        ),
        (
            "Timeout",
            PublishError::Timeout {
                timed_out: timed_out(Operation::Publish),
                delivery: Delivery::NotSent,
            },
        ),
        (
            "Invalid",
            PublishError::Invalid(Invalid::RetainNotSupported),
        ),
        ("NotConnected", PublishError::NotConnected),
    ];
    assert_snapshot!(list(errors));
}

#[test]
fn subscribe_and_unsubscribe() {
    let eof = || ConnectionLost::Eof;
    let subscribe = [
        ("ConnectionLost", SubscribeError::ConnectionLost(eof())),
        (
            "Timeout",
            SubscribeError::Timeout(timed_out(Operation::Subscribe)),
        ),
        ("Invalid", SubscribeError::Invalid(Invalid::NoTopicFilter)),
        ("NotConnected", SubscribeError::NotConnected),
    ];
    let unsubscribe = [
        ("ConnectionLost", UnsubscribeError::ConnectionLost(eof())),
        (
            "Timeout",
            UnsubscribeError::Timeout(timed_out(Operation::Unsubscribe)),
        ),
        ("Invalid", UnsubscribeError::Invalid(Invalid::NoTopicFilter)),
        ("NotConnected", UnsubscribeError::NotConnected),
    ];
    assert_snapshot!(list(subscribe) + &list(unsubscribe));
}

#[test]
fn disconnecting_and_the_rest() {
    let invalid = Invalid::DisconnectReason {
        reason: DisconnectReason::ServerBusy,
    };
    let disconnect = [
        (
            "ConnectionLost",
            DisconnectError::ConnectionLost(ConnectionLost::Eof),
        ),
        (
            "Timeout",
            DisconnectError::Timeout(timed_out(Operation::Disconnect)),
        ),
        ("Invalid", DisconnectError::Invalid(invalid)),
        ("NotConnected", DisconnectError::NotConnected),
    ];
    let reentrant = [("Messages", Reentrant::Messages)];
    assert_snapshot!(list(disconnect) + &list(reentrant));
}

/// The variants of an enum of the client, in their order, from its source.
fn variants<'a>(source: &'a str, of: &str) -> Vec<&'a str> {
    let (_, body) = source
        .split_once(&format!("pub enum {of} {{\n"))
        .expect("the enum is there");
    let (body, _) = body.split_once("\n}\n").expect("the enum ends");
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| line.split([' ', '(', ',']).next().expect("a name"))
        .collect()
}

/// That a list which is made by hand has each variant once, in their order: the enums are open, so
/// that no `match` of ours fails to compile when one is added.
#[track_caller]
fn one_of_each(list: &[impl fmt::Debug], source: &str, of: &str) {
    let names: Vec<String> = list
        .iter()
        .map(|value| {
            let debug = format!("{value:?}");
            let end = debug.find([' ', '(']).unwrap_or(debug.len());
            debug[..end].to_owned()
        })
        .collect();
    assert_eq!(names, variants(source, of));
}

#[test]
fn invalid() {
    let topic = TopicName::new("a/#").unwrap_err();
    let filter = TopicFilter::try_from("a/#/b").unwrap_err();
    let text = Text::new("a\0").unwrap_err();
    let mut properties = Properties::new();
    let property = properties.push(Property::ReceiveMaximum(0)).unwrap_err();
    let encode = nack_codec::Disconnect {
        reason: DisconnectReason::ServerBusy,
        properties: Properties::empty(),
    }
    .encode(Version::V311, &mut bytes::BytesMut::new())
    .unwrap_err();
    let all = [
        Invalid::TopicName(topic),
        Invalid::TopicFilter(filter),
        Invalid::Text {
            field: "client identifier",
            error: text,
        },
        Invalid::BinaryTooLong {
            field: "will payload",
            length: 65_536,
        },
        Invalid::Property(property),
        Invalid::DurationTooLong {
            field: "keep alive",
        },
        Invalid::Encode(encode),
        Invalid::NoTopicFilter,
        Invalid::PacketTooLarge {
            size: 101,
            maximum: 100,
        },
        Invalid::QosNotSupported {
            asked: QoS::ExactlyOnce,
            maximum: QoS::AtLeastOnce,
        },
        Invalid::RetainNotSupported,
        Invalid::WildcardSubscriptionsNotSupported,
        Invalid::SharedSubscriptionsNotSupported,
        Invalid::SubscriptionIdentifiersNotSupported,
        Invalid::EmptyClientIdentifier,
        Invalid::DisconnectReason {
            reason: DisconnectReason::ServerBusy,
        },
        Invalid::SessionExpiryInDisconnect,
        Invalid::NoPacketIdentifier,
        Invalid::Address(":1883".into()),
        Invalid::Scheme("mqtts".into()),
        Invalid::CredentialsInAddress,
    ];
    one_of_each(&all, include_str!("../../src/error/invalid.rs"), "Invalid");
    let errors = all.map(|invalid| (format!("{invalid:?}"), PublishError::Invalid(invalid)));
    assert_snapshot!(list(errors));
}

#[test]
fn violation() {
    let packet_id = PacketId::new(7).unwrap();
    let all = [
        Violation::ClientPacket {
            packet: PacketType::Pingreq,
        },
        Violation::BeforeConnack {
            packet: PacketType::Publish,
        },
        Violation::SecondConnack,
        Violation::SessionPresentWithoutState,
        Violation::DisconnectInV311,
        Violation::DisconnectReasonOfClient {
            reason: DisconnectReason::DisconnectWithWillMessage,
        },
        Violation::SessionExpiryInDisconnect,
        Violation::UnexpectedAuth,
        Violation::UnexpectedAuthenticationMethod,
        Violation::WrongAcknowledgement {
            packet_id,
            expected: PacketType::Puback,
            found: PacketType::Pubrec,
        },
        Violation::ReasonCodeCount {
            packet: PacketType::Suback,
            expected: 2,
            found: 1,
        },
        Violation::GrantedQosTooHigh,
        Violation::ReceiveMaximumExceeded { maximum: 3 },
        Violation::TopicAliasInvalid {
            alias: 7,
            maximum: 0,
        },
        Violation::UnwantedProblemInformation {
            packet: PacketType::Puback,
        },
    ];
    one_of_each(
        &all,
        include_str!("../../src/error/protocol.rs"),
        "Violation",
    );
    let errors = all.map(|violation| (format!("{violation:?}"), broken(violation)));
    assert_snapshot!(list(errors));
}

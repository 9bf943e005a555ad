//! How a connection begins, and all the ways in which it does not.

use std::time::Duration;

use nack_client::{
    Client, ConnackReason, ConnectError, ConnectionLost, Invalid, Options, QoS, Retry, Version,
    Violation,
};
use nack_mock_broker::{Base, MockBroker, Rule, action, matcher};
use tokio::net::TcpListener;

use crate::fixture::{SETTLES, at_least_once, drop_after, options, settled, soon};

#[tokio::test]
async fn a_broker_on_tcp_is_reached() {
    let broker = MockBroker::start().await.unwrap();
    let client = Client::new(Options::new(broker.address().to_string()));
    assert!(!client.is_connected());
    client.connect().await.unwrap();
    assert!(client.is_connected());
    client.publish(at_least_once("a", "m")).await.unwrap();
    client.disconnect().await.unwrap();
    assert!(!client.is_connected());
    broker.wait_for(matcher::disconnect().reason(0)).await;
}

#[tokio::test]
async fn a_host_that_cannot_be_resolved_is_told_apart() {
    // A label of 64 characters is one too long, and no resolver is asked.
    let client = Client::new(Options::new(format!("{}.invalid", "x".repeat(64))));
    let error = client.connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Resolve(_)), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn a_port_on_which_nobody_listens_is_an_io_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let client = Client::new(Options::new(address));
    let error = client.connect().await.unwrap_err();
    let ConnectError::Io(cause) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(cause.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test]
async fn a_port_that_never_accepts_is_a_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let patience = Duration::from_millis(20);
    let client = Client::new(Options::new(address).connect_timeout(patience));
    for _ in 0..2 {
        let error = client.connect().await.unwrap_err();
        let ConnectError::Timeout(timed_out) = error else {
            panic!("{error:?}");
        };
        assert_eq!(timed_out.after, patience);
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_says_nothing_is_a_time_out() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let client = Client::new(options().connect_timeout(Duration::from_secs(7)));
    let error = client.connect_over(broker.connect()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test(start_paused = true)]
async fn a_time_out_may_be_as_long_as_time_itself() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options().connect_timeout(Duration::MAX));
    client.connect_over(broker.connect()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_is_refused_before_a_byte_is_sent() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options().client_id("a\0b"));
    let error = client.connect_over(broker.connect()).await.unwrap_err();
    let ConnectError::Invalid(Invalid::Text { field, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(field, "client identifier");
    settled().await;
    assert_eq!(broker.journal().received().count(), 0);
}

#[tokio::test]
async fn an_address_that_cannot_be_is_invalid_and_not_looked_up() {
    for (address, expected) in [
        (":1883", Invalid::Address(":1883".into())),
        ("mqtts://localhost", Invalid::Scheme("mqtts".into())),
        ("mqtt://a:b@localhost", Invalid::CredentialsInAddress),
    ] {
        let client = Client::new(Options::new(address));
        let error = client.connect().await.unwrap_err();
        assert!(
            matches!(&error, ConnectError::Invalid(invalid) if *invalid == expected),
            "{address}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_address_may_be_a_url() {
    let broker = MockBroker::start().await.unwrap();
    let address = broker.address();
    for scheme in ["mqtt", "tcp"] {
        let client = Client::new(Options::new(format!("{scheme}://{address}")));
        client.connect().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_can_connect_again_at_once() {
    let broker = MockBroker::in_memory();
    Rule::given(matcher::connect())
        .then(
            action::connack(ConnackReason::ServerUnavailable)
                .reason_string("in a minute")
                .user_property("queue", "7"),
        )
        .times(1)
        .mount(&broker)
        .forget();
    let client = Client::new(options());
    let error = client.connect_over(broker.connect()).await.unwrap_err();
    let ConnectError::Refused(refused) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.reason(), ConnackReason::ServerUnavailable);
    assert_eq!(refused.reason_string(), Some("in a minute"));
    assert!(refused.user_properties().eq([("queue", "7")]));
    assert_eq!(error.retry(), Retry::Later);
    client.connect_over(broker.connect()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_raw_code_of_3_1_1_is_kept_beside_its_reason() {
    let table = [
        (1, ConnackReason::UnsupportedProtocolVersion),
        (2, ConnackReason::ClientIdentifierNotValid),
        (3, ConnackReason::ServerUnavailable),
        (4, ConnackReason::BadUserNameOrPassword),
        (5, ConnackReason::NotAuthorized),
    ];
    for (code, reason) in table {
        let broker = MockBroker::in_memory();
        let rule = Rule::given(matcher::connect()).then(action::connack(code));
        rule.mount(&broker).forget();
        let client = Client::new(options().version(Version::V311));
        let error = client.connect_over(broker.connect()).await.unwrap_err();
        let ConnectError::Refused(refused) = error else {
            panic!("{error:?}");
        };
        assert_eq!((refused.raw_code(), refused.reason()), (code, reason));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_closes_before_connack_says_so() {
    for end in [action::close(), action::reset()] {
        let broker = MockBroker::in_memory();
        let rule = Rule::given(matcher::connect()).then(end);
        rule.mount(&broker).forget();
        let error = Client::new(options())
            .connect_over(broker.connect())
            .await
            .unwrap_err();
        let ConnectError::ConnectionLost(ConnectionLost::Eof) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.retry(), Retry::Later);
    }
}

#[tokio::test(start_paused = true)]
async fn something_else_than_connack_is_a_violation() {
    let broker = MockBroker::in_memory();
    let rule = Rule::given(matcher::connect()).then(action::pingresp());
    rule.mount(&broker).forget();
    let error = Client::new(options())
        .connect_over(broker.connect())
        .await
        .unwrap_err();
    let ConnectError::ConnectionLost(ConnectionLost::Protocol { violation, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(violation, Violation::BeforeConnack { .. }));
    broker.wait_for(matcher::disconnect().reason(0x82)).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_granted_is_told() {
    let broker = MockBroker::in_memory();
    let granted = action::connack(0)
        .receive_maximum(3)
        .maximum_qos(1)
        .retain_available(false)
        .maximum_packet_size(1000)
        .server_keep_alive(20)
        .assigned_client_identifier("chosen")
        .reason_string("welcome");
    let rule = Rule::given(matcher::connect()).then(granted);
    rule.mount(&broker).forget();
    let client = Client::new(options().client_id(""));
    let connected = client.connect_over(broker.connect()).await.unwrap();
    assert!(!connected.session_present());
    assert_eq!(connected.limits().receive_maximum, 3);
    assert_eq!(connected.limits().maximum_qos, QoS::AtLeastOnce);
    assert!(!connected.limits().retain_available);
    assert_eq!(connected.limits().maximum_packet_size, 1000);
    assert_eq!(connected.keep_alive(), Duration::from_secs(20));
    assert_eq!(connected.assigned_client_identifier(), Some("chosen"));
    assert_eq!(connected.reason_string(), Some("welcome"));
}

#[tokio::test(start_paused = true)]
async fn dropping_connect_lets_the_client_connect_again_at_once() {
    let silent = MockBroker::builder().base(Base::Silent).in_memory();
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    let patience = Duration::from_secs(1);
    tokio::time::timeout(patience, client.connect_over(silent.connect()))
        .await
        .unwrap_err();
    soon(client.connect_over(broker.connect())).await.unwrap();
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_connection_that_nobody_was_told_of_is_closed() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    // The answer comes, and is never looked at.
    let answer = drop_after(1, SETTLES, client.connect_over(broker.connect())).await;
    assert!(answer.is_none());
    assert!(!client.is_connected());
    broker.wait_for(matcher::disconnect()).await;
    soon(client.connect_over(broker.connect())).await.unwrap();
}

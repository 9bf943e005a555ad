//! The examples do what they say, each against a broker that gives it cause to.

use std::time::Duration;

use nack_client::{Client, Error, Invalid, Options, PublishReason, QoS, Reentrant, Version};
use nack_mock_broker::matcher::{connect, disconnect, puback, publish, subscribe};
use nack_mock_broker::{Base, MockBroker, Rule, action};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::fixture::{at_least_once, connected, options};

/// An example as a module: its `main` is for the command line.
macro_rules! example {
    ($name:ident, $path:literal) => {
        #[path = $path]
        #[expect(dead_code, reason = "`main` is called by nobody here")]
        mod $name;
    };
}

example!(basic_errors, "../../examples/basic_errors.rs");
example!(clean_up, "../../examples/clean_up.rs");
example!(comprehensive, "../../examples/comprehensive.rs");
example!(errors_by_code, "../../examples/errors_by_code.rs");
example!(graceful_shutdown, "../../examples/graceful_shutdown.rs");
example!(log_once, "../../examples/log_once.rs");
example!(publish_one, "../../examples/publish.rs");
example!(
    publish_with_backoff,
    "../../examples/publish_with_backoff.rs"
);
example!(reentrancy, "../../examples/reentrancy.rs");
example!(refused_publish, "../../examples/refused_publish.rs");
example!(
    refused_subscription,
    "../../examples/refused_subscription.rs"
);
example!(subscribe_some, "../../examples/subscribe.rs");

async fn broker() -> (MockBroker, String) {
    let broker = MockBroker::start().await.unwrap();
    let address = broker.address().to_string();
    (broker, address)
}

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn publish_reaches_the_broker() {
    let (broker, address) = broker().await;
    publish_one::run(&address).await.unwrap();
    broker
        .wait_for(publish().topic("plant/3/temperature").qos(QoS::AtLeastOnce))
        .await;
}

#[tokio::test]
async fn subscribe_takes_what_others_publish() {
    let (broker, address) = broker().await;
    let subscriber = tokio::spawn({
        let address = address.clone();
        async move { subscribe_some::run(&address, 1).await }
    });
    broker.wait_for(subscribe()).await;
    publish_one::run(&address).await.unwrap();
    let messages = subscriber.await.unwrap().unwrap();
    assert_eq!(&messages[0].payload()[..], b"21.5");
}

#[tokio::test]
async fn basic_errors_tell_a_missing_host_from_the_rest() {
    let missing = basic_errors::run("host.invalid:1883").await;
    assert_eq!(missing, "there is no host host.invalid:1883");
    let (broker, address) = broker().await;
    let _busy = Rule::given(connect())
        .then(action::connack(0x89))
        .mount(&broker);
    let refused = basic_errors::run(&address).await;
    assert_eq!(refused, "the broker said no: [code:137] server busy");
}

#[tokio::test]
async fn basic_errors_say_all_that_is_known_of_the_rest() {
    let wrong = basic_errors::run(":1883").await;
    assert_eq!(
        wrong,
        format!(
            "failed to connect: invalid options: {}; what may be tried: Never",
            Invalid::Address(":1883".into())
        )
    );
    let closed = basic_errors::run(&nobody().await).await;
    let beginning = "failed to connect: the transport could not be opened: Connection refused";
    assert!(closed.starts_with(beginning), "{closed}");
    assert!(closed.ends_with("; what may be tried: Later"), "{closed}");
}

#[tokio::test]
async fn errors_by_code_know_both_versions() {
    for (reason, version, expected) in [
        (4, Version::V311, "check the password (code 4)"),
        (0x86, Version::V5, "check the password (code 134)"),
        (5, Version::V311, "ask for permission (code 5)"),
        (0x87, Version::V5, "ask for permission (code 135)"),
        (3, Version::V311, "refused: [code:3] server unavailable"),
        (0x89, Version::V5, "refused: [code:137] server busy"),
    ] {
        let (broker, address) = broker().await;
        let _no = Rule::given(connect())
            .then(action::connack(reason))
            .mount(&broker);
        assert_eq!(errors_by_code::run(&address, version).await, expected);
    }
    let closed = errors_by_code::run(&nobody().await, Version::V5).await;
    let beginning = "failed to connect: the transport could not be opened: Connection refused";
    assert!(closed.starts_with(beginning), "{closed}");
}

#[tokio::test]
async fn refused_publish_says_why() {
    let (broker, address) = broker().await;
    let _no = Rule::given(publish())
        .then(action::puback(0x97).reason_string("over quota"))
        .expect(1)
        .mount(&broker);
    let refused = refused_publish::run(&address).await.unwrap();
    assert_eq!(refused, Some(PublishReason::QuotaExceeded));
}

#[tokio::test]
async fn refused_subscription_keeps_what_was_granted() {
    let (broker, address) = broker().await;
    let _no = Rule::given(subscribe())
        .then(action::suback([2, 0x87]))
        .mount(&broker);
    let subscription = refused_subscription::run(&address).await.unwrap().unwrap();
    assert_eq!(subscription.granted()[0].0.as_str(), "plant/+/temperature");
    assert_eq!(subscription.granted().len(), 1);
}

#[tokio::test]
async fn reentrancy_is_told_and_tasks_have_their_own_clients() {
    let (_broker, address) = broker().await;
    let reentrant = reentrancy::connect_twice(&address).await.unwrap();
    assert_eq!(reentrant, Reentrant::Connected);
    reentrancy::one_client_a_task(&address).await.unwrap();
}

/// Runs `comprehensive` without pauses against a broker that answers so many CONNECTs with this
/// code, and expects no other number of them.
async fn comprehensive_refused(code: u8, attempts: u32) -> Result<u32, Error> {
    let (broker, address) = broker().await;
    let _no = Rule::given(connect())
        .then(action::connack(code))
        .times(attempts)
        .mount(&broker);
    let client = Client::new(Options::new(address));
    let result = comprehensive::run(&client, Duration::ZERO).await;
    let seen = broker.journal().matching(connect()).count();
    let wanted = attempts + u32::from(result.is_ok());
    assert_eq!(seen, wanted as usize, "0x{code:02X}");
    result
}

#[tokio::test]
async fn comprehensive_tries_again_what_may_pass() {
    assert_eq!(comprehensive_refused(0x89, 2).await.unwrap(), 3);
}

#[tokio::test]
async fn comprehensive_gives_up_after_its_last_attempt() {
    let attempts = comprehensive::ATTEMPTS;
    let error = comprehensive_refused(0x89, attempts).await.unwrap_err();
    assert_eq!(error.refused().unwrap().raw_code(), 0x89);
    let last = comprehensive_refused(0x89, attempts - 1).await;
    assert_eq!(last.unwrap(), attempts);
}

#[tokio::test]
async fn comprehensive_never_repeats_who_it_says_it_is() {
    // Bad user name or password, not authorized, banned, bad authentication method.
    for code in [0x86, 0x87, 0x8A, 0x8C] {
        let error = comprehensive_refused(code, 1).await.unwrap_err();
        assert_eq!(error.refused().unwrap().raw_code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn comprehensive_never_tries_again_on_a_client_that_is_in_use() {
    let broker = MockBroker::builder().base(Base::Silent).in_memory();
    let client = Client::new(options());
    let begun = Instant::now();
    let error = tokio::select! {
        biased;
        connected = client.connect_over(broker.connect()) => panic!("{connected:?}"),
        result = comprehensive::run(&client, Duration::from_millis(1)) => result.unwrap_err(),
    };
    assert!(error.is_reentrant(), "{error:?}");
    // Another attempt would have come after a pause.
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn backing_off_outlasts_a_quota() {
    let (broker, address) = broker().await;
    let _quota = Rule::given(publish())
        .then(action::puback(0x97))
        .times(2)
        .mount(&broker);
    assert_eq!(publish_with_backoff::run(&address).await.unwrap(), 3);
}

/// Publishes with back-off to a broker that always answers with this code: the code, how many
/// times it came, and how long it took.
async fn backed_off(code: u8) -> (u8, usize, Duration) {
    let broker = MockBroker::in_memory();
    let _no = Rule::given(publish())
        .then(action::puback(code))
        .mount(&broker);
    let client = connected(&broker).await;
    let begun = Instant::now();
    let error = publish_with_backoff::publish(&client, at_least_once("a", "m"))
        .await
        .unwrap_err();
    let code = error.refused().unwrap().raw_code();
    let seen = broker.journal().matching(publish()).count();
    (code, seen, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn backing_off_gives_up_after_its_last_attempt() {
    let (code, seen, took) = backed_off(0x97).await;
    assert_eq!(
        (code, seen),
        (0x97, publish_with_backoff::ATTEMPTS as usize)
    );
    // Five pauses, which are 50, 100, 200, 400 and 800 ms at most, and half of that at least. The
    // clock has whole milliseconds.
    let (least, most) = (Duration::from_millis(775), Duration::from_millis(1560));
    assert!((least..=most).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn backing_off_gives_up_at_once_on_what_will_not_pass() {
    assert_eq!(backed_off(0x87).await, (0x87, 1, Duration::ZERO));
}

#[tokio::test]
async fn log_once_has_the_whole_chain() {
    let (broker, address) = broker().await;
    let _no = Rule::given(publish())
        .then(action::pubrec(0x87).reason_string("read only"))
        .mount(&broker);
    let line = log_once::run(&address).await.unwrap();
    insta::assert_snapshot!(line, @"failed to publish: the broker refused the message: [code:135] not authorized: read only");
}

#[tokio::test]
async fn graceful_shutdown_says_goodbye() {
    let (broker, address) = broker().await;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(async move {
        graceful_shutdown::run(&address, async { stopped.await.unwrap() }).await
    });
    broker.wait_for(subscribe()).await;
    let alarm = action::publish("plant/3/alarm", "hot").qos(QoS::AtLeastOnce);
    broker.send(1, alarm).await.unwrap();
    // It is acknowledged when it was taken.
    broker.wait_for(puback()).await;
    stop.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), 1);
    broker.wait_for(disconnect()).await;
}

#[tokio::test]
async fn clean_up_sends_the_will_after_a_failure_only() {
    let (broker, address) = broker().await;
    clean_up::run(&address, || Some(21.5)).await.unwrap();
    let _no = Rule::given(publish())
        .then(action::puback(0x87))
        .mount(&broker);
    clean_up::run(&address, || None).await.unwrap_err();
    broker.wait_for(disconnect().connection(2)).await;
    let journal = broker.journal();
    let codes: Vec<Vec<u8>> = journal
        .matching(disconnect())
        .map(|entry| entry.raw().to_vec())
        .collect();
    assert_eq!(codes, [vec![0xE0, 0x00], vec![0xE0, 0x01, 0x04]]);
}

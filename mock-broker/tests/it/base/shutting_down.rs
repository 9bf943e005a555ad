//! A broker that is stopped while it has clients.

use std::time::Duration;

use nack_codec::{Property, QoS, Version};
use nack_mock_broker::action::{as_usual, delay, fall_silent, no_answer};
use nack_mock_broker::{MockBroker, Rule, matcher};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::peer::{Hello, Peer};

const SHUTTING_DOWN: &[u8] = b"\xE0\x01\x8B";

#[tokio::test(start_paused = true)]
async fn clients_are_parted_from_and_those_of_mqtt_5_are_told_why() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let mut older = Peer::connected(&broker, Version::V311, "older").await;
    let clients = async {
        peer.expects(SHUTTING_DOWN).await;
        peer.expects_end().await;
        older.expects_end().await;
        drop((peer, older));
    };
    let begin = Instant::now();
    let (stopped, ()) = tokio::join!(broker.shut_down(), clients);
    stopped.unwrap();
    assert!(begin.elapsed().is_zero(), "{:?}", begin.elapsed());
    // Nobody comes in any more.
    assert!(Peer::stranger(&broker, Version::V5).ends().await);
    assert!(!broker.is_listening());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_not_waited_for_long() {
    let broker = MockBroker::in_memory();
    let mut deaf = Peer::connected(&broker, Version::V5, "deaf").await;
    deaf.subscribe("t", QoS::AtMostOnce).await;
    let payload = "x".repeat(100_000);
    deaf.publish(QoS::AtMostOnce, 0, "t", &payload).await;
    broker.wait_for(matcher::publish().to_client()).await;
    let begin = Instant::now();
    broker.shut_down().await.unwrap();
    assert_eq!(begin.elapsed().as_millis(), 500);
    // It is all there for one who reads late.
    assert!(deaf.receive().await.ends_with(b"xx"));
    deaf.expects(SHUTTING_DOWN).await;
}

#[tokio::test(start_paused = true)]
async fn who_was_not_let_in_or_is_met_with_silence_is_told_nothing() {
    let broker = MockBroker::in_memory();
    let hour = Duration::from_secs(3600);
    let _silent = Rule::given(matcher::pingreq())
        .then(fall_silent())
        .mount(&broker);
    let _late = Rule::given(matcher::connack().client("late"))
        .then(delay(hour))
        .then(as_usual())
        .mount(&broker);
    let mut stranger = Peer::stranger(&broker, Version::V5).into_stream();
    let mut silenced = Peer::connected(&broker, Version::V5, "silenced").await;
    silenced.send_bytes(b"\xC0\x00").await;
    broker.wait_for(matcher::pingreq()).await;
    let mut late = Peer::stranger(&broker, Version::V5);
    let hello = Hello {
        client_id: "late",
        ..Hello::default()
    };
    late.hello(hello).await;
    broker.wait_for(matcher::connect().client("late")).await;
    let begin = Instant::now();
    // [MQTT-3.14.0-1]
    let (stopped, ()) = tokio::join!(broker.shut_down(), async {
        late.expects_end().await;
        drop(late);
    });
    stopped.unwrap();
    assert!(begin.elapsed().is_zero(), "{:?}", begin.elapsed());
    let mut silenced = silenced.into_stream();
    for stream in [&mut stranger, &mut silenced] {
        let said = timeout(Duration::from_secs(1), stream.read_u8()).await;
        assert!(said.is_err(), "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_may_have_the_goodbye_lost() {
    let broker = MockBroker::in_memory();
    let _lost = Rule::given(matcher::disconnect().to_client())
        .then(no_answer())
        .expect(1)
        .mount(&broker);
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    let (stopped, ()) = tokio::join!(broker.shut_down(), peer.expects_end());
    stopped.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_listens_again_has_its_sessions() {
    let broker = MockBroker::in_memory();
    let hello = || Hello {
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(3600)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello()).await;
    let (stopped, ()) = tokio::join!(broker.shut_down(), peer.expects(SHUTTING_DOWN));
    stopped.unwrap();
    broker.resume_listening().unwrap();
    let (_, session_present) = Peer::welcomed(&broker, Version::V5, hello()).await;
    assert!(session_present);
}

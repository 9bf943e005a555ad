//! Messages both ways, at every quality of service and of every size.

use nack_client::{Publish, QoS, ReasonCode, Version};
use nack_mock_broker::{MockBroker, Rule, action, matcher};

use crate::fixture::{SETTLES, at_least_once, connected_with, drop_after, options};

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[tokio::test(start_paused = true)]
async fn a_message_comes_back_at_the_qos_it_was_sent_at() {
    for version in [Version::V311, Version::V5] {
        let broker = MockBroker::in_memory();
        let client = connected_with(&broker, options().version(version)).await;
        let mut messages = client.subscribe("a/+").await.unwrap();
        for qos in LEVELS {
            let message = Publish::new("a/b", format!("{qos}")).qos(qos);
            let published = client.publish(message).await.unwrap();
            assert_eq!(published.reason(), ReasonCode::Success);
            let message = messages.recv().await.unwrap().unwrap();
            assert_eq!(message.topic().as_str(), "a/b");
            assert_eq!(message.payload(), format!("{qos}").as_bytes());
            assert_eq!(message.qos(), qos);
        }
        client.disconnect().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_puback_of_a_message_is_none_of_the_next() {
    for version in [Version::V311, Version::V5] {
        let broker = MockBroker::in_memory();
        Rule::given(matcher::publish().topic("next"))
            .then(action::raw(b"\x40\x02\x00\x01"))
            .mount(&broker)
            .forget();
        let client = connected_with(&broker, options().version(version)).await;
        client.publish(at_least_once("first", "m")).await.unwrap();
        let next = drop_after(SETTLES, 1, client.publish(at_least_once("next", "m"))).await;
        assert!(next.is_none(), "nobody has acknowledged it: {next:?}");
        assert!(client.is_connected());
    }
}

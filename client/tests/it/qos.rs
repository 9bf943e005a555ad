//! Messages both ways, at every quality of service and of every size.

use nack_client::{Publish, QoS, ReasonCode, Version};
use nack_mock_broker::MockBroker;

use crate::fixture::{connected_with, options};

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

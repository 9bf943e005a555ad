//! Shared subscriptions: who is given a message.

use std::time::Duration;

use nack_codec::{Property, QoS, Version};
use nack_mock_broker::MockBroker;

use crate::peer::{Hello, Peer};

#[tokio::test(start_paused = true)]
async fn a_member_of_a_share_whose_session_has_expired_is_given_nothing() {
    let broker = MockBroker::in_memory();
    for (number, (client_id, seconds)) in (1..).zip([("a", 1), ("b", 100)]) {
        let hello = Hello {
            client_id,
            properties: &[Property::SessionExpiryInterval(seconds)],
            ..Hello::default()
        };
        let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
        peer.subscribe("$share/g/t", QoS::AtLeastOnce).await;
        drop(peer);
        broker.wait_for_close(number).await;
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for packet_id in 1..=3 {
        publisher
            .publish(QoS::AtLeastOnce, packet_id, "t", "m")
            .await;
        publisher.receive().await;
    }
    let hello = Hello {
        client_id: "b",
        clean_start: false,
        ..Hello::default()
    };
    let (mut back, present) = Peer::welcomed(&broker, Version::V5, hello).await;
    assert!(present);
    for packet_id in 1..=3 {
        back.expects(&[0x32, 7, 0, 1, b't', 0, packet_id, 0, b'm'])
            .await;
    }
    back.expects_nothing().await;
}

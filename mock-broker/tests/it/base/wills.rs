//! Wills: published when a client is gone without a goodbye, and not else.

use nack_codec::{
    Binary, Disconnect, DisconnectReason, Packet, Properties, QoS, TopicName, Version, Will,
};
use nack_mock_broker::MockBroker;

use crate::peer::{Hello, Peer};

fn dying() -> Hello<'static> {
    Hello {
        client_id: "dying",
        will: Some(Will {
            qos: QoS::AtMostOnce,
            retain: true,
            topic: TopicName::new("will").unwrap(),
            payload: Binary::new(&b"gone"[..]).unwrap(),
            properties: Properties::empty(),
        }),
        ..Hello::default()
    }
}

const WILL: &[u8] = b"\x30\x0A\x00\x04willgone";

async fn witness(broker: &MockBroker) -> Peer {
    let mut witness = Peer::connected(broker, Version::V311, "witness").await;
    witness.subscribe("will", QoS::AtMostOnce).await;
    witness
}

fn goodbye(reason: DisconnectReason) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: Properties::empty(),
    })
}

#[tokio::test]
async fn a_lost_connection_publishes_the_will_and_retains_it() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for version in Version::ALL {
        let (peer, _) = Peer::welcomed(&broker, version, dying()).await;
        drop(peer);
        witness.expects(WILL).await;
    }
    witness.subscribe("will", QoS::AtMostOnce).await;
    witness.expects(b"\x31\x0A\x00\x04willgone").await;
}

#[tokio::test]
async fn a_goodbye_takes_the_will_back_unless_it_asks_for_it() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    for (number, version) in [(2, Version::V311), (3, Version::V5)] {
        let (mut peer, _) = Peer::welcomed(&broker, version, dying()).await;
        peer.send(goodbye(DisconnectReason::NormalDisconnection))
            .await;
        drop(peer);
        broker.wait_for_close(number).await;
        witness.expects_nothing().await;
    }
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, dying()).await;
    peer.send(goodbye(DisconnectReason::DisconnectWithWillMessage))
        .await;
    witness.expects(WILL).await;
    drop(peer);
    broker.wait_for_close(4).await;
    witness.expects_nothing().await;
}

#[tokio::test]
async fn a_takeover_and_a_broken_rule_publish_the_will() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    let (first, _) = Peer::welcomed(&broker, Version::V5, dying()).await;
    let (mut second, _) = Peer::welcomed(&broker, Version::V5, dying()).await;
    witness.expects(WILL).await;
    second.send(Packet::Pingresp).await;
    witness.expects(WILL).await;
    drop((first, second));
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_leaves_its_will() {
    let broker = MockBroker::in_memory();
    let mut witness = witness(&broker).await;
    let hello = Hello {
        keep_alive: 1,
        ..dying()
    };
    let (peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    witness.expects(WILL).await;
    drop(peer);
}

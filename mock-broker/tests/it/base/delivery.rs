//! Messages to clients: QoS, quota, sizes, properties, acknowledgements.

use nack_codec::{
    Packet, PacketId, Properties, Property, Puback, Pubcomp, Publish, Pubrec, PubrecReason, QoS,
    Version,
};
use nack_mock_broker::MockBroker;

use crate::peer::{Hello, Peer, publish, text};

fn id(packet_id: u16) -> PacketId {
    PacketId::new(packet_id).unwrap()
}

#[tokio::test]
async fn a_message_comes_at_the_lower_of_two_qos() {
    for published in QoS::ALL {
        for granted in QoS::ALL {
            let broker = MockBroker::in_memory();
            let mut subscriber = Peer::connected(&broker, Version::V311, "s").await;
            subscriber.subscribe("t", granted).await;
            let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
            let packet_id = u16::from(published > QoS::AtMostOnce);
            publisher.publish(published, packet_id, "t", "m").await;
            let packet = subscriber.receive().await;
            assert_eq!(packet[0] >> 1 & 3, published.min(granted) as u8);
        }
    }
}

#[tokio::test]
async fn a_qos_2_message_to_a_client_goes_its_whole_way() {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    peer.publish(QoS::ExactlyOnce, 9, "t", "m").await;
    peer.expects(b"\x50\x02\x00\x09").await;
    peer.expects(b"\x34\x07\x00\x01t\x00\x01\x00m").await;
    peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
    peer.expects(b"\x62\x02\x00\x01").await;
    peer.send(Packet::Pubcomp(Pubcomp::success(id(1)))).await;
    peer.expects_nothing().await;
    // A PUBREC of what is complete.
    peer.send(Packet::Pubrec(Pubrec::success(id(1)))).await;
    peer.expects(b"\x62\x03\x00\x01\x92").await;
}

#[tokio::test]
async fn receive_maximum_holds_messages_back_until_others_are_acknowledged() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::ReceiveMaximum(2)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V311, "p").await;
    publisher.publish(QoS::AtLeastOnce, 1, "t", "a").await;
    publisher.publish(QoS::ExactlyOnce, 2, "t", "b").await;
    publisher.publish(QoS::AtLeastOnce, 3, "t", "c").await;
    publisher.publish(QoS::AtMostOnce, 0, "t", "d").await;
    publisher.publish(QoS::AtLeastOnce, 4, "t", "e").await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x01\x00a").await;
    peer.expects(b"\x34\x07\x00\x01t\x00\x02\x00b").await;
    peer.expects(b"\x30\x05\x00\x01t\x00d").await;
    peer.expects_nothing().await;
    peer.send(Packet::Puback(Puback::success(id(1)))).await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x03\x00c").await;
    peer.expects_nothing().await;
    // A refusal gives the quota back too.
    let reason = PubrecReason::NotAuthorized;
    let properties = Properties::empty();
    let packet_id = id(2);
    peer.send(Packet::Pubrec(Pubrec {
        packet_id,
        reason,
        properties,
    }))
    .await;
    peer.expects(b"\x32\x07\x00\x01t\x00\x04\x00e").await;
}

#[tokio::test]
async fn a_message_larger_than_the_client_accepts_is_dropped_as_if_it_had_been_sent() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::MaximumPacketSize(20)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.subscribe("t", QoS::AtLeastOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    publisher
        .publish(QoS::AtLeastOnce, 1, "t", "0123456789abcd")
        .await;
    publisher
        .publish(QoS::AtLeastOnce, 2, "t", "0123456789a")
        .await;
    peer.expects(b"\x32\x11\x00\x01t\x00\x02\x000123456789a")
        .await;
    let dropped = broker.journal().to_string();
    assert!(
        dropped.contains("← #1 dropped PUBLISH id=1 qos=1 topic=\"t\" 14 bytes"),
        "{dropped}"
    );
}

#[tokio::test]
async fn properties_are_passed_on_to_those_who_can_read_them() {
    let broker = MockBroker::in_memory();
    let mut modern = Peer::connected(&broker, Version::V5, "modern").await;
    modern.subscribe("#", QoS::AtMostOnce).await;
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    old.subscribe("#", QoS::AtMostOnce).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    let mut properties = Properties::new();
    for property in [
        Property::UserProperty(text("b"), text("1")),
        Property::ContentType(text("text")),
        Property::UserProperty(text("a"), text("2")),
        Property::PayloadFormatIndicator(true),
    ] {
        properties.push(property).unwrap();
    }
    publisher
        .send(Packet::Publish(Publish {
            properties: properties.borrow(),
            ..publish(QoS::AtMostOnce, 0, "t", "m")
        }))
        .await;
    modern
        .expects(b"\x30\x1C\x00\x01t\x17\x26\x00\x01b\x00\x011\x03\x00\x04text\x26\x00\x01a\x00\x012\x01\x01m")
        .await;
    old.expects(b"\x30\x04\x00\x01tm").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_loses_its_time_and_then_itself() {
    let broker = MockBroker::in_memory();
    let away = || Hello {
        client_id: "s",
        clean_start: false,
        properties: &[Property::SessionExpiryInterval(u32::MAX)],
        ..Hello::default()
    };
    let (mut subscriber, _) = Peer::welcomed(&broker, Version::V5, away()).await;
    subscriber.subscribe("t", QoS::AtLeastOnce).await;
    drop(subscriber);
    broker.wait_for_close(1).await;
    let mut publisher = Peer::connected(&broker, Version::V5, "p").await;
    for (packet_id, seconds) in [(1, 10), (2, 100)] {
        let mut properties = Properties::new();
        properties
            .push(Property::MessageExpiryInterval(seconds))
            .unwrap();
        publisher
            .send(Packet::Publish(Publish {
                properties: properties.borrow(),
                ..publish(QoS::AtLeastOnce, packet_id, "t", "m")
            }))
            .await;
        publisher.receive().await;
    }
    tokio::time::advance(std::time::Duration::from_secs(30)).await;
    let (mut subscriber, present) = Peer::welcomed(&broker, Version::V5, away()).await;
    assert!(present);
    subscriber
        .expects(b"\x32\x0C\x00\x01t\x00\x01\x05\x02\x00\x00\x00\x46m")
        .await;
    subscriber.expects_nothing().await;
}

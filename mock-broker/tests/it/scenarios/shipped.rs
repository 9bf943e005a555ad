//! Every scenario that ships does to a client what it says.

use std::time::Duration;

use bytes::Bytes;
use nack_codec::{Auth, AuthReason, Packet, PacketId, Property, QoS, Version};
use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::{ScenarioFile, shipped};

use super::generated::{self, Coded};
use crate::peer::{Hello, Peer, text};

fn staged(file: &ScenarioFile) -> MockBroker {
    let broker = MockBroker::in_memory();
    for rule in file.rules().unwrap() {
        rule.mount(&broker).forget();
    }
    broker
}

/// What the broker sends at the place of the conversation where this packet belongs.
async fn answer(coded: &Coded, broker: &MockBroker) -> Bytes {
    let version = match coded.version {
        "v3" => Version::V311,
        _ => Version::V5,
    };
    let mut peer = Peer::stranger(broker, version);
    let method = [Property::AuthenticationMethod(text("EXAMPLE"))];
    let hello = Hello {
        properties: if coded.packet == "AUTH" { &method } else { &[] },
        ..Hello::default()
    };
    peer.hello(hello).await;
    let first = peer.receive().await;
    if coded.packet == "CONNACK" || (coded.packet == "AUTH" && coded.code != 0) {
        return first;
    }
    assert_eq!(first[0], 0x20, "{first:02X?}");
    match coded.packet {
        "PUBACK" => peer.publish(QoS::AtLeastOnce, 1, "t", "").await,
        "PUBREC" => peer.publish(QoS::ExactlyOnce, 1, "t", "").await,
        "PUBCOMP" => {
            peer.publish(QoS::ExactlyOnce, 1, "t", "").await;
            assert_eq!(peer.receive().await[0], 0x50);
            peer.send_bytes(b"\x62\x02\x00\x01").await;
        }
        "PUBREL" => {
            peer.send_bytes(b"\x82\x07\x00\x01\x00\x00\x01t\x00").await;
            assert_eq!(peer.receive().await[0], 0x90);
            let publish = peer.receive().await;
            assert_eq!(publish[0], 0x34, "{publish:02X?}");
            // PUBLISH of QoS 2 to `released`: its identifier is behind the topic.
            let packet_id = PacketId::new(u16::from(publish[13])).unwrap();
            peer.send_bytes([0x50, 2, 0, packet_id.get() as u8]).await;
        }
        "SUBACK" if version == Version::V5 => {
            peer.send_bytes(b"\x82\x07\x00\x01\x00\x00\x01t\x02").await;
        }
        "SUBACK" => peer.send_bytes(b"\x82\x06\x00\x01\x00\x01t\x02").await,
        "UNSUBACK" => peer.unsubscribe(1, "t").await,
        "DISCONNECT" => {}
        "AUTH" => {
            let mut properties = nack_codec::Properties::new();
            properties.push(method[0]).unwrap();
            peer.send(Packet::Auth(Auth {
                reason: AuthReason::ReAuthenticate,
                properties: properties.borrow(),
            }))
            .await;
        }
        other => panic!("{other}"),
    }
    peer.receive().await
}

#[tokio::test(start_paused = true)]
async fn every_reason_code_arrives_on_the_wire() {
    for coded in generated::all() {
        let name = coded.file();
        let broker = staged(&shipped(&name).unwrap().file().unwrap());
        let packet = answer(&coded, &broker).await;
        let first = match coded.packet {
            "CONNACK" => 0x20,
            "PUBACK" => 0x40,
            "PUBREC" => 0x50,
            "PUBREL" => 0x62,
            "PUBCOMP" => 0x70,
            "SUBACK" => 0x90,
            "UNSUBACK" => 0xB0,
            "DISCONNECT" => 0xE0,
            _ => 0xF0,
        };
        assert_eq!(packet[0], first, "{name}: {packet:02X?}");
        let place = match coded.packet {
            "CONNACK" => 3,
            "SUBACK" if coded.version == "v3" => 4,
            "SUBACK" | "UNSUBACK" => 5,
            "DISCONNECT" | "AUTH" => 2,
            _ => 4,
        };
        // What says success may be left out.
        let code = packet.get(place).copied().unwrap_or(0);
        assert_eq!(code, coded.code, "{name}: {packet:02X?}");
        broker
            .verify()
            .unwrap_or_else(|unmet| panic!("{name}: {unmet}"));
        // A clock that stands still has nothing to wait for between two brokers.
        tokio::time::advance(Duration::from_secs(1)).await;
    }
}

//! Clients that break a rule: what they are told, and that they are sent away.

use nack_codec::{
    Auth, AuthReason, Disconnect, DisconnectReason, Packet, Properties, Property, Publish, QoS,
    Version,
};
use nack_mock_broker::MockBroker;

use crate::peer::{Hello, Peer, publish, text};

/// What a connected client of MQTT 5.0 is told, as code and text, when it sends these bytes.
async fn told(bytes: &[u8]) -> (u8, String) {
    let broker = MockBroker::in_memory();
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.send_bytes(bytes).await;
    let packet = peer.receive().await;
    let Packet::Disconnect(disconnect) = crate::peer::decode(&packet, Version::V5) else {
        panic!("{packet:?}");
    };
    // [MQTT-3.14.2-2], [MQTT-3.14.4-2]
    assert_eq!(disconnect.properties.session_expiry_interval(), None);
    // [MQTT-4.13.1-1], [MQTT-4.13.2-1]
    peer.expects_end().await;
    let text = disconnect.properties.reason_string().unwrap_or_default();
    (disconnect.reason.as_u8(), text.to_owned())
}

fn encoded(packet: Packet<'_>) -> Vec<u8> {
    let mut bytes = bytes::BytesMut::new();
    packet.encode(Version::V5, &mut bytes).unwrap();
    bytes.to_vec()
}

#[tokio::test]
async fn what_is_no_packet_is_answered_with_the_code_of_the_standard() {
    for (bytes, code) in [
        // A packet type that does not exist; wrong flags; five bytes of remaining length.
        (&b"\x00\x00"[..], 0x81),
        (b"\x60\x02\x00\x01", 0x81), // of PUBREL, [MQTT-3.6.1-1]
        (b"\x30\xFF\xFF\xFF\xFF\x7F", 0x81),
        // A topic with a wildcard, [MQTT-3.3.2-2]; an identifier of 0; a SUBSCRIBE without filters.
        (b"\x30\x04\x00\x01#\x00", 0x90),
        (b"\x32\x06\x00\x01t\x00\x00\x00", 0x82),
        (b"\x82\x03\x00\x01\x00", 0x82),
        // Flags of SUBSCRIBE, UNSUBSCRIBE, DISCONNECT and AUTH: [MQTT-3.8.1-1], [MQTT-3.10.1-1],
        // [MQTT-3.14.1-1], [MQTT-3.15.1-1].
        (b"\x80\x07\x00\x01\x00\x00\x01t\x00", 0x81),
        (b"\xA0\x06\x00\x01\x00\x00\x01t", 0x81),
        (b"\xE1\x00", 0x81),
        (b"\xF1\x00", 0x81),
        // QoS 3, [MQTT-3.3.1-4]; reserved options, [MQTT-3.8.3-5]; no local on a shared
        // subscription, [MQTT-3.8.3-4]; an UNSUBSCRIBE without filters, [MQTT-3.10.3-2].
        (b"\x36\x06\x00\x01t\x00\x01\x00", 0x81),
        (b"\x82\x07\x00\x01\x00\x00\x01t\xC0", 0x81),
        (b"\x82\x10\x00\x01\x00\x00\x0A$share/g/t\x04", 0x82),
        (b"\xA2\x03\x00\x01\x00", 0x82),
        // Topics that are no text: [MQTT-3.3.2-1], [MQTT-1.5.4-1], [MQTT-1.5.4-2].
        (b"\x30\x04\x00\x01\xFF\x00", 0x81),
        (b"\x30\x04\x00\x01\x00\x00", 0x81),
    ] {
        assert_eq!(told(bytes).await.0, code, "{bytes:02X?}");
    }
}

#[tokio::test]
async fn what_holds_what_it_may_not_hold_is_answered_with_the_code_of_the_standard() {
    for (bytes, code) in [
        // DUP at QoS 0, [MQTT-3.3.1-2]; topic alias 0, [MQTT-3.3.2-8].
        (&b"\x38\x04\x00\x01t\x00"[..], 0x82),
        (b"\x30\x07\x00\x01t\x03\x23\x00\x00", 0x94),
        // Response topics that are no text, or no topic; a content type that is no text:
        // [MQTT-3.3.2-13], [MQTT-3.3.2-14], [MQTT-3.3.2-19].
        (b"\x30\x08\x00\x01t\x04\x08\x00\x01\xFF", 0x81),
        (b"\x30\x08\x00\x01t\x04\x08\x00\x01#", 0x82),
        (b"\x30\x08\x00\x01t\x04\x03\x00\x01\xFF", 0x81),
        // Codes that the packet has not: [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1],
        // [MQTT-3.7.2-1], [MQTT-3.14.2-1]. A client has no QoS to grant.
        (b"\x40\x03\x00\x01\x01", 0x82),
        (b"\x50\x03\x00\x01\x92", 0x82),
        (b"\x62\x03\x00\x01\x10", 0x82),
        (b"\x70\x03\x00\x01\x80", 0x82),
        (b"\xE0\x01\x01", 0x82),
        (b"\xE0\x01\x87", 0x82),
    ] {
        assert_eq!(told(bytes).await.0, code, "{bytes:02X?}");
    }
}

#[tokio::test]
async fn after_a_refusal_the_client_is_told_nothing_and_is_not_heard() {
    let broker = MockBroker::in_memory();
    let mut witness = Peer::connected(&broker, Version::V5, "w").await;
    witness.subscribe("t", QoS::AtMostOnce).await;
    let mut peer = Peer::connected(&broker, Version::V5, "c").await;
    peer.subscribe("t", QoS::AtMostOnce).await;
    // A message, what is no packet, a message, a ping: in one write.
    peer.send_bytes(b"\x30\x05\x00\x01t\x00a\x00\x00\x30\x05\x00\x01t\x00b\xC0\x00")
        .await;
    witness.publish(QoS::AtMostOnce, 0, "t", "c").await;
    witness.expects(b"\x30\x05\x00\x01t\x00a").await;
    witness.expects(b"\x30\x05\x00\x01t\x00c").await;
    while let Some(packet) = peer.receive_or_end().await {
        if packet[0] == 0xE0 {
            // [MQTT-3.14.4-1]
            peer.expects_end().await;
            return;
        }
    }
    panic!("closed without a word");
}

#[tokio::test]
async fn what_is_a_packet_and_not_allowed_is_a_protocol_error() {
    let mut properties = Properties::new();
    properties
        .push(Property::SubscriptionIdentifier(1))
        .unwrap();
    // [MQTT-3.3.4-6]
    let with_identifier = Packet::Publish(Publish {
        properties: properties.borrow(),
        ..publish(QoS::AtMostOnce, 0, "t", "")
    });
    let mut method = Properties::new();
    method
        .push(Property::AuthenticationMethod(text("m")))
        .unwrap();
    let auth = Packet::Auth(Auth {
        reason: AuthReason::ReAuthenticate,
        properties: method.borrow(),
    });
    let mut expiry = Properties::new();
    expiry.push(Property::SessionExpiryInterval(1)).unwrap();
    let prolonged = Packet::Disconnect(Disconnect {
        reason: DisconnectReason::NormalDisconnection,
        properties: expiry.borrow(),
    });
    // [MQTT-3.14.2-1]
    let as_a_server = Packet::Disconnect(Disconnect {
        reason: DisconnectReason::ServerShuttingDown,
        properties: Properties::empty(),
    });
    let packets = [
        with_identifier,
        auth,
        prolonged,
        as_a_server,
        Packet::Pingresp,
    ];
    for packet in packets {
        let (code, text) = told(&encoded(packet.clone())).await;
        assert_eq!(code, 0x82, "{packet:?}");
        assert!(!text.is_empty());
    }
    // A second CONNECT: no second CONNACK, [MQTT-3.2.0-2].
    let (code, text) = told(b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00").await;
    assert_eq!(code, 0x82);
    assert_eq!(text, "a second CONNECT [MQTT-3.1.0-2]");
}

#[tokio::test]
async fn a_topic_alias_was_not_offered() {
    let mut properties = Properties::new();
    properties.push(Property::TopicAlias(1)).unwrap();
    let publish = Packet::Publish(Publish {
        properties: properties.borrow(),
        ..publish(QoS::AtMostOnce, 0, "t", "")
    });
    // [MQTT-3.2.2-18]
    assert_eq!(told(&encoded(publish)).await.0, 0x94);
}

#[tokio::test]
async fn the_refusal_says_what_was_wrong_and_where() {
    let (_, text) = told(b"\x82\x03\x00\x01\x00").await;
    assert_eq!(
        text,
        "there is no topic filter, at byte 5 of SUBSCRIBE [MQTT-3.8.3-2]"
    );
}

#[tokio::test]
async fn a_text_that_the_client_cannot_take_is_left_out() {
    let broker = MockBroker::in_memory();
    let hello = Hello {
        properties: &[Property::MaximumPacketSize(20)],
        ..Hello::default()
    };
    let (mut peer, _) = Peer::welcomed(&broker, Version::V5, hello).await;
    peer.send_bytes(b"\x82\x03\x00\x01\x00").await;
    // [MQTT-3.14.2-3], [MQTT-3.14.2-4], [MQTT-3.14.4-2]
    peer.expects(b"\xE0\x01\x82").await;
    peer.expects_end().await;
}

#[tokio::test]
async fn a_client_of_3_1_1_is_sent_away_without_a_word() {
    for bytes in [
        &b"\x00\x00"[..],
        b"\xF0\x00",
        // What only servers send.
        b"\x20\x02\x00\x00",
        b"\x90\x03\x00\x01\x00",
        b"\xB0\x02\x00\x01",
        b"\xD0\x00",
        // A second CONNECT, right and wrong: [MQTT-3.1.0-2].
        b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c",
        b"\x10\x0D\x00\x04MQTT\x04\x03\x00\x00\x00\x01c",
        // QoS 3, [MQTT-3.3.1-4]; DUP at QoS 0, [MQTT-3.3.1-2].
        b"\x36\x06\x00\x01t\x00\x01m",
        b"\x38\x04\x00\x01tm",
        // No filters, 3.1.1 [MQTT-3.8.3-3] and [MQTT-3.10.3-2]; QoS 3 and reserved bits, which are
        // options of MQTT 5.0, 3.1.1 [MQTT-3.8.3-4].
        b"\x82\x02\x00\x01",
        b"\xA2\x02\x00\x01",
        b"\x82\x06\x00\x01\x00\x01t\x03",
        b"\x82\x06\x00\x01\x00\x01t\x04",
        b"\x82\x06\x00\x01\x00\x01t\x08",
        b"\x82\x06\x00\x01\x00\x01t\x80",
        // Cut off, and with something behind: [MQTT-4.8.0-1].
        b"\x40\x01\x00",
        b"\x40\x03\x00\x01\x00",
        b"\x82\x05\x00\x01\x00\x01t",
        b"\xC0\x01\x00",
        b"\xE0\x01\x00",
    ] {
        let broker = MockBroker::in_memory();
        let mut witness = Peer::connected(&broker, Version::V311, "w").await;
        witness.subscribe("#", QoS::AtMostOnce).await;
        let mut peer = Peer::connected(&broker, Version::V311, "c").await;
        // What follows is not looked at either.
        peer.send_bytes([bytes, b"\x30\x04\x00\x01tm"].concat())
            .await;
        let packet = peer.receive_or_end().await;
        assert!(packet.is_none(), "{packet:02X?} answers {bytes:02X?}");
        witness.expects_nothing().await;
    }
}

#[tokio::test]
async fn a_connect_of_3_1_1_that_breaks_a_rule_is_not_answered_at_all() {
    for connect in [
        // The reserved flag: [MQTT-3.1.2-3].
        &b"\x10\x0D\x00\x04MQTT\x04\x03\x00\x00\x00\x01c"[..],
        // QoS and retain of a will that is not there; a will of QoS 3: 3.1.1 [MQTT-3.1.2-11],
        // [MQTT-3.1.2-13], [MQTT-3.1.2-15], [MQTT-3.1.2-14].
        b"\x10\x0D\x00\x04MQTT\x04\x0A\x00\x00\x00\x01c",
        b"\x10\x0D\x00\x04MQTT\x04\x22\x00\x00\x00\x01c",
        b"\x10\x12\x00\x04MQTT\x04\x1E\x00\x00\x00\x01c\x00\x01w\x00\x00",
        // No will topic, and no will message: 3.1.1 [MQTT-3.1.2-9].
        b"\x10\x0D\x00\x04MQTT\x04\x06\x00\x00\x00\x01c",
        b"\x10\x10\x00\x04MQTT\x04\x06\x00\x00\x00\x01c\x00\x01w",
        // A will to a filter: [MQTT-4.7.1-1].
        b"\x10\x12\x00\x04MQTT\x04\x06\x00\x00\x00\x01c\x00\x01#\x00\x00",
        // A user name and a password that are not there, or are and are not told of: 3.1.1
        // [MQTT-3.1.2-19], [MQTT-3.1.2-21], [MQTT-3.1.2-18], [MQTT-3.1.2-20].
        b"\x10\x0D\x00\x04MQTT\x04\x82\x00\x00\x00\x01c",
        b"\x10\x10\x00\x04MQTT\x04\xC2\x00\x00\x00\x01c\x00\x01u",
        b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x01c\x00\x01u",
        b"\x10\x13\x00\x04MQTT\x04\x82\x00\x00\x00\x01c\x00\x01u\x00\x01p",
        // A password without a user name: 3.1.1 [MQTT-3.1.2-22].
        b"\x10\x10\x00\x04MQTT\x04\x42\x00\x00\x00\x01c\x00\x01p",
        // No client identifier, and half of one: 3.1.1 [MQTT-3.1.3-3].
        b"\x10\x0A\x00\x04MQTT\x04\x02\x00\x00",
        b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x02c",
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, Version::V311);
        peer.send_bytes(connect).await;
        // 3.1.1 [MQTT-3.1.4-1], [MQTT-3.2.2-6]
        let packet = peer.receive_or_end().await;
        assert!(packet.is_none(), "{packet:02X?} answers {connect:02X?}");
    }
}

#[tokio::test]
async fn who_does_not_begin_with_connect_is_sent_away() {
    for bytes in [
        &b"\xC0\x00"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02",
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.send_bytes(bytes).await;
        // [MQTT-3.1.0-1]
        peer.expects_end().await;
        let journal = broker.journal();
        assert_eq!(&journal.received().next().unwrap().raw()[..], bytes);
    }
}

#[tokio::test]
async fn a_connect_of_5_0_that_breaks_a_rule_is_refused_as_malformed() {
    for (flags, payload) in [
        // QoS or retain of a will that is not there: [MQTT-3.1.2-11], [MQTT-3.1.2-13].
        (0x0A, &b"\x00\x01c"[..]),
        (0x22, b"\x00\x01c"),
        // A will of QoS 3, [MQTT-3.1.2-12]; one without fields, [MQTT-3.1.2-9].
        (0x1E, b"\x00\x01c\x00\x00\x01w\x00\x00"),
        (0x06, b"\x00\x01c"),
        // A user name, and a password, announced and not there, and there and not announced:
        // [MQTT-3.1.2-17], [MQTT-3.1.2-16], [MQTT-3.1.2-19], [MQTT-3.1.2-18].
        (0x82, b"\x00\x01c"),
        (0x02, b"\x00\x01c\x00\x01u"),
        (0x42, b"\x00\x01c"),
        (0x82, b"\x00\x01c\x00\x01u\x00\x01p"),
        // No client identifier: [MQTT-3.1.3-3].
        (0x02, b""),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, Version::V5);
        let body = [&b"\x00\x04MQTT\x05"[..], &[flags, 0, 0, 0], payload].concat();
        peer.send_bytes([&[0x10, body.len() as u8], &body[..]].concat())
            .await;
        // [MQTT-3.1.4-1]
        let connack = peer.receive().await;
        assert_eq!((connack[0], connack[3]), (0x20, 0x81), "{body:02X?}");
        peer.expects_end().await;
    }
}

#[tokio::test]
async fn a_connect_that_is_wrong_is_refused_in_the_words_of_its_version() {
    for (connect, connack) in [
        // MQTT 3.1, 3.1.1 [MQTT-3.1.2-2], and a version that is yet to come, [MQTT-3.1.2-2].
        (
            &b"\x10\x0C\x00\x04MQTT\x03\x02\x00\x00\x00\x00"[..],
            Some(&b"\x20\x02\x00\x01"[..]),
        ),
        (
            b"\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01c",
            Some(b"\x20\x02\x00\x01"),
        ),
        (
            b"\x10\x0C\x00\x04MQTT\x06\x02\x00\x00\x00\x00",
            Some(b"\x20\x39\x00\x84"),
        ),
        // A protocol of another name: [MQTT-3.1.2-1].
        (
            b"\x10\x0D\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x00",
            Some(b"\x20\x00\x00\x84"),
        ),
        // The reserved flag: [MQTT-3.1.2-3].
        (b"\x10\x0C\x00\x04MQTT\x04\x03\x00\x00\x00\x00", None),
        (
            b"\x10\x0D\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x00",
            Some(b"\x20\x4C\x00\x81"),
        ),
    ] {
        let broker = MockBroker::in_memory();
        let mut peer = Peer::stranger(&broker, Version::V5);
        peer.send_bytes(connect).await;
        if let Some(expected) = connack {
            let packet = peer.receive().await;
            assert_eq!(packet[2..4], expected[2..4], "{packet:02X?}");
        }
        peer.expects_end().await;
    }
}

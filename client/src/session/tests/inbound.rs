//! Messages from the broker: their acknowledgements, duplicates, and what the broker may not do.

use nack_codec::{DisconnectReason, Packet, PacketId, Properties, Property, Publish, TopicName};

use super::packets::{
    both, both_kept, connack, disconnect, kept, properties, pubcomp, publish, publish_again,
    pubrel, v5, v311,
};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::Version;
use crate::session::Config;

#[test]
fn each_qos_has_its_answer() {
    // [MQTT-3.3.4-1], [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-11]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(AtMostOnce, 0, "zero"));
        pair.check(
            r#"<- PUBLISH QoS 0 t "zero"
               ** QoS 0 t "zero""#,
        );
        pair.hear(&publish(AtLeastOnce, 256, "one"));
        pair.check(
            r#"<- PUBLISH 256 QoS 1 t "one"
               ** QoS 1 t "one""#,
        );
        pair.take(1);
        pair.check("-> PUBACK 256");
        pair.hear(&publish(ExactlyOnce, 65_535, "two"));
        pair.check(
            r#"<- PUBLISH 65535 QoS 2 t "two"
               ** QoS 2 t "two""#,
        );
        pair.take(2);
        pair.hear(&pubrel(65_535));
        pair.check(
            "-> PUBREC 65535
             <- PUBREL 65535
             -> PUBCOMP 65535",
        );
    }
}

#[test]
fn a_message_is_acknowledged_only_when_it_was_taken() {
    let mut pair = Pair::connected(v5());
    pair.hear(&publish(AtLeastOnce, 1, "x"));
    pair.hear(&publish(ExactlyOnce, 2, "y"));
    let happened = pair.happened();
    assert!(!happened.contains("->"), "{happened}");
    pair.take(1);
    pair.check("-> PUBACK 1");
    // Once.
    pair.take(1);
    pair.check("");
    pair.take(2);
    pair.check("-> PUBREC 2");
    pair.take(2);
    pair.check("");
}

#[test]
fn acknowledgements_keep_the_order_of_arrival() {
    // [MQTT-4.6.0-2], [MQTT-4.6.0-3]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(AtLeastOnce, 3, "x"));
        pair.hear(&publish(ExactlyOnce, 1, "x"));
        pair.hear(&publish(AtLeastOnce, 2, "x"));
        pair.hear(&publish(ExactlyOnce, 4, "x"));
        pair.forget();
        pair.take(4);
        pair.take(2);
        pair.check("");
        pair.take(1);
        pair.check("-> PUBACK 3\n-> PUBREC 1");
        pair.take(3);
        pair.check("-> PUBACK 2\n-> PUBREC 4");
    }
}

#[test]
fn qos_1_knows_no_duplicates() {
    // [MQTT-4.3.2-5]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(AtLeastOnce, 7, "a"));
        pair.take(1);
        pair.hear(&publish_again(AtLeastOnce, 7, "b"));
        pair.take(2);
        pair.check(
            r#"<- PUBLISH 7 QoS 1 t "a"
               ** QoS 1 t "a"
               -> PUBACK 7
               <- PUBLISH 7 QoS 1 DUP t "b"
               ** QoS 1 DUP t "b"
               -> PUBACK 7"#,
        );
    }
}

#[test]
fn qos_2_is_handed_out_once_until_it_is_released() {
    // [MQTT-4.3.3-10], [MQTT-4.3.3-12]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 9, "a"));
        // Before it was taken, and after.
        pair.hear(&publish_again(ExactlyOnce, 9, "a"));
        pair.take(1);
        pair.hear(&publish_again(ExactlyOnce, 9, "a"));
        pair.check(
            r#"<- PUBLISH 9 QoS 2 t "a"
               ** QoS 2 t "a"
               <- PUBLISH 9 QoS 2 DUP t "a"
               ** duplicate of "a"
               -> PUBREC 9
               -> PUBREC 9
               <- PUBLISH 9 QoS 2 DUP t "a"
               ** duplicate of "a"
               -> PUBREC 9"#,
        );
        pair.hear(&pubrel(9));
        pair.hear(&publish_again(ExactlyOnce, 9, "b"));
        pair.check(
            r#"<- PUBREL 9
               -> PUBCOMP 9
               <- PUBLISH 9 QoS 2 DUP t "b"
               ** QoS 2 DUP t "b""#,
        );
    }
}

#[test]
fn a_broker_that_repeats_itself_costs_no_memory() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 1, "taken"));
        pair.take(1);
        pair.hear(&publish(ExactlyOnce, 2, "not taken"));
        for _ in 0..1000 {
            pair.hear(&publish_again(ExactlyOnce, 1, "taken"));
            pair.hear(&publish_again(ExactlyOnce, 2, "not taken"));
        }
        pair.forget();
        pair.take(2);
        let happened = pair.happened();
        let answers = |line| happened.lines().filter(|found| *found == line).count();
        assert_eq!(answers("-> PUBREC 1"), 255);
        assert_eq!(answers("-> PUBREC 2"), 255);
    }
}

#[test]
fn pubrel_of_nothing_is_answered_and_the_connection_stays() {
    // [MQTT-4.3.3-11]
    let mut pair = Pair::connected(v5());
    pair.hear(&pubrel(5));
    pair.check("<- PUBREL 5\n-> PUBCOMP 5 0x92");
    assert!(pair.session.is_connected());
    let mut pair = Pair::connected(v311());
    pair.hear(&pubrel(5));
    pair.check("<- PUBREL 5\n-> PUBCOMP 5");
    assert!(pair.session.is_connected());
}

#[test]
fn identifiers_of_the_two_directions_have_nothing_to_do_with_each_other() {
    let mut pair = Pair::connected(v5());
    pair.publish(ExactlyOnce);
    pair.hear(&publish(ExactlyOnce, 1, "in"));
    pair.take(1);
    pair.hear(&pubrel(1));
    pair.forget();
    assert_eq!(pair.packet_ids(), [1]);
    pair.hear(&super::packets::pubrec(1));
    pair.hear(&pubcomp(1));
    pair.check(
        "<- PUBREC 1
         -> PUBREL 1
         <- PUBCOMP 1
         #1 published",
    );
}

#[test]
fn a_broker_that_ignores_the_receive_maximum_is_told_so() {
    // [MQTT-3.3.4-9]
    let config = Config {
        receive_maximum: 2,
        ..v5()
    };
    let mut pair = Pair::connected(config.clone());
    pair.hear(&publish(AtLeastOnce, 1, "x"));
    pair.hear(&publish(ExactlyOnce, 2, "x"));
    pair.hear(&publish(AtMostOnce, 0, "x"));
    pair.hear(&publish_again(ExactlyOnce, 2, "x"));
    pair.forget();
    pair.hear(&publish(AtLeastOnce, 3, "x"));
    pair.check(
        r#"<- PUBLISH 3 QoS 1 t "x"
           -> DISCONNECT 0x93
           !! lost: the broker sent more than the 2 messages that may be open at once [MQTT-3.3.4-9]
           closed"#,
    );
    // 3.1.1 has no such limit.
    let mut pair = Pair::connected(Config {
        version: Version::V311,
        ..config
    });
    for packet_id in 1..100 {
        pair.hear(&publish(AtLeastOnce, packet_id, "x"));
    }
    assert!(pair.session.is_connected());
}

#[test]
fn what_ends_an_exchange_makes_room_for_the_next() {
    let config = Config {
        receive_maximum: 1,
        ..v5()
    };
    let mut pair = Pair::connected(config);
    pair.hear(&publish(AtLeastOnce, 1, "x"));
    pair.take(1);
    pair.hear(&publish(ExactlyOnce, 1, "x"));
    pair.take(2);
    pair.hear(&pubrel(1));
    pair.hear(&publish(ExactlyOnce, 1, "x"));
    assert!(pair.session.is_connected());
    // PUBREC alone makes none.
    pair.take(3);
    pair.hear(&publish(AtLeastOnce, 2, "x"));
    assert!(!pair.session.is_connected());
}

#[test]
fn the_brokers_quota_begins_afresh_with_every_connection() {
    // [MQTT-4.9.0-1]: what is left of the last connection is not held against this one.
    let config = Config {
        receive_maximum: 1,
        ..kept(v5())
    };
    let mut pair = Pair::connected(config);
    pair.hear(&publish(ExactlyOnce, 1, "x"));
    pair.take(1);
    pair.reconnect(true);
    pair.forget();
    pair.hear(&publish(ExactlyOnce, 2, "y"));
    pair.hear(&pubrel(1));
    pair.check(
        r#"<- PUBLISH 2 QoS 2 t "y"
           ** QoS 2 t "y"
           <- PUBREL 1
           -> PUBCOMP 1"#,
    );
    // It made no room either.
    pair.hear(&publish(ExactlyOnce, 3, "z"));
    assert!(pair.happened().contains("-> DISCONNECT 0x93"));
}

#[test]
fn a_message_that_was_sent_again_counts_on_its_new_connection() {
    let config = Config {
        receive_maximum: 1,
        ..kept(v5())
    };
    let mut pair = Pair::connected(config);
    pair.hear(&publish(ExactlyOnce, 1, "x"));
    pair.take(1);
    pair.reconnect(true);
    pair.hear(&publish_again(ExactlyOnce, 1, "x"));
    pair.forget();
    pair.hear(&publish(ExactlyOnce, 2, "y"));
    assert!(pair.happened().contains("-> DISCONNECT 0x93"));
}

#[test]
fn a_token_of_an_earlier_connection_sends_nothing() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(AtLeastOnce, 1, "a"));
        pair.hear(&publish(ExactlyOnce, 2, "b"));
        pair.reconnect(true);
        pair.hear(&publish(AtLeastOnce, 3, "c"));
        pair.forget();
        pair.take(1);
        pair.take(2);
        pair.check("");
        pair.take(3);
        pair.check("-> PUBACK 3");
    }
}

#[test]
fn a_token_is_of_no_use_without_a_connection() {
    let mut pair = Pair::connected(v5());
    pair.hear(&publish(AtLeastOnce, 1, "a"));
    pair.hear(&disconnect(DisconnectReason::ServerBusy));
    pair.forget();
    pair.take(1);
    pair.check("");
    pair.connect();
    pair.forget();
    pair.take(1);
    pair.check("");
    pair.hear(&connack(false));
    pair.forget();
    pair.take(1);
    pair.check("");
}

#[test]
fn nothing_is_acknowledged_behind_a_disconnect() {
    // [MQTT-3.14.4-1]
    let mut pair = Pair::connected(v5());
    pair.hear(&publish(AtLeastOnce, 1, "a"));
    pair.make_room(0);
    pair.disconnect(&crate::Disconnect::default());
    pair.take(1);
    pair.forget();
    pair.make_room(1000);
    pair.check("-> DISCONNECT\nclosed");
}

#[test]
fn an_empty_payload_and_every_property_is_handed_on() {
    let said = properties([
        Property::PayloadFormatIndicator(true),
        Property::SubscriptionIdentifier(3),
        Property::SubscriptionIdentifier(3),
    ]);
    let mut pair = Pair::connected(v5());
    pair.hear(&Packet::Publish(Publish {
        dup: true,
        qos: AtLeastOnce,
        retain: true,
        topic: Some(TopicName::new("never/subscribed").unwrap()),
        packet_id: PacketId::new(1),
        properties: said.borrow(),
        payload: b"",
    }));
    pair.take(1);
    pair.check(
        r#"<- PUBLISH 1 QoS 1 DUP retain never/subscribed "", PayloadFormatIndicator(true), SubscriptionIdentifier(3), SubscriptionIdentifier(3)
           ** QoS 1 DUP retain never/subscribed "", PayloadFormatIndicator(true), SubscriptionIdentifier(3), SubscriptionIdentifier(3)
           -> PUBACK 1"#,
    );
}

#[test]
fn a_topic_alias_that_was_never_allowed_ends_the_connection() {
    // [MQTT-3.1.2-27]
    for topic in [None, Some(TopicName::new("t").unwrap())] {
        let alias = properties([Property::TopicAlias(1)]);
        let mut pair = Pair::connected(v5());
        pair.hear(&Packet::Publish(Publish {
            dup: false,
            qos: AtMostOnce,
            retain: false,
            topic,
            packet_id: None,
            properties: alias.borrow(),
            payload: b"x",
        }));
        let happened = pair.happened();
        let lines: Vec<_> = happened.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "-> DISCONNECT 0x94",
                "!! lost: the broker used topic alias 1, and the highest that is allowed is 0 [MQTT-3.3.2-11]",
                "closed"
            ]
        );
    }
}

#[test]
fn a_packet_above_the_maximum_size_ends_the_connection() {
    // [MQTT-3.1.2-24]
    let config = Config {
        maximum_packet_size: Some(32),
        properties: properties([Property::MaximumPacketSize(32)]),
        ..v5()
    };
    let mut pair = Pair::connected(config);
    pair.hear(&publish(AtMostOnce, 0, "of thirty-one bytes in all"));
    assert!(pair.session.is_connected());
    pair.forget();
    pair.hear(&publish(AtMostOnce, 0, "of thirty-three bytes in all"));
    let happened = pair.happened();
    assert!(happened.contains("-> DISCONNECT 0x95"), "{happened}");
    assert!(!happened.contains("**"), "{happened}");
}

#[test]
fn a_message_that_nobody_took_is_handed_out_again_on_the_next_connection() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 1, "taken"));
        pair.hear(&publish(ExactlyOnce, 2, "left"));
        pair.take(1);
        pair.reconnect(true);
        pair.forget();
        pair.hear(&publish_again(ExactlyOnce, 1, "taken"));
        pair.hear(&publish_again(ExactlyOnce, 2, "left"));
        pair.check(
            r#"<- PUBLISH 1 QoS 2 DUP t "taken"
               ** duplicate of "taken"
               -> PUBREC 1
               <- PUBLISH 2 QoS 2 DUP t "left"
               ** QoS 2 DUP t "left""#,
        );
        pair.take(3);
        pair.hear(&pubrel(2));
        pair.check(
            "-> PUBREC 2
             <- PUBREL 2
             -> PUBCOMP 2",
        );
    }
}

#[test]
fn a_message_that_was_taken_between_two_connections_is_not_handed_out_again() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 1, "x"));
        pair.lose();
        pair.take(1);
        pair.connect();
        pair.hear(&connack(true));
        pair.forget();
        pair.hear(&publish_again(ExactlyOnce, 1, "x"));
        pair.check(
            r#"<- PUBLISH 1 QoS 2 DUP t "x"
               ** duplicate of "x"
               -> PUBREC 1"#,
        );
    }
}

#[test]
fn a_message_taken_twice_over_two_connections_is_acknowledged_once() {
    let mut pair = Pair::connected(kept(v5()));
    pair.hear(&publish(ExactlyOnce, 1, "x"));
    pair.reconnect(true);
    pair.hear(&publish_again(ExactlyOnce, 1, "x"));
    pair.forget();
    // The first copy, from the first connection: the second one answers.
    pair.take(1);
    pair.check("");
    pair.take(2);
    pair.check("-> PUBREC 1");
}

#[test]
fn a_session_that_is_lost_takes_its_half_done_messages_along() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 1, "old"));
        pair.take(1);
        pair.reconnect(false);
        pair.forget();
        pair.hear(&publish(ExactlyOnce, 1, "new"));
        pair.check(
            r#"<- PUBLISH 1 QoS 2 t "new"
               ** QoS 2 t "new""#,
        );
        pair.take(2);
        pair.check("-> PUBREC 1");
    }
}

#[test]
fn a_session_that_was_not_kept_takes_its_half_done_messages_along() {
    // The application vouches for a session that this client has given up.
    let config = Config {
        resume_session: true,
        clean_start: false,
        properties: Properties::new(),
        ..v5()
    };
    let mut pair = Pair::connected(config);
    pair.hear(&publish(ExactlyOnce, 1, "old"));
    pair.take(1);
    pair.reconnect(true);
    pair.forget();
    pair.hear(&publish(ExactlyOnce, 1, "new"));
    pair.check(
        r#"<- PUBLISH 1 QoS 2 t "new"
           ** QoS 2 t "new""#,
    );
}

#[test]
fn packets_that_only_clients_send_end_the_connection() {
    let mut bytes: Vec<(&str, &[u8])> = vec![
        ("CONNECT", b"\x10\x0D\0\x04MQTT\x05\x02\0\0\0\0\0"),
        ("SUBSCRIBE", b"\x82\x07\0\x01\0\0\x01a\0"),
        ("UNSUBSCRIBE", b"\xA2\x06\0\x01\0\0\x01a"),
        ("PINGREQ", b"\xC0\0"),
    ];
    for (name, packet) in bytes.drain(..) {
        let mut pair = Pair::connected(v5());
        pair.hear_bytes(packet);
        let happened = pair.happened();
        let lines: Vec<_> = happened.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "-> DISCONNECT 0x82",
                &format!("!! lost: the broker sent {name}, which only clients send [2.1.2]"),
                "closed"
            ]
        );
    }
}

//! Messages to the broker: the three flows, every answer to them, and the identifiers they use.

use std::time::Duration;

use nack_codec::{
    Disconnect, DisconnectReason, Packet, Property, Puback, PubackReason, PubcompReason,
    PubrecReason, SubackReason, Text, TopicName,
};

use super::packets::{
    both, both_kept, id, properties, puback, puback_with, pubcomp, pubcomp_with, pubrec,
    pubrec_with, reason_string, suback, unsuback, v5, v311,
};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::session::Config;
use crate::{Publish, Version};

#[test]
fn qos_0_is_done_when_the_transport_has_its_last_byte() {
    for config in both() {
        let size = 3 + 2 + 2 + if config.version == Version::V5 { 1 } else { 0 };
        let mut pair = Pair::connected(config);
        pair.make_room(size - 1);
        pair.publish(AtMostOnce);
        pair.check("");
        pair.make_room(1);
        pair.check(
            r#"-> PUBLISH QoS 0 t "m1"
                      #1 published"#,
        );
        assert!(pair.packet_ids().is_empty());
    }
}

#[test]
fn qos_0_messages_are_done_one_by_one() {
    let mut pair = Pair::connected(v5());
    pair.make_room(0);
    for _ in 0..3 {
        pair.publish(AtMostOnce);
    }
    pair.make_room(8);
    pair.check(
        r#"-> PUBLISH QoS 0 t "m1"
                  #1 published"#,
    );
    pair.make_room(16);
    pair.check(
        r#"-> PUBLISH QoS 0 t "m2"
                  -> PUBLISH QoS 0 t "m3"
                  #2 published
                  #3 published"#,
    );
}

#[test]
fn qos_1_is_done_with_puback() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.check(r#"-> PUBLISH 1 QoS 1 t "m1""#);
        assert_eq!(pair.packet_ids(), [1]);
        assert_eq!(pair.session.quota_taken(), 1);
        pair.hear(&puback(1));
        pair.check("<- PUBACK 1\n#1 published");
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn qos_2_is_done_with_pubcomp() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(ExactlyOnce);
        pair.hear(&pubrec(1));
        pair.check(
            r#"-> PUBLISH 1 QoS 2 t "m1"
                      <- PUBREC 1
                      -> PUBREL 1"#,
        );
        assert_eq!(pair.packet_ids(), [1]);
        assert_eq!(pair.session.quota_taken(), 1);
        pair.hear(&pubcomp(1));
        pair.check("<- PUBCOMP 1\n#1 published");
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn a_large_payload_comes_whole_between_its_neighbours() {
    let mut pair = Pair::connected(v5());
    pair.make_room(0);
    pair.publish(AtMostOnce);
    pair.publish_message(Publish::new("large", vec![7; 100_000]).qos(AtLeastOnce));
    pair.publish_message(Publish::new("large", vec![7; 4096]));
    pair.publish(AtMostOnce);
    pair.make_room(usize::MAX >> 1);
    pair.check(
        r#"-> PUBLISH QoS 0 t "m1"
                  -> PUBLISH 1 QoS 1 large (100000 bytes)
                  -> PUBLISH QoS 0 large (4096 bytes)
                  -> PUBLISH QoS 0 t "m4"
                  #1 published
                  #3 published
                  #4 published"#,
    );
}

/// As much as a transport that takes nothing is given, and three small messages behind it.
fn full(config: Config) -> Pair {
    let mut pair = Pair::connected(config);
    pair.make_room(0);
    pair.publish_message(Publish::new("large", vec![7; 1 << 20]));
    for _ in 0..3 {
        pair.publish(AtMostOnce);
    }
    pair
}

#[test]
fn a_transport_that_takes_nothing_is_not_given_everything() {
    for config in both() {
        let mut pair = full(Config {
            operation_timeout: Some(Duration::from_secs(30)),
            ..config
        });
        let given = pair.session.transmit_len();
        assert!((1 << 20..(1 << 20) + 20).contains(&given), "{given}");
        pair.pass(Duration::from_secs(30));
        pair.check(
            "at 30 s
             #1 Unknown: no answer to PUBLISH within 30s
             #2 NotSent: no answer to PUBLISH within 30s
             #3 NotSent: no answer to PUBLISH within 30s
             #4 NotSent: no answer to PUBLISH within 30s",
        );
        pair.publish(AtMostOnce);
        assert_eq!(pair.session.transmit_len(), given);
    }
}

#[test]
fn what_waits_for_room_is_written_in_its_order() {
    let all = r#"-> PUBLISH QoS 0 large (1048576 bytes)
                 -> PUBLISH QoS 0 t "m2"
                 -> PUBLISH QoS 0 t "m3"
                 -> PUBLISH QoS 0 t "m4"
                 #1 published
                 #2 published
                 #3 published
                 #4 published"#;
    for config in both() {
        let mut pair = full(config);
        pair.make_room(usize::MAX >> 1);
        pair.check(all);
    }
}

#[test]
fn what_waits_for_room_is_written_before_the_client_disconnects() {
    let mut pair = full(v5());
    pair.disconnect(&crate::Disconnect::default());
    pair.forget();
    pair.make_room(usize::MAX >> 1);
    let happened = pair.happened();
    assert!(
        happened.contains("-> PUBLISH QoS 0 t \"m4\"\n-> DISCONNECT"),
        "{happened}"
    );
}

#[test]
fn what_waits_for_room_was_not_sent_when_the_connection_ends() {
    let mut pair = full(v5());
    pair.lose();
    let happened = pair.happened();
    assert_eq!(happened.matches("NotSent").count(), 4, "{happened}");
}

#[test]
fn every_refusal_by_puback_is_told_and_frees_identifier_and_quota() {
    let refusals = PubackReason::ALL.iter().filter(|reason| reason.is_error());
    for reason in refusals {
        let mut pair = Pair::connected(v5());
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.hear(&puback_with(1, *reason));
        let code = reason.as_u8();
        pair.check(&format!(
            "<- PUBACK 1 0x{code:02X}
             #1 Rejected: PUBACK 0x{code:02X}"
        ));
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
        assert!(pair.session.is_connected());
    }
}

#[test]
fn every_refusal_by_pubrec_ends_the_exchange_without_a_pubrel() {
    // [MQTT-4.3.3-4]
    let refusals = PubrecReason::ALL.iter().filter(|reason| reason.is_error());
    for reason in refusals {
        let mut pair = Pair::connected(v5());
        pair.publish(ExactlyOnce);
        pair.forget();
        pair.hear(&pubrec_with(1, *reason));
        let code = reason.as_u8();
        pair.check(&format!(
            "<- PUBREC 1 0x{code:02X}
             #1 Rejected: PUBREC 0x{code:02X}"
        ));
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
        // Once only: what comes for it now is of no exchange.
        pair.hear(&pubcomp(1));
        pair.check("<- PUBCOMP 1\n!! unsolicited PUBCOMP 1");
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn a_refusal_by_pubcomp_leaves_the_fate_of_the_message_unknown() {
    let mut pair = Pair::connected(v5());
    pair.publish(ExactlyOnce);
    pair.hear(&pubrec(1));
    pair.forget();
    pair.hear(&pubcomp_with(1, PubcompReason::PacketIdentifierNotFound));
    pair.check("<- PUBCOMP 1 0x92\n#1 Unknown: PUBCOMP 0x92");
    assert!(pair.packet_ids().is_empty());
    assert_eq!(pair.session.quota_taken(), 0);
}

#[test]
fn no_matching_subscribers_is_a_success_that_can_be_seen() {
    let mut pair = Pair::connected(v5());
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.forget();
    pair.hear(&puback_with(1, PubackReason::NoMatchingSubscribers));
    pair.hear(&pubrec_with(2, PubrecReason::NoMatchingSubscribers));
    pair.hear(&pubcomp(2));
    pair.check(
        "<- PUBACK 1 0x10
         #1 published 0x10
         <- PUBREC 2 0x10
         -> PUBREL 2
         <- PUBCOMP 2
         #2 published 0x10",
    );
}

#[test]
fn what_the_broker_says_with_its_answer_is_told() {
    let said = reason_string("said");
    let mut pair = Pair::connected(v5());
    for _ in 0..2 {
        pair.publish(AtLeastOnce);
    }
    for _ in 0..2 {
        pair.publish(ExactlyOnce);
    }
    pair.forget();
    let puback = |packet_id, reason| {
        Packet::Puback(Puback {
            packet_id: id(packet_id),
            reason,
            properties: said.borrow(),
        })
    };
    pair.hear(&puback(1, PubackReason::Success));
    pair.hear(&puback(2, PubackReason::NotAuthorized));
    let pubrec = |packet_id, reason| {
        Packet::Pubrec(nack_codec::Pubrec {
            packet_id: id(packet_id),
            reason,
            properties: said.borrow(),
        })
    };
    pair.hear(&pubrec(3, PubrecReason::QuotaExceeded));
    pair.hear(&pubrec(4, PubrecReason::Success));
    // What PUBREC said outlives its packet.
    pair.hear(&pubcomp(4));
    let happened = pair.happened();
    let verdicts: Vec<_> = happened
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect();
    assert_eq!(
        verdicts,
        [
            r#"#1 published "said""#,
            r#"#2 Rejected: PUBACK 0x87 "said""#,
            r#"#3 Rejected: PUBREC 0x97 "said""#,
            r#"#4 published "said""#,
        ]
    );
}

#[test]
fn words_that_the_client_has_declined_break_the_protocol() {
    // [MQTT-3.1.2-29]
    let declined = Config {
        properties: properties([Property::RequestProblemInformation(false)]),
        ..v5()
    };
    let said = reason_string("said");
    let puback = Packet::Puback(Puback {
        packet_id: id(1),
        reason: PubackReason::Success,
        properties: said.borrow(),
    });
    let mut pair = Pair::connected(declined.clone());
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.hear(&puback);
    pair.check(
        r#"<- PUBACK 1, ReasonString(Text("said"))
           -> DISCONNECT 0x82
           #1 Unknown: lost: the broker sent a reason string or user property in PUBACK, which the client declined [MQTT-3.1.2-29]
           !! lost: the broker sent a reason string or user property in PUBACK, which the client declined [MQTT-3.1.2-29]
           closed"#,
    );
    // CONNACK, PUBLISH and DISCONNECT may have them all the same.
    let mut pair = Pair::granted(declined, &said);
    let words = properties([Property::UserProperty(
        Text::new("k").unwrap(),
        Text::new("v").unwrap(),
    )]);
    pair.hear(&Packet::Publish(nack_codec::Publish {
        dup: false,
        qos: AtMostOnce,
        retain: false,
        topic: Some(TopicName::new("t").unwrap()),
        packet_id: None,
        properties: words.borrow(),
        payload: b"",
    }));
    assert!(pair.session.is_connected());
    pair.forget();
    pair.hear(&Packet::Disconnect(Disconnect {
        reason: DisconnectReason::ServerBusy,
        properties: said.borrow(),
    }));
    assert!(
        pair.happened()
            .contains(r#"!! lost: DISCONNECT 0x89 "said""#)
    );
}

#[test]
fn acknowledgements_come_in_any_order() {
    for config in both() {
        let mut pair = Pair::connected(config);
        for _ in 0..3 {
            pair.publish(AtLeastOnce);
        }
        pair.publish(ExactlyOnce);
        pair.publish(ExactlyOnce);
        pair.forget();
        pair.hear(&puback(3));
        pair.hear(&pubrec(5));
        pair.hear(&pubrec(4));
        pair.hear(&puback(1));
        pair.hear(&pubcomp(4));
        pair.hear(&puback(2));
        pair.hear(&pubcomp(5));
        // [MQTT-4.6.0-4]: PUBREL in the order of PUBREC.
        pair.check(
            "<- PUBACK 3
             #3 published
             <- PUBREC 5
             -> PUBREL 5
             <- PUBREC 4
             -> PUBREL 4
             <- PUBACK 1
             #1 published
             <- PUBCOMP 4
             #4 published
             <- PUBACK 2
             #2 published
             <- PUBCOMP 5
             #5 published",
        );
    }
}

#[test]
fn an_acknowledgement_of_another_kind_of_exchange_breaks_the_protocol() {
    let granted = [SubackReason::GrantedQos0];
    let unsubscribed = [nack_codec::UnsubackReason::Success];
    // 1 is QoS 1, 2 is QoS 2, 3 is QoS 2 after PUBREC, 4 is SUBSCRIBE, 5 is UNSUBSCRIBE.
    let wrong = [
        (1, pubrec(1), "PUBREC", "PUBACK", "MQTT-2.2.1-5"),
        (1, pubcomp(1), "PUBCOMP", "PUBACK", "MQTT-2.2.1-5"),
        (1, suback(1, &granted), "SUBACK", "PUBACK", "MQTT-2.2.1-6"),
        (2, puback(2), "PUBACK", "PUBREC", "MQTT-2.2.1-5"),
        (2, pubcomp(2), "PUBCOMP", "PUBREC", "MQTT-2.2.1-5"),
        (3, puback(3), "PUBACK", "PUBCOMP", "MQTT-2.2.1-5"),
        (4, puback(4), "PUBACK", "SUBACK", "MQTT-2.2.1-5"),
        (4, pubrec(4), "PUBREC", "SUBACK", "MQTT-2.2.1-5"),
        (
            4,
            unsuback(4, &unsubscribed),
            "UNSUBACK",
            "SUBACK",
            "MQTT-2.2.1-6",
        ),
        (5, suback(5, &granted), "SUBACK", "UNSUBACK", "MQTT-2.2.1-6"),
        (5, pubcomp(5), "PUBCOMP", "UNSUBACK", "MQTT-2.2.1-5"),
    ];
    for (packet_id, packet, found, expected, statement) in wrong {
        let mut pair = Pair::connected(v5());
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        pair.publish(ExactlyOnce);
        pair.subscribe("f");
        pair.unsubscribe("f");
        pair.hear(&pubrec(3));
        pair.forget();
        pair.hear(&packet);
        let happened = pair.happened();
        let why = format!(
            "lost: the broker answered packet identifier {packet_id} with {found}, where {expected} is due [{statement}]"
        );
        let lines: Vec<_> = happened.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "-> DISCONNECT 0x82",
                &format!("#1 Unknown: {why}"),
                &format!("#2 Unknown: {why}"),
                &format!("#3 Unknown: {why}"),
                &format!("#4 {why}"),
                &format!("#5 {why}"),
                &format!("!! {why}"),
                "closed"
            ]
        );
    }
}

#[test]
fn an_acknowledgement_of_nothing_changes_nothing() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.hear(&puback(2));
        pair.hear(&pubcomp(2));
        pair.hear(&suback(2, &[SubackReason::GrantedQos0]));
        pair.check(
            "<- PUBACK 2
             !! unsolicited PUBACK 2
             <- PUBCOMP 2
             !! unsolicited PUBCOMP 2
             <- SUBACK 2 0x00
             !! unsolicited SUBACK 2",
        );
        assert_eq!(pair.session.quota_taken(), 1);
        pair.hear(&puback(1));
        pair.hear(&puback(1));
        pair.check(
            "<- PUBACK 1
             #1 published
             <- PUBACK 1
             !! unsolicited PUBACK 1",
        );
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn a_pubrec_of_nothing_is_answered_so_that_the_broker_can_go_on() {
    // Section 4.3.3 and table 3-6.
    let mut pair = Pair::connected(v5());
    pair.hear(&pubrec(9));
    pair.check("<- PUBREC 9\n-> PUBREL 9 0x92\n!! unsolicited PUBREC 9");
    pair.hear(&pubrec_with(9, PubrecReason::UnspecifiedError));
    pair.check("<- PUBREC 9 0x80\n!! unsolicited PUBREC 9");
    pair.hear(&pubcomp_with(9, PubcompReason::PacketIdentifierNotFound));
    pair.check("<- PUBCOMP 9 0x92\n!! unsolicited PUBCOMP 9");
    let mut pair = Pair::connected(v311());
    pair.hear(&pubrec(9));
    pair.check("<- PUBREC 9\n-> PUBREL 9\n!! unsolicited PUBREC 9");
}

#[test]
fn a_second_pubrec_brings_pubrel_again_and_never_the_message() {
    // [MQTT-4.3.3-6]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(ExactlyOnce);
        pair.hear(&pubrec(1));
        pair.forget();
        pair.hear(&pubrec(1));
        pair.hear(&pubcomp(1));
        pair.check(
            "<- PUBREC 1
             -> PUBREL 1
             <- PUBCOMP 1
             #1 published",
        );
    }
}

#[test]
fn identifiers_are_shared_by_all_requests_and_never_taken_twice() {
    // [MQTT-2.2.1-3]
    let mut pair = Pair::connected(v5());
    pair.publish(AtLeastOnce);
    pair.subscribe("a");
    pair.unsubscribe("a");
    pair.publish(ExactlyOnce);
    pair.hear(&puback(1));
    pair.hear(&pubrec(4));
    pair.forget();
    for _ in 0..3 {
        pair.subscribe("b");
    }
    pair.check(
        "-> SUBSCRIBE 5 b:2
         -> SUBSCRIBE 6 b:2
         -> SUBSCRIBE 7 b:2",
    );
}

#[test]
fn a_second_acknowledgement_of_a_message_is_none_of_the_next() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.hear(&puback(1));
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.hear(&puback(1));
        pair.check("<- PUBACK 1\n!! unsolicited PUBACK 1");
        assert_eq!(pair.packet_ids(), [2]);
        assert_eq!(pair.session.quota_taken(), 1);
        pair.hear(&puback(2));
        pair.check("<- PUBACK 2\n#2 published");
    }
}

#[test]
fn when_all_identifiers_are_in_use_messages_wait_and_subscriptions_are_refused() {
    for config in both() {
        let mut pair = Pair::connected(config);
        // Two of them stay open for as long as the others come and go.
        pair.publish(ExactlyOnce);
        pair.subscribe("a");
        for _ in 3..=u16::MAX {
            pair.publish(AtLeastOnce);
        }
        assert_eq!(pair.packet_ids().len(), usize::from(u16::MAX));
        pair.forget();
        pair.publish(AtLeastOnce);
        pair.publish(AtLeastOnce);
        pair.subscribe("b");
        pair.unsubscribe("a");
        pair.check(
            "#65538 not taken: all packet identifiers are in use
             #65539 not taken: all packet identifiers are in use",
        );
        pair.hear(&puback(777));
        pair.check(
            r#"<- PUBACK 777
               -> PUBLISH 777 QoS 1 t "m65536"
               #777 published"#,
        );
        // An identifier that a SUBSCRIBE frees is as good.
        pair.hear(&suback(2, &[SubackReason::GrantedQos2]));
        pair.check(
            r#"<- SUBACK 2 0x02
               -> PUBLISH 2 QoS 1 t "m65537"
               #2 subscribed 0x02"#,
        );
        assert_eq!(pair.packet_ids().len(), usize::from(u16::MAX));
        pair.hear(&puback(778));
        pair.forget();
        pair.subscribe("b");
        pair.check("-> SUBSCRIBE 778 b:2");
    }
}

#[test]
fn what_is_no_message_is_refused_before_it_is_sent() {
    let mut pair = Pair::connected(v311());
    pair.publish_message(Publish::new("a/#", ""));
    pair.publish_message(Publish::new("", ""));
    pair.publish_message(Publish::new("t", "").content_type("text/plain"));
    pair.publish_message(
        Publish::new("t", "")
            .qos(AtLeastOnce)
            .user_property("a", "b"),
    );
    let happened = pair.happened();
    assert_eq!(happened.lines().count(), 4, "{happened}");
    assert!(
        happened.lines().all(|line| line.contains(" not taken: ")),
        "{happened}"
    );
    assert!(pair.packet_ids().is_empty());
    assert_eq!(pair.session.quota_taken(), 0);
}

#[test]
fn a_message_is_sent_once_and_not_repeated_while_connected() {
    // [MQTT-4.4.0-1]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        pair.forget();
        pair.pass(Duration::from_secs(100_000));
        pair.check("");
    }
}

//! SUBSCRIBE and UNSUBSCRIBE: every filter's verdict, and answers that do not fit.

use nack_codec::{List, Packet, Property, Suback, SubackReason, Unsuback, UnsubackReason};

use super::packets::{both, id, properties, puback, reason_string, suback, unsuback, v5, v311};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::{Subscribe, Unsubscribe, Version};

#[test]
fn every_filter_has_its_verdict() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.subscribe(
            Subscribe::to("a/+")
                .qos(AtMostOnce)
                .and("b/#")
                .qos(AtLeastOnce)
                .and("c"),
        );
        pair.check("-> SUBSCRIBE 1 a/+:0 b/#:1 c:2");
        let reasons = [
            SubackReason::GrantedQos0,
            SubackReason::UnspecifiedError,
            SubackReason::GrantedQos1,
        ];
        pair.hear(&suback(1, &reasons));
        pair.check("<- SUBACK 1 0x00 0x80 0x01\n#1 subscribed 0x00 0x80 0x01");
        assert!(pair.packet_ids().is_empty());
    }
}

#[test]
fn every_code_of_suback_is_told() {
    for reason in SubackReason::ALL {
        let mut pair = Pair::connected(v5());
        pair.subscribe("a");
        pair.forget();
        pair.hear(&suback(1, &[*reason]));
        let code = reason.as_u8();
        pair.check(&format!(
            "<- SUBACK 1 0x{code:02X}
             #1 subscribed 0x{code:02X}"
        ));
        assert!(pair.session.is_connected());
    }
}

#[test]
fn every_code_of_unsuback_is_told() {
    for reason in UnsubackReason::ALL {
        let mut pair = Pair::connected(v5());
        pair.unsubscribe(Unsubscribe::new("a").and("b"));
        pair.forget();
        pair.hear(&unsuback(1, &[UnsubackReason::Success, *reason]));
        let code = reason.as_u8();
        let verdict = if reason.is_error() {
            "refused"
        } else {
            "unsubscribed"
        };
        pair.check(&format!(
            "<- UNSUBACK 1 0x00 0x{code:02X}
             #1 {verdict} 0x00 0x{code:02X}"
        ));
        assert!(pair.packet_ids().is_empty());
    }
}

#[test]
fn unsuback_of_3_1_1_has_no_codes_and_is_a_success() {
    let mut pair = Pair::connected(v311());
    pair.unsubscribe(Unsubscribe::new("a").and("b"));
    pair.hear_bytes(&[0xB0, 2, 0, 1]);
    pair.check(
        "-> UNSUBSCRIBE 1 a b
         <- UNSUBACK 1
         #1 unsubscribed 0x00 0x00",
    );
}

#[test]
fn what_the_broker_says_with_suback_is_told() {
    let said = reason_string("said");
    let mut pair = Pair::connected(v5());
    pair.subscribe("a");
    pair.forget();
    pair.hear(&Packet::Suback(Suback {
        packet_id: id(1),
        properties: said.borrow(),
        reasons: List::new(&[SubackReason::NotAuthorized]),
    }));
    pair.check("<- SUBACK 1 0x87\n#1 subscribed 0x87 \"said\"");
}

#[test]
fn requests_are_told_apart_by_their_identifiers() {
    // [MQTT-3.8.4-2]
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.subscribe("a");
        pair.subscribe("b");
        pair.unsubscribe("c");
        pair.forget();
        let codes = [UnsubackReason::Success];
        let count = usize::from(pair.session.version() == Version::V5);
        pair.hear(&unsuback(3, &codes[..count]));
        pair.hear(&suback(2, &[SubackReason::GrantedQos1]));
        pair.hear(&suback(1, &[SubackReason::GrantedQos0]));
        let happened = pair.happened();
        let verdicts: Vec<_> = happened
            .lines()
            .filter(|line| line.starts_with('#'))
            .collect();
        assert_eq!(
            verdicts,
            [
                "#3 unsubscribed 0x00",
                "#2 subscribed 0x01",
                "#1 subscribed 0x00"
            ]
        );
    }
}

#[test]
fn an_answer_to_more_or_fewer_filters_breaks_the_protocol() {
    // [MQTT-3.8.4-6], [MQTT-3.11.3-1]
    let granted = [SubackReason::GrantedQos0; 3];
    for count in [1, 3] {
        for config in both() {
            let version = config.version;
            let mut pair = Pair::connected(config);
            pair.subscribe(Subscribe::to("a").and("b"));
            pair.forget();
            pair.hear(&suback(1, &granted[..count]));
            let statement = match version {
                Version::V5 => "MQTT-3.8.4-6",
                Version::V311 => "MQTT-3.8.4-5",
            };
            let why = format!(
                "lost: the broker answered 2 topic filters with {count} reason codes in SUBACK [{statement}]"
            );
            let happened = pair.happened();
            let lines: Vec<_> = happened
                .lines()
                .skip(1)
                .filter(|line| !line.starts_with("->"))
                .collect();
            assert_eq!(
                lines,
                [&format!("#1 {why}"), &format!("!! {why}"), "closed"]
            );
        }
        let unsubscribed = [UnsubackReason::Success; 3];
        let mut pair = Pair::connected(v5());
        pair.unsubscribe(Unsubscribe::new("a").and("b"));
        pair.forget();
        pair.hear(&unsuback(1, &unsubscribed[..count]));
        let happened = pair.happened();
        assert!(happened.contains("-> DISCONNECT 0x82"), "{happened}");
        assert!(
            happened.contains("#1 lost: the broker answered 2 topic filters with"),
            "{happened}"
        );
    }
}

#[test]
fn more_than_was_asked_for_breaks_the_protocol() {
    // [MQTT-3.8.4-7]
    let mut pair = Pair::connected(v5());
    pair.subscribe(Subscribe::to("a").qos(AtMostOnce));
    pair.forget();
    pair.hear(&suback(1, &[SubackReason::GrantedQos1]));
    pair.check(
        "<- SUBACK 1 0x01
         -> DISCONNECT 0x82
         #1 lost: the broker granted a QoS above the one that was asked for [MQTT-3.8.4-7]
         !! lost: the broker granted a QoS above the one that was asked for [MQTT-3.8.4-7]
         closed",
    );
}

#[test]
fn a_code_of_no_table_is_never_a_granted_qos() {
    // [MQTT-3.9.3-2]
    for code in [0x03, 0x7F, 0x81, 0xFF] {
        for config in both() {
            let version = config.version;
            let mut pair = Pair::connected(config);
            pair.subscribe("a");
            pair.forget();
            match version {
                Version::V5 => pair.hear_bytes(&[0x90, 4, 0, 1, 0, code]),
                Version::V311 => pair.hear_bytes(&[0x90, 3, 0, 1, code]),
            }
            let happened = pair.happened();
            assert!(happened.contains("#1 lost: "), "{happened}");
            assert!(!happened.contains("subscribed"), "{happened}");
        }
    }
}

#[test]
fn requests_that_cannot_be_said_leave_no_trace() {
    let mut pair = Pair::connected(v311());
    pair.subscribe(Subscribe::to("a/#/b"));
    pair.subscribe(Subscribe::to("a").no_local());
    pair.subscribe(Subscribe::to("a").user_property("k", "v"));
    pair.unsubscribe(Unsubscribe::new(""));
    pair.unsubscribe(Unsubscribe::new("a").user_property("k", "v"));
    let happened = pair.happened();
    assert_eq!(happened.lines().count(), 5, "{happened}");
    assert!(
        happened.lines().all(|line| line.contains(" not taken: ")),
        "{happened}"
    );
    assert!(pair.packet_ids().is_empty());
    let mut pair = Pair::connected(v5());
    pair.subscribe(Subscribe::to("$share/g/a").no_local());
    pair.subscribe(Subscribe::to("$share/g"));
    pair.unsubscribe(Unsubscribe::of(Vec::new()));
    let happened = pair.happened();
    assert!(
        happened.lines().all(|line| line.contains(" not taken: ")),
        "{happened}"
    );
    assert!(pair.packet_ids().is_empty());
}

#[test]
fn a_request_that_was_not_taken_does_not_disturb_what_is_being_written() {
    let granted = properties([Property::MaximumPacketSize(20)]);
    let mut pair = Pair::granted(v5(), &granted);
    pair.make_room(0);
    pair.publish(AtLeastOnce);
    pair.make_room(3);
    pair.subscribe("a/filter/that/is/too/long");
    pair.publish_message(crate::Publish::new("t", "a payload that is too long"));
    pair.publish(ExactlyOnce);
    pair.forget();
    pair.make_room(1000);
    pair.check(
        r#"-> PUBLISH 1 QoS 1 t "m1"
           -> PUBLISH 2 QoS 2 t "m4""#,
    );
}

#[test]
fn a_subscription_that_took_too_long_frees_its_identifier_when_it_is_answered() {
    let config = crate::session::Config {
        operation_timeout: Some(std::time::Duration::from_secs(30)),
        ..v5()
    };
    let mut pair = Pair::connected(config);
    pair.subscribe("a");
    pair.unsubscribe("b");
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.pass(std::time::Duration::from_secs(30));
    pair.check(
        "at 30 s
         #1 no answer to SUBSCRIBE within 30s
         #2 no answer to UNSUBSCRIBE within 30s
         #3 Unknown: no answer to PUBLISH within 30s",
    );
    assert_eq!(pair.packet_ids(), [1, 2, 3]);
    pair.hear(&suback(1, &[SubackReason::GrantedQos2]));
    pair.hear(&Packet::Unsuback(Unsuback {
        packet_id: id(2),
        properties: nack_codec::Properties::empty(),
        reasons: List::new(&[UnsubackReason::NotAuthorized]),
    }));
    pair.hear(&puback(3));
    pair.check(
        "<- SUBACK 1 0x02
         !! granted too late: a
         <- UNSUBACK 2 0x87
         <- PUBACK 3",
    );
    assert!(pair.packet_ids().is_empty());
    assert_eq!(pair.session.quota_taken(), 0);
}

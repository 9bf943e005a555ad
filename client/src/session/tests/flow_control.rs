//! The send quota: how many messages above QoS 0 may be open at once.

use std::time::Duration;

use nack_codec::{Packet, Properties, Property, PubackReason, PubrecReason, SubackReason};

use super::packets::{
    connack_with, kept, properties, puback, puback_with, pubcomp, publish, pubrec, pubrec_with,
    pubrel, suback, v5, v311,
};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::session::Config;

fn receive_maximum(maximum: u16) -> Properties<Vec<u8>> {
    properties([Property::ReceiveMaximum(maximum)])
}

#[test]
fn messages_above_the_receive_maximum_wait_for_their_turn() {
    // [MQTT-3.3.4-7], [MQTT-4.9.0-2]
    let mut pair = Pair::granted(v5(), &receive_maximum(2));
    for _ in 0..2 {
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
    }
    pair.check(
        r#"-> PUBLISH 1 QoS 1 t "m1"
           -> PUBLISH 2 QoS 2 t "m2""#,
    );
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 1
           -> PUBLISH 3 QoS 1 t "m3"
           #1 published"#,
    );
    // PUBREC frees nothing yet.
    pair.hear(&pubrec(2));
    pair.check("<- PUBREC 2\n-> PUBREL 2");
    pair.hear(&pubcomp(2));
    pair.check(
        r#"<- PUBCOMP 2
           -> PUBLISH 4 QoS 2 t "m4"
           #2 published"#,
    );
    assert_eq!(pair.session.quota_taken(), 2);
}

#[test]
fn every_end_of_an_exchange_frees_one_and_only_one() {
    let mut pair = Pair::granted(v5(), &receive_maximum(1));
    pair.publish(AtLeastOnce);
    for _ in 0..2 {
        pair.publish(ExactlyOnce);
    }
    for _ in 0..2 {
        pair.publish(AtLeastOnce);
    }
    pair.forget();
    pair.hear(&puback_with(1, PubackReason::QuotaExceeded));
    pair.hear(&pubrec_with(2, PubrecReason::NotAuthorized));
    pair.hear(&pubrec(3));
    pair.hear(&pubcomp(3));
    pair.check(
        r#"<- PUBACK 1 0x97
           -> PUBLISH 2 QoS 2 t "m2"
           #1 Rejected: PUBACK 0x97
           <- PUBREC 2 0x87
           -> PUBLISH 3 QoS 2 t "m3"
           #2 Rejected: PUBREC 0x87
           <- PUBREC 3
           -> PUBREL 3
           <- PUBCOMP 3
           -> PUBLISH 4 QoS 1 t "m4"
           #3 published"#,
    );
    // What is of no exchange frees nothing.
    pair.hear(&puback(7));
    pair.hear(&pubcomp(7));
    pair.forget();
    assert_eq!(pair.session.quota_taken(), 1);
    pair.hear(&puback(4));
    pair.hear(&puback(5));
    assert_eq!(pair.session.quota_taken(), 0);
}

#[test]
fn a_used_up_quota_delays_nothing_but_messages_above_qos_0() {
    // [MQTT-3.3.4-8], [MQTT-4.9.0-3]
    let config = Config {
        keep_alive: 60,
        ..v5()
    };
    let mut pair = Pair::granted(config, &receive_maximum(1));
    pair.publish(ExactlyOnce);
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.publish(AtMostOnce);
    pair.subscribe("a");
    pair.unsubscribe("b");
    pair.hear(&publish(AtLeastOnce, 7, "in"));
    pair.take(1);
    pair.hear(&publish(ExactlyOnce, 8, "in"));
    pair.take(2);
    pair.hear(&pubrel(8));
    pair.pass(Duration::from_secs(45));
    pair.hear(&pubrec(1));
    pair.check(
        r#"-> PUBLISH QoS 0 t "m3"
           #3 published
           -> SUBSCRIBE 2 a:2
           -> UNSUBSCRIBE 3 b
           <- PUBLISH 7 QoS 1 t "in"
           ** QoS 1 t "in"
           -> PUBACK 7
           <- PUBLISH 8 QoS 2 t "in"
           ** QoS 2 t "in"
           -> PUBREC 8
           <- PUBREL 8
           -> PUBCOMP 8
           at 45 s
           -> PINGREQ
           <- PUBREC 1
           -> PUBREL 1"#,
    );
}

#[test]
fn messages_of_3_1_1_never_wait() {
    let mut pair = Pair::connected(v311());
    for _ in 0..1000 {
        pair.publish(AtLeastOnce);
    }
    assert_eq!(pair.happened().lines().count(), 1000);
}

#[test]
fn waiting_messages_keep_their_order() {
    let mut pair = Pair::granted(v5(), &receive_maximum(1));
    for _ in 0..3 {
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
    }
    for packet_id in [1, 3, 5] {
        pair.hear(&puback(packet_id));
        pair.hear(&pubrec_with(packet_id + 1, PubrecReason::UnspecifiedError));
    }
    let happened = pair.happened();
    let sent: Vec<_> = happened
        .lines()
        .filter_map(|line| line.strip_prefix("-> PUBLISH "))
        .collect();
    assert_eq!(
        sent,
        [
            r#"1 QoS 1 t "m1""#,
            r#"2 QoS 2 t "m2""#,
            r#"3 QoS 1 t "m3""#,
            r#"4 QoS 2 t "m4""#,
            r#"5 QoS 1 t "m5""#,
            r#"6 QoS 2 t "m6""#,
        ]
    );
}

#[test]
fn the_quota_begins_afresh_with_every_connection_and_may_be_smaller() {
    // [MQTT-4.9.0-1]
    let mut pair = Pair::granted(kept(v5()), &receive_maximum(3));
    for _ in 0..3 {
        pair.publish(AtLeastOnce);
    }
    pair.lose();
    pair.connect();
    pair.forget();
    pair.hear(&connack_with(true, &receive_maximum(2)));
    pair.check(
        r#"<- CONNACK session present, ReceiveMaximum(2)
           -> PUBLISH 1 QoS 1 DUP t "m1"
           -> PUBLISH 2 QoS 1 DUP t "m2"
           !! connected, session present"#,
    );
    assert_eq!(pair.session.quota_taken(), 2);
    // What is new waits behind what is resumed.
    pair.publish(AtLeastOnce);
    pair.check("");
    pair.hear(&puback(2));
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 2
           -> PUBLISH 3 QoS 1 DUP t "m3"
           <- PUBACK 1
           -> PUBLISH 4 QoS 1 t "m4""#,
    );
    pair.hear(&puback(3));
    pair.hear(&puback(4));
    assert_eq!(pair.session.quota_taken(), 0);
    pair.check(
        "<- PUBACK 3
         <- PUBACK 4
         #4 published",
    );
}

#[test]
fn pubrel_never_waits_for_quota() {
    // [MQTT-3.3.4-8]: only PUBLISH may be delayed, and so a PUBREL that is sent again.
    let mut pair = Pair::granted(kept(v5()), &receive_maximum(5));
    pair.publish(AtLeastOnce);
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.hear(&pubrec(3));
    pair.lose();
    pair.connect();
    pair.forget();
    pair.hear(&connack_with(true, &receive_maximum(1)));
    pair.check(
        r#"<- CONNACK session present, ReceiveMaximum(1)
           -> PUBLISH 1 QoS 1 DUP t "m1"
           -> PUBREL 3
           !! connected, session present"#,
    );
    // It took nothing from the quota, and gives nothing back.
    pair.hear(&pubcomp(3));
    pair.check("<- PUBCOMP 3");
    assert_eq!(pair.session.quota_taken(), 1);
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 1
           -> PUBLISH 2 QoS 1 DUP t "m2""#,
    );
}

#[test]
fn an_identifier_that_is_freed_while_messages_wait_to_be_resent_is_not_theirs() {
    let mut pair = Pair::granted(kept(v5()), &receive_maximum(3));
    for _ in 0..3 {
        pair.publish(AtLeastOnce);
    }
    pair.lose();
    pair.connect();
    pair.hear(&connack_with(true, &receive_maximum(1)));
    pair.forget();
    // The broker had it already, and answers before it is sent again.
    pair.hear(&puback(2));
    pair.subscribe("a");
    pair.subscribe("b");
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 2
           -> SUBSCRIBE 4 a:2
           -> SUBSCRIBE 5 b:2
           <- PUBACK 1
           -> PUBLISH 3 QoS 1 DUP t "m3""#,
    );
    pair.hear(&suback(4, &[SubackReason::GrantedQos2]));
    pair.check("<- SUBACK 4 0x02\n#4 subscribed 0x02");
}

#[test]
fn a_pubrec_before_its_message_is_sent_again_is_enough() {
    let mut pair = Pair::granted(kept(v5()), &receive_maximum(3));
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.lose();
    pair.connect();
    pair.hear(&connack_with(true, &receive_maximum(1)));
    pair.forget();
    pair.hear(&pubrec(2));
    pair.hear(&puback(1));
    pair.hear(&pubcomp(2));
    pair.check(
        "<- PUBREC 2
         -> PUBREL 2
         <- PUBACK 1
         <- PUBCOMP 2",
    );
    assert_eq!(pair.session.quota_taken(), 0);
    assert!(pair.packet_ids().is_empty());
}

#[test]
fn a_waiting_message_is_not_sent_above_the_limits() {
    let granted = properties([Property::ReceiveMaximum(1), Property::MaximumPacketSize(16)]);
    let mut pair = Pair::granted(v5(), &granted);
    pair.publish(AtLeastOnce);
    pair.forget();
    let message = |length| crate::Publish::new("t", vec![b'x'; length]).qos(AtLeastOnce);
    pair.publish_message(message(9));
    pair.publish_message(message(8));
    pair.check("#2 not taken: the packet has 17 bytes, and the broker accepts at most 16");
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 1
           -> PUBLISH 2 QoS 1 t "xxxxxxxx"
           #1 published"#,
    );
}

#[test]
fn a_receive_maximum_of_zero_is_no_connack() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.hear_bytes(&[0x20, 6, 0, 0, 3, 0x21, 0, 0]);
    let happened = pair.happened();
    assert!(happened.contains("!! not connected: lost: "), "{happened}");
}

#[test]
fn packets_of_other_kinds_take_no_quota() {
    let mut pair = Pair::granted(v5(), &receive_maximum(1));
    pair.subscribe("a");
    pair.unsubscribe("a");
    pair.publish(AtMostOnce);
    assert_eq!(pair.session.quota_taken(), 0);
    pair.hear(&Packet::Pingresp);
    assert_eq!(pair.session.quota_taken(), 0);
}

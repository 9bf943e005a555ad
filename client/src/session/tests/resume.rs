//! What a session that outlives its connection sends again, and what it never does.

use nack_codec::{ConnackReason, Property, PubackReason, PubrecReason, SubackReason};

use super::packets::{
    both, both_kept, connack, connack_refusal, connack_with, kept, properties, puback, puback_with,
    pubcomp, publish, pubrec, pubrec_with, suback, v5,
};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::session::Config;
use crate::{Disconnect, Publish};

#[test]
fn open_messages_are_sent_again_with_dup_in_their_old_order_and_with_their_identifiers() {
    // [MQTT-3.3.1-1], [MQTT-4.4.0-1], [MQTT-4.6.0-1]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        // Identifiers that are not in the order of sending, as they begin again.
        for packet_id in 1..=65_533 {
            pair.publish(AtLeastOnce);
            pair.hear(&puback(packet_id));
        }
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.lose();
        pair.check(
            "#65536 InSession: lost: EOF
             #65534 InSession: lost: EOF
             #65535 InSession: lost: EOF
             !! lost: EOF
             closed",
        );
        assert_eq!(pair.packet_ids(), [1, 65_534, 65_535]);
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(
            r#"<- CONNACK session present
               -> PUBLISH 65534 QoS 1 DUP t "m65534"
               -> PUBLISH 65535 QoS 2 DUP t "m65535"
               -> PUBLISH 1 QoS 1 DUP t "m65536"
               !! connected, session present"#,
        );
        // Nobody waits for them any more, and they go the way of all messages.
        pair.hear(&puback(1));
        pair.hear(&pubrec(65_535));
        pair.hear(&puback(65_534));
        pair.hear(&pubcomp(65_535));
        pair.check(
            "<- PUBACK 1
             <- PUBREC 65535
             -> PUBREL 65535
             <- PUBACK 65534
             <- PUBCOMP 65535",
        );
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn behind_pubrec_only_pubrel_is_sent_again_in_the_order_of_the_pubrecs() {
    // [MQTT-4.3.3-6], [MQTT-4.6.0-4]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        for _ in 0..3 {
            pair.publish(ExactlyOnce);
        }
        pair.publish(AtLeastOnce);
        pair.hear(&pubrec(3));
        pair.hear(&pubrec(1));
        pair.lose();
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(
            r#"<- CONNACK session present
               -> PUBLISH 2 QoS 2 DUP t "m2"
               -> PUBLISH 4 QoS 1 DUP t "m4"
               -> PUBREL 3
               -> PUBREL 1
               !! connected, session present"#,
        );
        // A broker that is behind answers PUBREC once more.
        pair.hear(&pubrec(1));
        pair.hear(&pubcomp(1));
        pair.hear(&pubcomp(3));
        pair.check(
            "<- PUBREC 1
             -> PUBREL 1
             <- PUBCOMP 1
             <- PUBCOMP 3",
        );
        assert_eq!(pair.packet_ids(), [2, 4]);
        assert_eq!(pair.session.quota_taken(), 2);
    }
}

#[test]
fn a_session_survives_any_number_of_connections() {
    // [MQTT-4.1.0-1]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        for _ in 0..3 {
            pair.lose();
            pair.connect();
            pair.forget();
            pair.hear(&connack(true));
            pair.check(
                r#"<- CONNACK session present
                   -> PUBLISH 1 QoS 1 DUP t "m1"
                   -> PUBLISH 2 QoS 2 DUP t "m2"
                   !! connected, session present"#,
            );
        }
        pair.hear(&pubrec(2));
        for _ in 0..3 {
            pair.lose();
            // An attempt that is refused, and one that is not answered, change nothing.
            pair.connect();
            pair.hear(&connack_refusal(ConnackReason::ServerUnavailable));
            pair.connect();
            pair.lose();
            pair.connect();
            pair.forget();
            pair.hear(&connack(true));
            pair.check(
                r#"<- CONNACK session present
                   -> PUBLISH 1 QoS 1 DUP t "m1"
                   -> PUBREL 2
                   !! connected, session present"#,
            );
        }
        pair.hear(&puback(1));
        pair.hear(&pubcomp(2));
        assert!(pair.packet_ids().is_empty());
        assert_eq!(pair.session.quota_taken(), 0);
    }
}

#[test]
fn what_was_refused_is_never_sent_again() {
    // [MQTT-4.4.0-2]
    let mut pair = Pair::connected(kept(v5()));
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.hear(&puback_with(1, PubackReason::QuotaExceeded));
    pair.hear(&pubrec_with(2, PubrecReason::UnspecifiedError));
    pair.lose();
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check("<- CONNACK session present\n!! connected, session present");
}

#[test]
fn only_messages_above_qos_0_that_were_sent_outlive_the_connection() {
    let granted = properties([Property::ReceiveMaximum(1)]);
    let mut pair = Pair::granted(kept(v5()), &granted);
    pair.publish(AtLeastOnce);
    pair.publish(AtLeastOnce);
    pair.subscribe("a");
    pair.unsubscribe("a");
    pair.make_room(0);
    pair.publish(AtMostOnce);
    pair.forget();
    pair.lose();
    pair.check(
        "#1 InSession: lost: EOF
         #3 lost: EOF
         #4 lost: EOF
         #2 NotSent: lost: EOF
         #5 NotSent: lost: EOF
         !! lost: EOF
         closed",
    );
    pair.room = None;
    assert_eq!(pair.packet_ids(), [1]);
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check(
        r#"<- CONNACK session present
           -> PUBLISH 1 QoS 1 DUP t "m1"
           !! connected, session present"#,
    );
}

#[test]
fn nothing_of_a_session_that_the_broker_lost_is_sent() {
    // [MQTT-3.2.2-5]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        pair.publish(ExactlyOnce);
        pair.hear(&pubrec(3));
        pair.lose();
        pair.connect();
        pair.forget();
        pair.hear(&connack(false));
        pair.check("<- CONNACK\n!! connected, 3 messages lost");
        assert!(pair.packet_ids().is_empty());
        // Told once.
        pair.reconnect(false);
        assert!(pair.happened().ends_with("!! connected"));
    }
}

#[test]
fn a_session_that_ends_with_its_connection_has_nothing_to_lose() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.publish(ExactlyOnce);
        pair.forget();
        pair.lose();
        pair.check(
            "#1 Unknown: lost: EOF
             #2 Unknown: lost: EOF
             !! lost: EOF
             closed",
        );
        assert!(pair.packet_ids().is_empty());
        pair.connect();
        pair.forget();
        pair.hear(&connack(false));
        pair.check("<- CONNACK\n!! connected");
    }
}

#[test]
fn the_broker_has_the_last_word_on_how_long_the_session_lasts() {
    // Section 3.2.2.3.2.
    let granted = properties([Property::SessionExpiryInterval(0)]);
    let mut pair = Pair::granted(kept(v5()), &granted);
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.lose();
    pair.check("#1 Unknown: lost: EOF\n!! lost: EOF\nclosed");
    let granted = properties([Property::SessionExpiryInterval(5)]);
    let config = Config {
        clean_start: false,
        ..v5()
    };
    let mut pair = Pair::granted(config, &granted);
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.reconnect(true);
    assert!(pair.happened().contains("-> PUBLISH 1 QoS 1 DUP"));
}

#[test]
fn a_session_that_disconnect_ends_is_over() {
    let mut pair = Pair::connected(kept(v5()));
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.disconnect(&Disconnect::default().session_expiry_interval(0));
    pair.check(
        "-> DISCONNECT, SessionExpiryInterval(0)
         #1 Unknown: lost: by the client
         !! lost: by the client
         closed",
    );
    assert!(pair.packet_ids().is_empty());
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    assert!(
        pair.happened()
            .contains("not connected: lost: the broker resumes")
    );
}

#[test]
fn a_session_that_was_promised_to_messages_and_then_ended_is_counted_as_lost() {
    let mut pair = Pair::connected(kept(v5()));
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.reconnect(true);
    pair.publish(AtLeastOnce);
    pair.hear(&puback(1));
    pair.forget();
    pair.disconnect(&Disconnect::default().session_expiry_interval(0));
    pair.check(
        "-> DISCONNECT, SessionExpiryInterval(0)
         #3 Unknown: lost: by the client
         !! lost: by the client
         closed",
    );
    pair.connect();
    pair.forget();
    pair.hear(&connack(false));
    // #2, which was told that the session keeps it; #3 was not.
    pair.check("<- CONNACK\n!! connected, 1 messages lost");
}

#[test]
fn a_disconnect_that_keeps_the_session_keeps_the_messages() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.disconnect(&Disconnect::default());
        pair.check(
            "-> DISCONNECT
             #1 InSession: lost: by the client
             !! lost: by the client
             closed",
        );
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(
            r#"<- CONNACK session present
               -> PUBLISH 1 QoS 1 DUP t "m1"
               !! connected, session present"#,
        );
    }
}

#[test]
fn clean_start_drops_what_was_kept() {
    // [MQTT-3.1.2-4]
    let config = Config {
        clean_start: true,
        ..kept(v5())
    };
    let mut pair = Pair::connected(config);
    pair.publish(AtLeastOnce);
    pair.lose();
    pair.connect();
    pair.forget();
    pair.hear(&connack(false));
    // Nothing was promised of it.
    pair.check("<- CONNACK\n!! connected");
}

#[test]
fn pubrec_is_never_sent_of_its_own_accord() {
    // [MQTT-4.4.0-1]
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.hear(&publish(ExactlyOnce, 4, "x"));
        pair.take(1);
        pair.lose();
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check("<- CONNACK session present\n!! connected, session present");
    }
}

#[test]
fn a_message_beyond_the_new_limits_stays_in_the_session() {
    let mut pair = Pair::connected(kept(v5()));
    pair.publish_message(Publish::new("t", "long enough to be too long").qos(AtLeastOnce));
    pair.publish(ExactlyOnce);
    pair.publish(AtLeastOnce);
    pair.lose();
    pair.connect();
    pair.forget();
    let small = properties([
        Property::MaximumPacketSize(20),
        Property::MaximumQos(AtLeastOnce),
    ]);
    pair.hear(&connack_with(true, &small));
    pair.check(
        r#"<- CONNACK session present, MaximumPacketSize(20), MaximumQos(AtLeastOnce)
           -> PUBLISH 3 QoS 1 DUP t "m3"
           !! connected, session present
           !! not sent again: the packet has 34 bytes, and the broker accepts at most 20
           !! not sent again: QoS 2 is above the broker's maximum of QoS 1"#,
    );
    // Nobody else may use their identifiers: the broker may have begun these exchanges.
    assert_eq!(pair.packet_ids(), [1, 2, 3]);
    assert_eq!(pair.session.quota_taken(), 1);
    pair.hear(&puback(3));
    pair.publish(AtLeastOnce);
    pair.forget();
    // A broker that allows more gets them.
    pair.reconnect(true);
    let happened = pair.happened();
    let sent: Vec<_> = happened
        .lines()
        .filter(|line| line.starts_with("-> PUBLISH"))
        .collect();
    assert_eq!(
        sent,
        [
            "-> PUBLISH 1 QoS 1 DUP t (26 bytes)",
            r#"-> PUBLISH 2 QoS 2 DUP t "m2""#,
            r#"-> PUBLISH 4 QoS 1 DUP t "m4""#,
        ]
    );
}

#[test]
fn what_is_new_comes_behind_what_is_resumed() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.reconnect(true);
        pair.publish(AtLeastOnce);
        // Both are sent again, and keep their order for ever.
        pair.lose();
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(
            r#"<- CONNACK session present
               -> PUBLISH 1 QoS 1 DUP t "m1"
               -> PUBLISH 2 QoS 1 DUP t "m2"
               !! connected, session present"#,
        );
    }
}

#[test]
fn a_subscription_that_was_pending_frees_its_identifier() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.subscribe("a");
        pair.publish(AtLeastOnce);
        pair.lose();
        assert_eq!(pair.packet_ids(), [2]);
        pair.connect();
        pair.hear(&connack(true));
        pair.forget();
        // Its answer would be one to nothing.
        pair.hear(&suback(1, &[SubackReason::GrantedQos0]));
        pair.check("<- SUBACK 1 0x00\n!! unsolicited SUBACK 1");
    }
}

#[test]
fn a_large_message_is_sent_again_whole() {
    let mut pair = Pair::connected(kept(v5()));
    pair.make_room(5000);
    pair.publish_message(Publish::new("t", vec![1; 10_000]).qos(AtLeastOnce));
    pair.lose();
    pair.room = None;
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check(
        "<- CONNACK session present
         -> PUBLISH 1 QoS 1 DUP t (10000 bytes)
         !! connected, session present",
    );
}

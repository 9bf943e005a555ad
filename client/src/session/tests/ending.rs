//! How connections end: every cause reaches everything that was pending, once.

use std::io;
use std::time::Duration;

use nack_codec::{
    Disconnect as DisconnectPacket, DisconnectReason, Packet, Property, Role, Text, Version,
};

use super::packets::{
    both, both_kept, connack, disconnect, kept, properties, puback, pubrec, v5, v311,
};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::session::{Config, Outcome};
use crate::{ConnectionLost, Disconnect, Publish};

/// One of everything, pending: QoS 1 (1), QoS 2 (2), QoS 2 behind PUBREC (3), SUBSCRIBE (4),
/// UNSUBSCRIBE (5), a message that waits for quota (6), and QoS 0 that waits to be written (7).
fn busy(config: Config) -> Pair {
    let granted = match config.version {
        Version::V5 => properties([Property::ReceiveMaximum(3)]),
        Version::V311 => properties([]),
    };
    let mut pair = Pair::granted(config, &granted);
    pair.publish(AtLeastOnce);
    pair.publish(ExactlyOnce);
    pair.publish(ExactlyOnce);
    pair.hear(&pubrec(3));
    pair.subscribe("a");
    pair.unsubscribe("a");
    pair.room = Some(0);
    pair.publish(AtLeastOnce);
    pair.publish(AtMostOnce);
    pair.forget();
    pair
}

/// The verdicts of what was pending, without their cause, in the order of the requests.
fn verdicts(happened: &str) -> Vec<String> {
    let mut verdicts: Vec<String> = happened
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| line.split_once("lost:").map_or(line, |(fate, _)| fate))
        .map(|line| line.trim_end_matches([' ', ':']).to_owned())
        .collect();
    verdicts.sort();
    verdicts
}

/// The causes that callers were told, without repetition.
fn causes(happened: &str) -> Vec<&str> {
    let mut causes: Vec<&str> = happened
        .lines()
        .filter(|line| line.starts_with('#') || line.starts_with("!!"))
        .filter_map(|line| Some(line.split_once("lost: ")?.1))
        .collect();
    causes.dedup();
    causes
}

#[test]
fn a_session_that_the_next_connect_drops_keeps_nothing() {
    // The broker keeps it for five minutes, and clean start has it dropped before.
    let mut pair = busy(Config {
        clean_start: true,
        ..kept(v5())
    });
    pair.lose();
    let happened = pair.happened();
    assert_eq!(
        verdicts(&happened),
        [
            "1 Unknown",
            "2 Unknown",
            "3 Unknown",
            "4",
            "5",
            "6 NotSent",
            "7 NotSent"
        ]
    );
    assert!(pair.packet_ids().is_empty());
    pair.connect();
    pair.forget();
    pair.hear(&connack(false));
    pair.check("<- CONNACK\n!! connected");
}

#[test]
fn a_lost_transport_reaches_everything_that_was_pending() {
    let mut pair = busy(v5());
    pair.lose();
    let happened = pair.happened();
    assert_eq!(
        verdicts(&happened),
        [
            "1 Unknown",
            "2 Unknown",
            "3 Unknown",
            "4",
            "5",
            "6 NotSent",
            "7 NotSent"
        ]
    );
    assert_eq!(causes(&happened), ["EOF"]);
    assert!(pair.packet_ids().is_empty());
    let mut pair = busy(kept(v5()));
    pair.lose();
    let happened = pair.happened();
    assert_eq!(
        verdicts(&happened),
        [
            "1 InSession",
            "2 InSession",
            "3 InSession",
            "4",
            "5",
            "6 NotSent",
            "7 NotSent"
        ]
    );
    // In 3.1.1 nothing waits for quota, so #6 is in the session too.
    let mut pair = busy(kept(v311()));
    pair.lose();
    assert_eq!(verdicts(&pair.happened())[5], "6 InSession");
    let mut pair = busy(v311());
    pair.lose();
    // Of #6 no byte was written.
    assert_eq!(verdicts(&pair.happened())[5], "6 NotSent");
}

#[test]
fn a_message_of_which_one_byte_was_written_may_have_been_delivered() {
    for qos in [AtMostOnce, AtLeastOnce, ExactlyOnce] {
        for written in [0, 1, 7] {
            let mut pair = Pair::connected(v5());
            pair.make_room(written);
            pair.publish(qos);
            pair.lose();
            let fate = if written == 0 { "NotSent" } else { "Unknown" };
            pair.check(&format!("#1 {fate}: lost: EOF\n!! lost: EOF\nclosed"));
        }
    }
}

#[test]
fn a_message_behind_another_one_is_told_apart_by_the_bytes_that_were_written() {
    let mut pair = Pair::connected(v5());
    pair.make_room(11);
    pair.publish(AtLeastOnce);
    pair.publish(AtLeastOnce);
    pair.publish(AtMostOnce);
    pair.forget();
    pair.lose();
    pair.check(
        "#1 Unknown: lost: EOF
         #2 Unknown: lost: EOF
         #3 NotSent: lost: EOF
         !! lost: EOF
         closed",
    );
}

#[test]
fn a_transport_that_fails_is_told_with_its_error() {
    let mut pair = Pair::connected(v5());
    pair.publish(AtLeastOnce);
    pair.forget();
    let error = io::Error::new(io::ErrorKind::ConnectionReset, "reset by the test");
    pair.session.handle_disconnected(error.into());
    pair.drive();
    pair.check(
        "#1 Unknown: lost: reset by the test
         !! lost: reset by the test
         closed",
    );
}

#[test]
fn every_reason_of_a_servers_disconnect_reaches_everything_that_was_pending() {
    let reasons = DisconnectReason::ALL.iter();
    for reason in reasons.filter(|reason| reason.may_be_sent_by(Role::Server)) {
        for config in [v5(), kept(v5())] {
            let mut pair = busy(config);
            pair.hear(&disconnect(*reason));
            let happened = pair.happened();
            assert_eq!(verdicts(&happened).len(), 7, "{happened}");
            let code = format!("DISCONNECT 0x{:02X}", reason.as_u8());
            assert_eq!(causes(&happened), [code]);
            // Nothing is answered, and nothing that was still to be written is.
            assert!(!happened.contains("->"), "{happened}");
            assert!(happened.ends_with("closed"), "{happened}");
            pair.make_room(1000);
            pair.check("");
            assert_eq!(pair.session.poll_timeout(), None);
        }
    }
}

#[test]
fn what_the_broker_says_with_its_disconnect_reaches_every_caller() {
    let said = properties([
        Property::ReasonString(Text::new("maintenance").unwrap()),
        Property::ServerReference(Text::new("b.example").unwrap()),
    ]);
    let mut pair = Pair::connected(v5());
    pair.publish(AtLeastOnce);
    pair.subscribe("a");
    pair.handle(&Packet::Disconnect(DisconnectPacket {
        reason: DisconnectReason::UseAnotherServer,
        properties: said.borrow(),
    }));
    let mut told = 0;
    while let Some((_, outcome)) = pair.session.poll_completion() {
        let refusal = match &outcome {
            Outcome::Published(Err(error)) => error.refused(),
            Outcome::Subscribed(Err(error)) => error.refused(),
            other => panic!("{other:?}"),
        };
        let refusal = refusal.expect("the broker said why");
        assert_eq!(refusal.raw_code(), 0x9C);
        assert_eq!(refusal.reason_string(), Some("maintenance"));
        assert_eq!(refusal.server_reference(), Some("b.example"));
        told += 1;
    }
    assert_eq!(told, 2);
}

#[test]
fn a_disconnect_that_only_clients_may_send_breaks_the_protocol() {
    let mut pair = Pair::connected(v5());
    pair.hear(&disconnect(DisconnectReason::DisconnectWithWillMessage));
    pair.check(
        "<- DISCONNECT 0x04
         -> DISCONNECT 0x82
         !! lost: the broker sent DISCONNECT with 0x04 (disconnect with will message), which only clients send [MQTT-3.14.2-1]
         closed",
    );
    let expiry = properties([Property::SessionExpiryInterval(1)]);
    let mut pair = Pair::connected(v5());
    pair.hear(&Packet::Disconnect(DisconnectPacket {
        reason: DisconnectReason::NormalDisconnection,
        properties: expiry.borrow(),
    }));
    pair.check(
        "<- DISCONNECT, SessionExpiryInterval(1)
         -> DISCONNECT 0x82
         !! lost: the broker sent DISCONNECT with a session expiry interval [MQTT-3.14.2-2]
         closed",
    );
    let mut pair = Pair::connected(v311());
    pair.hear(&disconnect(DisconnectReason::NormalDisconnection));
    pair.check(
        "<- DISCONNECT
         !! lost: the broker sent DISCONNECT, which in MQTT 3.1.1 only clients send [3.14]
         closed",
    );
}

#[test]
fn a_violation_reaches_everything_that_was_pending() {
    for config in both() {
        let mut pair = busy(config);
        pair.hear(&connack(false));
        let happened = pair.happened();
        // What lies in the buffer is still written, so it may be delivered.
        assert_eq!(
            verdicts(&happened)[..5],
            ["1 Unknown", "2 Unknown", "3 Unknown", "4", "5"]
        );
        assert!(happened.contains("#7 Unknown: lost: "), "{happened}");
        assert_eq!(causes(&happened).len(), 1);
        assert!(!pair.session.wants_close());
        pair.make_room(1000);
        let happened = pair.happened();
        assert!(happened.ends_with("closed"), "{happened}");
        let last = happened.lines().rev().nth(1).unwrap();
        match pair.session.version() {
            Version::V5 => assert_eq!(last, "-> DISCONNECT 0x82"),
            // Its DISCONNECT would throw the will away.
            Version::V311 => assert_eq!(last, r#"-> PUBLISH QoS 0 t "m7""#),
        }
    }
}

#[test]
fn a_malformed_packet_reaches_everything_that_was_pending() {
    for config in both() {
        let mut pair = busy(config);
        // PINGRESP with a body.
        pair.hear_bytes(&[0xD0, 1, 0]);
        let happened = pair.happened();
        assert_eq!(verdicts(&happened).len(), 7, "{happened}");
        assert_eq!(causes(&happened).len(), 1);
        pair.make_room(1000);
        let happened = pair.happened();
        let v5 = pair.session.version() == Version::V5;
        assert_eq!(happened.contains("-> DISCONNECT 0x81"), v5, "{happened}");
    }
}

#[test]
fn disconnecting_writes_what_was_asked_before_and_disconnect_last() {
    for config in both() {
        let mut pair = busy(config);
        pair.disconnect(&Disconnect::default());
        let happened = pair.happened();
        assert_eq!(verdicts(&happened).len(), 7, "{happened}");
        assert_eq!(causes(&happened), ["by the client"]);
        assert!(!pair.session.is_connected());
        assert!(!pair.session.wants_close());
        pair.make_room(1000);
        let happened = pair.happened();
        let lines: Vec<_> = happened.lines().rev().take(3).collect();
        assert_eq!(
            lines,
            ["closed", "-> DISCONNECT", r#"-> PUBLISH QoS 0 t "m7""#]
        );
        assert_eq!(pair.session.poll_timeout(), None);
    }
}

#[test]
fn nothing_follows_a_disconnect() {
    // [MQTT-3.14.4-1]
    for config in both() {
        let config = Config {
            keep_alive: 1,
            operation_timeout: Some(Duration::from_secs(1)),
            ..config
        };
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.make_room(0);
        pair.disconnect(&Disconnect::default());
        pair.forget();
        pair.publish(AtLeastOnce);
        pair.subscribe("a");
        pair.disconnect(&Disconnect::default());
        pair.hear(&puback(1));
        pair.reading(false);
        pair.reading(true);
        pair.pass(Duration::from_secs(4));
        pair.make_room(1000);
        pair.check(
            "#3 not taken: the client is not connected
             #4 not taken: the client is not connected
             #5 not taken: the client is not connected
             <- PUBACK 1
             -> DISCONNECT
             closed",
        );
    }
}

#[test]
fn a_transport_that_does_not_take_the_last_bytes_is_closed_all_the_same() {
    let mut pair = Pair::connected(v5());
    pair.make_room(0);
    pair.disconnect(&Disconnect::default());
    pair.forget();
    pair.pass(Duration::from_secs(4));
    assert!(!pair.session.wants_close());
    pair.pass(Duration::from_secs(1));
    pair.check("at 5 s\nclosed");
    assert_eq!(pair.session.transmit_len(), 0);
    pair.make_room(1000);
    pair.check("");
    pair.connect();
    pair.check("-> CONNECT MQTT 5.0 `c` clean start true, keep alive 0");
}

#[test]
fn a_transport_that_is_lost_while_the_last_bytes_are_written_adds_nothing() {
    let mut pair = Pair::connected(v5());
    pair.publish(AtLeastOnce);
    pair.make_room(0);
    pair.disconnect(&Disconnect::default());
    pair.forget();
    pair.lose();
    pair.check("closed");
    assert_eq!(pair.session.transmit_len(), 0);
    assert_eq!(pair.session.poll_timeout(), None);
}

#[test]
fn a_connection_whose_last_bytes_are_written_makes_room_for_the_next() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.disconnect(&Disconnect::default());
        pair.forget();
        pair.connect();
        pair.hear(&connack(false));
        assert!(pair.session.is_connected());
    }
}

#[test]
fn every_reason_that_a_client_may_give_is_sent() {
    for reason in DisconnectReason::ALL {
        let mut pair = Pair::connected(v5());
        pair.disconnect(&Disconnect::with(*reason));
        let code = reason.as_u8();
        if reason.may_be_sent_by(Role::Client) {
            let sent = if code == 0 {
                "-> DISCONNECT".to_owned()
            } else {
                format!("-> DISCONNECT 0x{code:02X}")
            };
            pair.check(&format!("{sent}\n!! lost: by the client\nclosed"));
        } else {
            // [MQTT-3.14.2-1]
            pair.check(&format!(
                "#1 not taken: only brokers send DISCONNECT with 0x{code:02X} ({reason})"
            ));
            assert!(pair.session.is_connected());
        }
    }
}

#[test]
fn what_the_client_says_with_its_disconnect_is_sent() {
    let request = Disconnect::with(DisconnectReason::DisconnectWithWillMessage)
        .reason_string("going home")
        .user_property("k", "v");
    let mut pair = Pair::connected(v5());
    pair.disconnect(&request);
    pair.check(
        r#"-> DISCONNECT 0x04, ReasonString(Text("going home")), UserProperty(Text("k"), Text("v"))
           !! lost: by the client
           closed"#,
    );
}

#[test]
fn words_that_the_broker_would_not_accept_are_left_out_of_disconnect() {
    // [MQTT-3.14.2-3], [MQTT-3.14.2-4], [MQTT-3.2.2-15]
    let granted = properties([Property::MaximumPacketSize(20)]);
    let request = Disconnect::default()
        .session_expiry_interval(60)
        .reason_string("a reason that is too long")
        .user_property("k", "v");
    let mut pair = Pair::granted(kept(v5()), &granted);
    pair.disconnect(&request);
    pair.check(
        "-> DISCONNECT, SessionExpiryInterval(60)
         !! lost: by the client
         closed",
    );
    // The limit of an earlier connection is none of this one.
    pair.connect();
    pair.forget();
    pair.disconnect(&Disconnect::default().reason_string("a reason that is long"));
    let happened = pair.happened();
    assert!(happened.contains("a reason that is long"), "{happened}");
}

#[test]
fn a_session_that_was_not_to_be_kept_cannot_be_kept_by_disconnect() {
    // Section 3.14.2.2.2.
    let mut pair = Pair::connected(v5());
    pair.disconnect(&Disconnect::default().session_expiry_interval(1));
    pair.check("#1 not taken: DISCONNECT cannot keep a session that CONNECT did not ask to keep");
    pair.disconnect(&Disconnect::default().session_expiry_interval(0));
    pair.check(
        "-> DISCONNECT, SessionExpiryInterval(0)
         !! lost: by the client
         closed",
    );
}

#[test]
fn the_will_of_a_3_1_1_client_is_published_if_it_closes_in_silence() {
    let mut pair = Pair::connected(v311());
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.disconnect(&Disconnect::with(
        DisconnectReason::DisconnectWithWillMessage,
    ));
    pair.check(
        "#1 Unknown: lost: by the client
         !! lost: by the client
         closed",
    );
    // What was asked before is still written.
    let mut pair = Pair::connected(v311());
    pair.make_room(0);
    pair.publish(AtMostOnce);
    pair.disconnect(&Disconnect::with(
        DisconnectReason::DisconnectWithWillMessage,
    ));
    pair.forget();
    pair.make_room(1000);
    pair.check("-> PUBLISH QoS 0 t \"m1\"\nclosed");
}

#[test]
fn what_3_1_1_cannot_say_in_disconnect_is_refused() {
    let with_words = |reason| Disconnect::with(reason).reason_string("x");
    let requests = [
        Disconnect::with(DisconnectReason::ProtocolError),
        with_words(DisconnectReason::NormalDisconnection),
        with_words(DisconnectReason::DisconnectWithWillMessage),
    ];
    for request in requests {
        let mut pair = Pair::connected(v311());
        pair.disconnect(&request);
        pair.check("#1 not taken: the request cannot be encoded: MQTT 3.1.1 has no reason code or property in DISCONNECT");
        assert!(pair.session.is_connected());
    }
}

#[test]
fn what_comes_behind_the_end_is_not_looked_at() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.publish(AtLeastOnce);
        pair.disconnect(&Disconnect::default());
        pair.forget();
        assert_eq!(pair.handle(&puback(1)), None);
        pair.hear_bytes(&[0xFF, 0xFF]);
        pair.lose();
        let happened = pair.happened();
        assert!(!happened.contains("->"), "{happened}");
        assert!(!happened.contains("!!"), "{happened}");
        assert_eq!(pair.packet_ids(), [1]);
    }
}

#[test]
fn requests_without_a_connection_are_not_taken() {
    for config in both_kept() {
        let mut pair = Pair::new(config);
        pair.publish_message(Publish::new("t", ""));
        pair.subscribe("a");
        pair.unsubscribe("a");
        pair.disconnect(&Disconnect::default());
        pair.lose();
        pair.check(
            "#1 not taken: the client is not connected
             #2 not taken: the client is not connected
             #3 not taken: the client is not connected
             #4 not taken: the client is not connected",
        );
        assert!(pair.session.wants_close());
    }
}

#[test]
fn the_cause_is_cheap_to_share() {
    let mut pair = Pair::connected(v5());
    for _ in 0..1000 {
        pair.publish(AtLeastOnce);
    }
    pair.session.handle_disconnected(ConnectionLost::Eof);
    let mut told = 0;
    while pair.session.poll_completion().is_some() {
        told += 1;
    }
    assert_eq!(told, 1000);
}

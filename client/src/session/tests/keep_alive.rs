//! Time: PINGREQ, a broker that falls silent, and requests that take too long.

use std::time::Duration;

use nack_codec::{Packet, Property};

use super::packets::{both, both_kept, connack_with, kept, properties, puback, publish, v5, v311};
use super::pair::Pair;
use crate::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use crate::session::Config;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn alive(config: Config) -> Config {
    Config {
        keep_alive: 60,
        ..config
    }
}

#[test]
fn an_idle_client_pings_in_time() {
    // [MQTT-3.1.2-20]
    for config in both() {
        let mut pair = Pair::connected(alive(config));
        pair.pass(seconds(44));
        pair.check("");
        pair.pass(seconds(1));
        pair.check("at 45 s\n-> PINGREQ");
        pair.hear(&Packet::Pingresp);
        pair.pass(seconds(44));
        pair.check("<- PINGRESP");
        pair.pass(seconds(1));
        pair.check("at 90 s\n-> PINGREQ");
        pair.hear(&Packet::Pingresp);
    }
}

#[test]
fn what_is_sent_puts_the_ping_off() {
    let mut pair = Pair::connected(alive(v5()));
    for _ in 0..10 {
        pair.pass(seconds(40));
        pair.publish(AtMostOnce);
    }
    let happened = pair.happened();
    assert!(!happened.contains("PINGREQ"), "{happened}");
}

#[test]
fn what_comes_does_not_put_the_ping_off() {
    let mut pair = Pair::connected(alive(v5()));
    for _ in 0..4 {
        pair.pass(seconds(11));
        pair.hear(&publish(AtMostOnce, 0, "x"));
    }
    pair.forget();
    pair.pass(seconds(1));
    pair.check("at 45 s\n-> PINGREQ");
}

#[test]
fn without_a_keep_alive_there_is_no_ping() {
    for config in both() {
        let mut pair = Pair::connected(config);
        pair.pass(seconds(1_000_000));
        pair.check("");
        assert_eq!(pair.session.poll_timeout(), None);
    }
}

#[test]
fn the_broker_may_demand_another_keep_alive() {
    // [MQTT-3.1.2-21]
    for (asked, demanded, due) in [
        (60, 4, Some(3)),
        (4, 60, Some(45)),
        (60, 0, None),
        (0, 4, Some(3)),
    ] {
        let config = Config {
            keep_alive: asked,
            ..v5()
        };
        let demand = properties([Property::ServerKeepAlive(demanded)]);
        let mut pair = Pair::granted(config, &demand);
        let due = due.map(|due| pair.now + seconds(due));
        assert_eq!(pair.session.poll_timeout(), due);
        // Of one connection only.
        pair.reconnect(false);
        let due = (asked > 0).then(|| pair.now + seconds(u64::from(asked) * 3 / 4));
        assert_eq!(pair.session.poll_timeout(), due);
    }
}

#[test]
fn a_broker_that_falls_silent_loses_the_connection() {
    for config in both() {
        let mut pair = Pair::connected(alive(config));
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.pass(seconds(55));
        pair.check(
            "at 45 s
             -> PINGREQ
             at 55 s
             #1 Unknown: lost: no answer to PINGREQ within 10s
             !! lost: no answer to PINGREQ within 10s
             closed",
        );
        assert_eq!(pair.session.poll_timeout(), None);
    }
}

#[test]
fn the_session_of_a_silent_broker_is_kept() {
    for config in both_kept() {
        let mut pair = Pair::connected(alive(config));
        pair.publish(AtLeastOnce);
        pair.pass(seconds(55));
        pair.connect();
        pair.forget();
        pair.hear(&connack_with(true, &properties([])));
        pair.check(
            r#"<- CONNACK session present
               -> PUBLISH 1 QoS 1 DUP t "m1"
               !! connected, session present"#,
        );
    }
}

#[test]
fn whatever_comes_shows_that_the_broker_is_there() {
    let mut pair = Pair::connected(alive(v5()));
    pair.pass(seconds(45));
    pair.forget();
    for _ in 0..4 {
        pair.pass(seconds(9));
        pair.hear(&publish(AtMostOnce, 0, "x"));
    }
    assert!(pair.session.is_connected());
    pair.forget();
    pair.pass(seconds(10));
    let happened = pair.happened();
    assert!(
        happened.contains("!! lost: no answer to PINGREQ"),
        "{happened}"
    );
}

#[test]
fn nobody_waits_for_an_answer_while_nobody_reads() {
    let mut pair = Pair::connected(alive(v5()));
    pair.pass(seconds(45));
    pair.reading(false);
    pair.forget();
    // The broker is still told that the client is there.
    pair.pass(seconds(100));
    pair.check(
        "at 90 s
         -> PINGREQ
         at 135 s
         -> PINGREQ",
    );
    // The answers lie in the transport: none has to be asked for again.
    pair.reading(true);
    pair.check("");
    pair.pass(seconds(9));
    pair.hear(&Packet::Pingresp);
    pair.forget();
    pair.pass(seconds(25));
    assert!(pair.session.is_connected());
}

#[test]
fn a_broker_that_is_silent_when_reading_goes_on_loses_the_connection() {
    let mut pair = Pair::connected(alive(v5()));
    pair.pass(seconds(40));
    pair.reading(false);
    pair.pass(seconds(10));
    pair.reading(true);
    pair.forget();
    pair.pass(seconds(10));
    pair.check(
        "at 60 s
         !! lost: no answer to PINGREQ within 10s
         closed",
    );
}

#[test]
fn reading_on_and_off_sends_nothing() {
    for config in [v5(), alive(v5()), v311()] {
        let mut pair = Pair::connected(config);
        for _ in 0..100 {
            pair.reading(false);
            pair.reading(true);
        }
        pair.check("");
    }
}

#[test]
fn reading_that_goes_on_asks_for_no_ping() {
    let mut pair = Pair::connected(alive(v5()));
    for _ in 0..10 {
        pair.pass(seconds(1));
        pair.reading(false);
        pair.pass(seconds(1));
        pair.reading(true);
    }
    pair.check("");
    pair.pass(seconds(25));
    pair.check("at 45 s\n-> PINGREQ");
    // The answer comes when it is read.
    pair.reading(false);
    pair.pass(seconds(30));
    pair.reading(true);
    pair.hear(&Packet::Pingresp);
    pair.pass(seconds(14));
    assert!(pair.session.is_connected());
}

#[test]
fn a_ping_that_cannot_be_written_ends_a_connection_that_is_stuck() {
    let mut pair = Pair::connected(alive(v5()));
    pair.make_room(0);
    pair.publish(AtMostOnce);
    pair.forget();
    pair.pass(seconds(55));
    pair.check(
        "at 45 s
         at 55 s
         #1 NotSent: lost: no answer to PINGREQ within 10s
         !! lost: no answer to PINGREQ within 10s
         closed",
    );
}

fn impatient(config: Config) -> Config {
    Config {
        operation_timeout: Some(seconds(30)),
        ..config
    }
}

#[test]
fn each_request_has_its_own_deadline() {
    let mut pair = Pair::connected(impatient(v5()));
    pair.publish(AtLeastOnce);
    pair.pass(seconds(10));
    pair.subscribe("a");
    pair.pass(seconds(10));
    pair.publish(ExactlyOnce);
    pair.forget();
    pair.pass(seconds(100));
    pair.check(
        "at 30 s
         #1 Unknown: no answer to PUBLISH within 30s
         at 40 s
         #2 no answer to SUBSCRIBE within 30s
         at 50 s
         #3 Unknown: no answer to PUBLISH within 30s",
    );
    assert_eq!(pair.session.poll_timeout(), None);
    // The connection goes on, and so do the exchanges.
    pair.hear(&puback(1));
    pair.hear(&super::packets::pubrec(3));
    pair.hear(&super::packets::pubcomp(3));
    pair.check(
        "<- PUBACK 1
         <- PUBREC 3
         -> PUBREL 3
         <- PUBCOMP 3",
    );
}

#[test]
fn an_answer_in_time_needs_no_deadline() {
    let mut pair = Pair::connected(impatient(v5()));
    pair.publish(AtLeastOnce);
    pair.pass(seconds(20));
    pair.hear(&puback(1));
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.pass(seconds(29));
    pair.check("at 30 s");
    pair.hear(&puback(2));
    pair.pass(seconds(100));
    pair.check("<- PUBACK 2\n#2 published\nat 50 s");
    assert_eq!(pair.session.poll_timeout(), None);
}

#[test]
fn a_message_that_waited_for_too_long_is_taken_back() {
    let granted = properties([Property::ReceiveMaximum(1)]);
    let mut pair = Pair::granted(impatient(v5()), &granted);
    pair.publish(AtLeastOnce);
    pair.publish(AtLeastOnce);
    pair.pass(seconds(1));
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.pass(seconds(29));
    pair.check(
        "at 30 s
         #1 Unknown: no answer to PUBLISH within 30s
         #2 NotSent: no answer to PUBLISH within 30s",
    );
    pair.hear(&puback(1));
    pair.check(
        r#"<- PUBACK 1
           -> PUBLISH 2 QoS 1 t "m3""#,
    );
}

#[test]
fn a_message_of_a_kept_session_that_took_too_long_stays_in_it() {
    for config in both_kept() {
        let mut pair = Pair::connected(impatient(config));
        pair.publish(AtLeastOnce);
        pair.forget();
        pair.pass(seconds(30));
        pair.check("at 30 s\n#1 InSession: no answer to PUBLISH within 30s");
        pair.reconnect(true);
        pair.hear(&puback(1));
        let happened = pair.happened();
        assert!(happened.contains("-> PUBLISH 1 QoS 1 DUP"), "{happened}");
        assert!(!happened.contains("#1"), "{happened}");
    }
}

#[test]
fn a_qos_0_message_that_cannot_be_written_does_not_wait_for_ever() {
    for config in both() {
        let mut pair = Pair::connected(impatient(config));
        pair.make_room(0);
        pair.publish(AtMostOnce);
        pair.pass(seconds(10));
        pair.publish(AtMostOnce);
        pair.pass(seconds(20));
        // It is not taken back: the transport may have it in the end.
        pair.check("at 30 s\n#1 Unknown: no answer to PUBLISH within 30s");
        pair.make_room(1000);
        pair.check(
            r#"-> PUBLISH QoS 0 t "m1"
               -> PUBLISH QoS 0 t "m2"
               #2 published"#,
        );
        pair.pass(seconds(1000));
        pair.forget();
        assert_eq!(pair.session.poll_timeout(), None);
    }
}

#[test]
fn deadlines_end_with_their_connection() {
    let mut pair = Pair::connected(impatient(kept(v5())));
    pair.publish(AtLeastOnce);
    pair.subscribe("a");
    pair.lose();
    assert_eq!(pair.session.poll_timeout(), None);
    pair.connect();
    pair.hear(&connack_with(true, &properties([])));
    assert_eq!(pair.session.poll_timeout(), None);
    pair.publish(ExactlyOnce);
    let due = pair.now + seconds(30);
    assert_eq!(pair.session.poll_timeout(), Some(due));
}

#[test]
fn a_time_out_may_be_as_long_as_time_itself() {
    let mut pair = Pair::connected(Config {
        ping_timeout: Duration::MAX,
        operation_timeout: Some(Duration::MAX),
        ..alive(v5())
    });
    pair.publish(AtLeastOnce);
    pair.forget();
    pair.pass(seconds(1_000_000));
    pair.hear(&puback(1));
    assert!(pair.session.is_connected());
    let happened = pair.happened();
    assert!(happened.contains("#1 published"), "{happened}");
}

//! CONNECT and CONNACK: what is asked for, what is granted, and how a connection is refused.

use std::time::Duration;

use nack_codec::{
    Auth, AuthReason, Binary, Connack, ConnackReason, DisconnectReason, Packet, Properties,
    Property, QoS, SubackReason, Text, TopicName,
};

use super::packets::{
    both, both_kept, connack, connack_refusal, connack_with, disconnect, kept, properties, publish,
    pubrel, reason_string, suback, v5, v311,
};
use super::pair::Pair;
use crate::session::{Config, Secret, WillMessage};
use crate::{
    Disconnect, Publish, QoS::AtLeastOnce, QoS::AtMostOnce, QoS::ExactlyOnce, Subscribe, Version,
};

fn text(text: &str) -> Text {
    Text::new(text).unwrap().to_owned()
}

#[test]
fn connect_is_the_first_packet_and_the_only_one_before_connack() {
    for config in both() {
        let version = config.version;
        let mut pair = Pair::new(config);
        pair.check("");
        pair.connect();
        pair.publish(AtMostOnce);
        pair.publish(AtLeastOnce);
        pair.subscribe("t");
        pair.unsubscribe("t");
        pair.check(&format!(
            "-> CONNECT {version} `c` clean start true, keep alive 0
             #1 not taken: the client is not connected
             #2 not taken: the client is not connected
             #3 not taken: the client is not connected
             #4 not taken: the client is not connected"
        ));
        assert!(!pair.session.is_connected());
        pair.hear(&connack(false));
        pair.check("<- CONNACK\n!! connected");
        assert!(pair.session.is_connected());
    }
}

#[test]
fn connect_says_all_that_was_asked_for() {
    let will = WillMessage {
        topic: TopicName::to_owned(TopicName::new("gone").unwrap()),
        payload: Binary::new("c is gone".into()).unwrap(),
        qos: AtLeastOnce,
        retain: true,
        properties: properties([Property::WillDelayInterval(5)]),
    };
    let config = Config {
        client_id: text("wasser-zähler"),
        clean_start: false,
        keep_alive: 60,
        user_name: Some(text("u")),
        password: Binary::new("p".into()).map(Secret),
        will: Some(will.clone()),
        properties: properties([
            Property::SessionExpiryInterval(300),
            Property::ReceiveMaximum(10),
            Property::MaximumPacketSize(1000),
        ]),
        maximum_packet_size: Some(1000),
        ..v5()
    };
    let mut pair = Pair::new(config);
    pair.connect();
    pair.check(
        r#"-> CONNECT MQTT 5.0 `wasser-zähler` clean start false, keep alive 60, user `u`, password "p", will QoS 1 retain gone "c is gone", WillDelayInterval(5), SessionExpiryInterval(300), ReceiveMaximum(10), MaximumPacketSize(1000)"#,
    );
    let config = Config {
        client_id: text("c"),
        keep_alive: 60,
        user_name: Some(text("u")),
        password: Binary::new("p".into()).map(Secret),
        will: Some(WillMessage {
            properties: Properties::new(),
            ..will
        }),
        ..v311()
    };
    let mut pair = Pair::new(config);
    pair.connect();
    pair.check(
        r#"-> CONNECT MQTT 3.1.1 `c` clean start true, keep alive 60, user `u`, password "p", will QoS 1 retain gone "c is gone""#,
    );
}

#[test]
fn every_refusal_of_mqtt_5_is_told_with_its_code() {
    for reason in ConnackReason::ALL.iter().filter(|reason| reason.is_error()) {
        let mut pair = Pair::new(v5());
        pair.connect();
        pair.forget();
        pair.hear(&connack_refusal(*reason));
        let code = reason.as_u8();
        pair.check(&format!(
            "<- CONNACK 0x{code:02X}
             !! not connected: CONNACK 0x{code:02X}
             closed"
        ));
        assert!(!pair.session.is_connected());
        assert_eq!(pair.session.poll_timeout(), None);
    }
}

#[test]
fn every_refusal_of_mqtt_3_1_1_keeps_its_return_code() {
    for code in 1..=5 {
        let mut pair = Pair::new(v311());
        pair.connect();
        pair.forget();
        pair.hear_bytes(&[0x20, 2, 0, code]);
        let reason = ConnackReason::from_return_code(code).unwrap().as_u8();
        pair.check(&format!(
            "<- CONNACK 0x{reason:02X}
             !! not connected: CONNACK 0x{code:02X}
             closed"
        ));
    }
}

#[test]
fn a_broker_that_knows_only_3_1_1_is_quoted_in_its_own_words() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear_bytes(&[0x20, 2, 0, 1]);
    let reason = ConnackReason::UnsupportedProtocolVersion.as_u8();
    pair.check(&format!(
        "<- CONNACK 0x{reason:02X}
         !! not connected: CONNACK 0x01
         closed"
    ));
}

#[test]
fn what_the_broker_says_with_a_refusal_is_not_lost() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear(&Packet::Connack(Connack {
        session_present: false,
        reason: ConnackReason::ServerMoved,
        properties: properties([
            Property::ReasonString(Text::new("moved to the new house").unwrap()),
            Property::ServerReference(Text::new("b.example").unwrap()),
        ])
        .borrow(),
    }));
    pair.check(
        r#"<- CONNACK 0x9D, ReasonString(Text("moved to the new house")), ServerReference(Text("b.example"))
           !! not connected: CONNACK 0x9D "moved to the new house"
           closed"#,
    );
}

#[test]
fn a_code_of_no_table_is_no_connection() {
    for (config, code) in [(v311(), 0x06), (v311(), 0xFF), (v5(), 0x06), (v5(), 0xFF)] {
        let length = if config.version == Version::V5 { 3 } else { 2 };
        let mut pair = Pair::new(config);
        pair.connect();
        pair.hear_bytes(&[0x20, length, 0, code, 0][..usize::from(length) + 2]);
        let happened = pair.happened();
        assert!(happened.contains("!! not connected: lost: "), "{happened}");
        assert!(happened.ends_with("closed"), "{happened}");
    }
}

#[test]
fn a_session_that_nobody_has_is_refused() {
    // [MQTT-3.2.2-4]
    for config in [v5(), kept(v5())] {
        let mut pair = Pair::new(config);
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(
            "<- CONNACK session present
             -> DISCONNECT 0x82
             !! not connected: lost: the broker resumes a session that the client does not have [MQTT-3.2.2-4]
             closed",
        );
    }
    // 3.1.1 says nothing of a client without a session, but clean session cannot be answered so.
    let mut pair = Pair::new(v311());
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check(
        "<- CONNACK session present
         !! not connected: lost: the broker resumes a session that the client does not have [MQTT-3.2.2-3]
         closed",
    );
}

#[test]
fn a_session_of_an_earlier_process_is_resumed_if_the_application_vouches_for_it() {
    let vouched = Config {
        resume_session: true,
        ..kept(v5())
    };
    for config in [vouched, kept(v311())] {
        let mut pair = Pair::new(config);
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check("<- CONNACK session present\n!! connected, session present");
    }
}

#[test]
fn a_session_that_was_held_is_resumed() {
    for config in both_kept() {
        let mut pair = Pair::connected(config);
        pair.reconnect(true);
        assert!(pair.happened().ends_with("!! connected, session present"));
        // And once more, after an attempt that failed.
        pair.lose();
        pair.connect();
        pair.hear(&connack_refusal(ConnackReason::ServerUnavailable));
        pair.connect();
        pair.hear(&connack(true));
        assert!(pair.happened().ends_with("!! connected, session present"));
    }
}

#[test]
fn a_session_whose_connack_was_lost_is_the_clients_own() {
    let mut pair = Pair::new(kept(v5()));
    pair.connect();
    pair.lose();
    // The broker has made a session, and nobody was told.
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check("<- CONNACK session present\n!! connected, session present");
    // The same where CONNACK took too long, and an attempt is refused in between.
    let mut pair = Pair::new(kept(v5()));
    pair.connect();
    pair.pass(Duration::from_secs(20));
    pair.connect();
    pair.hear(&connack_refusal(ConnackReason::ServerUnavailable));
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check("<- CONNACK session present\n!! connected, session present");
}

#[test]
fn a_session_that_the_client_cannot_have_made_is_refused_again_and_again() {
    let refused = "<- CONNACK session present
        -> DISCONNECT 0x82
        !! not connected: lost: the broker resumes a session that the client does not have [MQTT-3.2.2-4]
        closed";
    let mut pair = Pair::new(kept(v5()));
    for _ in 0..3 {
        // Not even the whole of CONNECT was written.
        pair.make_room(5);
        pair.connect();
        pair.lose();
        pair.room = None;
        // It was answered, by a refusal.
        pair.connect();
        pair.hear(&connack_refusal(ConnackReason::ServerUnavailable));
        // It was answered, by this.
        pair.connect();
        pair.forget();
        pair.hear(&connack(true));
        pair.check(refused);
    }
    // A session that ends with its connection is none that could be resumed.
    let mut pair = Pair::new(Config {
        clean_start: false,
        ..v5()
    });
    pair.connect();
    pair.lose();
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    pair.check(refused);
}

#[test]
fn a_session_that_is_ended_before_connack_is_not_resumed() {
    let mut pair = Pair::new(kept(v5()));
    pair.connect();
    pair.disconnect(&Disconnect::default().session_expiry_interval(0));
    pair.connect();
    pair.forget();
    pair.hear(&connack(true));
    let happened = pair.happened();
    assert!(happened.contains("[MQTT-3.2.2-4]"), "{happened}");
}

#[test]
fn connack_must_come_in_time() {
    for config in both() {
        let mut pair = Pair::new(config);
        pair.connect();
        pair.forget();
        pair.pass(Duration::from_millis(19_999));
        pair.check("");
        pair.pass(Duration::from_millis(1));
        pair.check(
            "at 20 s
             !! not connected: no answer to CONNECT within 20s
             closed",
        );
        // What comes later is not looked at.
        pair.hear(&connack(false));
        assert_eq!(pair.session.poll_event().map(drop), None);
        assert!(!pair.session.is_connected());
        pair.connect();
        pair.hear(&connack(false));
        assert!(pair.session.is_connected());
    }
}

#[test]
fn connack_in_time_stops_the_clock() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.pass(Duration::from_secs(19));
    pair.hear(&connack(false));
    pair.forget();
    pair.pass(Duration::from_secs(1000));
    pair.check("");
}

#[test]
fn the_limits_of_connack_are_known() {
    let granted = properties([
        Property::ReceiveMaximum(3),
        Property::MaximumQos(AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(1000),
        Property::TopicAliasMaximum(7),
        Property::WildcardSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
        Property::SharedSubscriptionAvailable(false),
    ]);
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.handle(&connack_with(false, &granted));
    let Some(crate::session::Event::Connected(connected)) = pair.session.poll_event() else {
        panic!("not connected");
    };
    let limits = connected.limits();
    assert_eq!(limits.receive_maximum, 3);
    assert_eq!(limits.maximum_qos, AtLeastOnce);
    assert_eq!(limits.maximum_packet_size, 1000);
    assert_eq!(limits.topic_alias_maximum, 7);
    assert!(!limits.retain_available);
    assert!(!limits.wildcard_subscription_available);
    assert!(!limits.subscription_identifier_available);
    assert!(!limits.shared_subscription_available);
}

#[test]
fn what_the_broker_does_not_allow_is_refused_before_it_is_sent() {
    // [MQTT-3.2.2-11], [MQTT-3.2.2-14], [MQTT-3.2.2-15]
    let granted = properties([
        Property::MaximumQos(AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(20),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
    ]);
    let mut pair = Pair::granted(v5(), &granted);
    pair.publish(ExactlyOnce);
    pair.publish_message(Publish::new("t", "").retain(true));
    for qos in QoS::ALL {
        pair.publish_message(Publish::new("t", "a payload of twenty").qos(qos));
    }
    pair.subscribe("a/+");
    pair.subscribe("$share/g/t");
    pair.subscribe("a/filter/of/twenty/b");
    pair.unsubscribe("a/filter/of/twenty/b");
    pair.check(
        "#1 not taken: QoS 2 is above the broker's maximum of QoS 1
         #2 not taken: the broker has no retained messages
         #3 not taken: the packet has 25 bytes, and the broker accepts at most 20
         #4 not taken: the packet has 27 bytes, and the broker accepts at most 20
         #5 not taken: QoS 2 is above the broker's maximum of QoS 1
         #6 not taken: the broker has no wildcard subscriptions
         #7 not taken: the broker has no shared subscriptions
         #8 not taken: the packet has 28 bytes, and the broker accepts at most 20
         #9 not taken: the packet has 27 bytes, and the broker accepts at most 20",
    );
    assert!(pair.packet_ids().is_empty());
    assert_eq!(pair.session.quota_taken(), 0);
    // The connection is as good as before.
    pair.publish(AtLeastOnce);
    pair.subscribe(Subscribe::to("t").qos(AtMostOnce));
    pair.check(
        r#"-> PUBLISH 1 QoS 1 t "m10"
           -> SUBSCRIBE 2 t:0"#,
    );
}

#[test]
fn limits_hold_for_their_connection_only() {
    let mut pair = Pair::granted(kept(v5()), &properties([Property::MaximumQos(AtMostOnce)]));
    pair.reconnect(true);
    pair.forget();
    pair.publish(ExactlyOnce);
    pair.check(r#"-> PUBLISH 1 QoS 2 t "m1""#);
}

#[test]
fn an_assigned_client_identifier_is_used_from_then_on() {
    let config = Config {
        client_id: Text::default(),
        ..v5()
    };
    let mut pair = Pair::new(config);
    pair.connect();
    pair.check("-> CONNECT MQTT 5.0 `` clean start true, keep alive 0");
    let assigned = properties([Property::AssignedClientIdentifier(
        Text::new("auto-7").unwrap(),
    )]);
    pair.hear(&connack_with(false, &assigned));
    pair.lose();
    pair.forget();
    pair.connect();
    pair.check("-> CONNECT MQTT 5.0 `auto-7` clean start true, keep alive 0");
}

#[test]
fn nothing_but_connack_may_come_first() {
    // [MQTT-3.2.0-1]
    let suback = suback(1, &[SubackReason::GrantedQos0]);
    let first = [
        publish(AtMostOnce, 0, "x"),
        publish(AtLeastOnce, 1, "x"),
        pubrel(1),
        suback,
        Packet::Pingresp,
    ];
    for config in both() {
        for packet in &first {
            let v5 = config.version == Version::V5;
            let mut pair = Pair::new(config.clone());
            pair.connect();
            pair.forget();
            pair.hear(packet);
            let happened = pair.happened();
            let lines: Vec<_> = happened.lines().skip(1).collect();
            let name = packet.packet_type();
            let event = format!(
                "!! not connected: lost: the broker sent {name} before CONNACK [MQTT-3.2.0-1]"
            );
            if v5 {
                assert_eq!(lines, ["-> DISCONNECT 0x82", &event, "closed"]);
            } else {
                assert_eq!(lines, [&event, "closed"]);
            }
        }
    }
}

#[test]
fn a_second_connack_ends_the_connection() {
    let mut pair = Pair::connected(v5());
    pair.hear(&connack(false));
    pair.check(
        "<- CONNACK
         -> DISCONNECT 0x82
         !! lost: the broker sent CONNACK twice [MQTT-3.2.0-2]
         closed",
    );
    let mut pair = Pair::connected(v311());
    pair.hear(&connack(false));
    pair.check(
        "<- CONNACK
         !! lost: the broker sent CONNACK twice [MQTT-3.2.0-1]
         closed",
    );
}

#[test]
fn authentication_that_nobody_asked_for_is_not_answered() {
    // [MQTT-4.12.0-7]
    let method = Property::AuthenticationMethod(Text::new("SCRAM").unwrap());
    let auth_properties = properties([method]);
    let auth = Packet::Auth(Auth {
        reason: AuthReason::ContinueAuthentication,
        properties: auth_properties.borrow(),
    });
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear(&auth);
    pair.check(
        r#"<- AUTH 0x18, AuthenticationMethod(Text("SCRAM"))
           -> DISCONNECT 0x82
           !! not connected: lost: the broker sent AUTH, and no authentication method is in use [MQTT-4.12.0-6]
           closed"#,
    );
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear(&connack_with(false, &auth_properties));
    pair.check(
        r#"<- CONNACK, AuthenticationMethod(Text("SCRAM"))
           -> DISCONNECT 0x82
           !! not connected: lost: the broker sent an authentication method, and none was asked for [MQTT-4.12.0-6]
           closed"#,
    );
    // 3.1.1 has no AUTH at all.
    let mut pair = Pair::connected(v311());
    pair.hear_bytes(&[0xF0, 0]);
    let happened = pair.happened();
    assert!(happened.contains("!! lost: "), "{happened}");
    assert!(!happened.contains("->"), "{happened}");
}

#[test]
fn a_disconnect_before_connack_is_told_as_the_broker_said_it() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear(&disconnect(DisconnectReason::ServerBusy));
    pair.check(
        "<- DISCONNECT 0x89
         !! not connected: lost: DISCONNECT 0x89
         closed",
    );
}

#[test]
fn the_transport_may_be_lost_before_connack() {
    for config in both() {
        let mut pair = Pair::new(config);
        pair.connect();
        pair.forget();
        pair.lose();
        pair.check("!! not connected: lost: EOF\nclosed");
        assert_eq!(pair.session.poll_timeout(), None);
        pair.lose();
        pair.check("");
    }
}

#[test]
fn garbage_before_connack_is_a_failed_attempt() {
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    pair.check(
        "<- the flags of the fixed header are 0b1000 and must be 0b0000, at byte 0 of PUBACK
         -> DISCONNECT 0x81
         !! not connected: lost: the flags of the fixed header are 0b1000 and must be 0b0000, at byte 0 of PUBACK [MQTT-2.1.3-1]
         closed",
    );
}

#[test]
fn connecting_can_be_given_up() {
    for config in both() {
        let mut pair = Pair::new(config);
        pair.connect();
        pair.forget();
        pair.disconnect(&Disconnect::default());
        pair.check(
            "-> DISCONNECT
             !! not connected: lost: by the client
             closed",
        );
    }
}

#[test]
fn connack_may_say_more_than_the_client_wants_to_know() {
    let said = reason_string("welcome");
    let mut pair = Pair::new(v5());
    pair.connect();
    pair.forget();
    pair.hear(&connack_with(false, &said));
    pair.check(
        r#"<- CONNACK, ReasonString(Text("welcome"))
                  !! connected"#,
    );
}

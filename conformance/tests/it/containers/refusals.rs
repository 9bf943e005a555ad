//! What Mosquitto refuses, and how our client tells.

use std::time::Duration;

use futures_util::future::join_all;
use nack_client::{
    Client, ConnackReason, ConnectError, Delivery, PacketType, Publish, PublishError,
    PublishReason, QoS, SubackReason, Subscribe, SubscribeError, UnsubackReason, Unsubscribe,
    UnsubscribeError, Version,
};

use super::mosquitto::{Mosquitto, OPEN};
use crate::happy_paths::next;

/// As `mosquitto_passwd` writes it: ann's password is `s3cret`.
const PASSWORDS: &str = "ann:$7$101$bmFjay10ZXN0cy0x$aeNKu+jcC3pHX/LVmuf/DL1z2apxEtTaqbTXmQVhecVxn2ufgHDr4e1qH3AwxWzLYUXakhPZG4n7e4GYh5Dbsw==\n";

#[tokio::test]
async fn wrong_password_is_a_refused_connection() {
    let configuration = "password_file /mosquitto/config/passwords\n";
    let files = [("passwords", PASSWORDS)];
    let Some(broker) = Mosquitto::start(configuration, &files).await else {
        return;
    };
    for (version, code) in [(Version::V5, 0x87), (Version::V311, 5)] {
        let options = || broker.options(version, "ann's");
        let attempts = [
            options().credentials("ann", "secret"),
            options().credentials("bob", "s3cret"),
            options().user_name("ann"),
            options(),
        ];
        for attempt in attempts {
            let refused = match Client::new(attempt.clone()).connect().await {
                Err(ConnectError::Refused(refused)) => refused,
                other => panic!("MQTT {version}: {attempt:?}: {other:?}"),
            };
            assert_eq!(refused.reason(), ConnackReason::NotAuthorized);
            assert_eq!(refused.raw_code(), code);
            assert_eq!(refused.packet(), PacketType::Connack);
        }
        let client = Client::new(options().credentials("ann", "s3cret"));
        client.connect().await.unwrap();
        client.disconnect().await.unwrap();
    }
}

/// Who comes without a name may send to, and hear of, what is below `open`, and may not stop
/// hearing of `open/always`.
///
/// A plain ACL file would not do: Mosquitto then grants every subscription, and delivers nothing.
const RIGHTS: &str = r#"{
  "defaultACLAccess": {
    "publishClientSend": false, "publishClientReceive": true, "subscribe": false, "unsubscribe": true
  },
  "clients": [],
  "groups": [{ "groupname": "nameless", "roles": [{ "rolename": "nameless" }] }],
  "anonymousGroup": "nameless",
  "roles": [{ "rolename": "nameless", "acls": [
    { "acltype": "publishClientSend", "topic": "open/#", "allow": true },
    { "acltype": "subscribePattern", "topic": "open/#", "allow": true },
    { "acltype": "unsubscribeLiteral", "topic": "open/always", "allow": false }
  ] }]
}
"#;

async fn with_rights() -> Option<Mosquitto> {
    let configuration = format!(
        "{OPEN}\
         plugin /usr/lib/mosquitto_dynamic_security.so\n\
         plugin_opt_config_file /mosquitto/config/rights.json\n"
    );
    Mosquitto::start(&configuration, &[("rights.json", RIGHTS)]).await
}

#[tokio::test]
async fn topic_without_a_right_to_it_is_a_refused_message() {
    let Some(broker) = with_rights().await else {
        return;
    };
    let client = broker.client(Version::V5, "nameless").await;
    for (qos, packet) in [
        (QoS::AtLeastOnce, PacketType::Puback),
        (QoS::ExactlyOnce, PacketType::Pubrec),
    ] {
        let message = Publish::new("closed/door", "knock").qos(qos);
        let error = client.publish(message).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Rejected);
        let PublishError::Refused(refused) = error else {
            panic!("{qos}: {error:?}");
        };
        assert_eq!(refused.reason(), PublishReason::NotAuthorized);
        assert_eq!((refused.packet(), refused.raw_code()), (packet, 0x87));
        let message = Publish::new("open/door", "hello").qos(qos);
        client.publish(message).await.unwrap();
    }
    assert!(client.is_connected(), "a refusal ends one message only");
}

#[tokio::test]
async fn mqtt_3_1_1_has_no_word_for_a_refused_message() {
    let Some(broker) = with_rights().await else {
        return;
    };
    let client = broker.client(Version::V311, "nameless").await;
    for qos in QoS::ALL {
        // [MQTT-3.3.5-2]: it is acknowledged all the same, or the connection is closed.
        let message = Publish::new("closed/door", "knock").qos(qos);
        client.publish(message).await.unwrap();
    }
}

#[tokio::test]
async fn filter_without_a_right_to_it_is_a_refused_subscription() {
    let Some(broker) = with_rights().await else {
        return;
    };
    for (version, reason) in [
        (Version::V5, SubackReason::NotAuthorized),
        (Version::V311, SubackReason::UnspecifiedError),
    ] {
        let client = broker.client(version, "nameless").await;
        let request = Subscribe::to("closed/#").and("open/door");
        let refused = match client.subscribe(request).await {
            Err(SubscribeError::Refused(refused)) => refused,
            other => panic!("MQTT {version}: {other:?}"),
        };
        assert_eq!(refused.reason(), reason, "MQTT {version}");
        let reasons: Vec<_> = refused.verdicts().iter().map(|of| of.reason).collect();
        assert_eq!(reasons, [reason, SubackReason::GrantedQos2]);

        // What was granted is not lost with what was refused.
        let mut open = refused.into_subscription().unwrap();
        let message = Publish::new("open/door", "hello").qos(QoS::AtLeastOnce);
        client.publish(message).await.unwrap();
        let expected = "open/door hello QoS 1 retain, dup: (false, false)";
        assert_eq!(next(&mut open).await, expected, "MQTT {version}");
        client.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn subscription_that_may_not_end_is_a_refused_unsubscribe() {
    let Some(broker) = with_rights().await else {
        return;
    };
    let client = broker.client(Version::V5, "nameless").await;
    let _always = client.subscribe("open/always").await.unwrap();
    let _door = client.subscribe("open/door").await.unwrap();
    let request = Unsubscribe::new("open/door").and("open/always");
    let refused = match client.unsubscribe(request).await {
        Err(UnsubscribeError::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    };
    let reasons: Vec<_> = refused.verdicts().iter().map(|of| of.reason).collect();
    let expected = [UnsubackReason::Success, UnsubackReason::NotAuthorized];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn limits_that_the_broker_has_told_hold_before_a_byte_is_sent() {
    let limits = "max_qos 1\nretain_available false\nmax_packet_size 200\n\
                  max_keepalive 30\nmax_inflight_messages 3\nmax_topic_alias 0\n";
    let Some(broker) = Mosquitto::start(&format!("{OPEN}{limits}"), &[]).await else {
        return;
    };
    let client = Client::new(broker.options(Version::V5, "limited"));
    let connected = client.connect().await.unwrap();
    let limits = connected.limits();
    assert_eq!(limits.maximum_qos, QoS::AtLeastOnce);
    assert!(!limits.retain_available);
    assert_eq!(limits.maximum_packet_size, 200);
    assert_eq!(limits.receive_maximum, 3);
    assert_eq!(limits.topic_alias_maximum, 0);
    assert_eq!(connected.keep_alive(), Duration::from_secs(30));

    let message = Publish::new("plant/3/heat", "21.5").qos(QoS::AtLeastOnce);
    let attempts = [
        message.clone().qos(QoS::ExactlyOnce),
        message.clone().retain(true),
        Publish::new("plant/3/heat", vec![0; 200]).qos(QoS::AtLeastOnce),
    ];
    for attempt in attempts {
        let error = client.publish(attempt).await.unwrap_err();
        assert!(matches!(error, PublishError::Invalid(_)), "{error:?}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    // More at once than the broker takes at a time: the rest wait, and none is lost.
    let mut heat = client.subscribe("plant/3/heat").await.unwrap();
    let many = (0..20).map(|_| client.publish(message.clone()));
    for published in join_all(many).await {
        published.unwrap();
    }
    for _ in 0..20 {
        let expected = "plant/3/heat 21.5 QoS 1 retain, dup: (false, false)";
        assert_eq!(next(&mut heat).await, expected);
    }
    assert!(client.is_connected());
}

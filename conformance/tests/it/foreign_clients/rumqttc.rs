//! rumqttc against the mock broker: what the broker does of itself is what a client expects of a
//! broker, and what it is told to do arrives.

use super::peer::{Peer, Wishes};
use nack_client::Version;
use nack_mock_broker::{MockBroker, ReasonCode, Rule, action, matcher};

const VERSIONS: [Version; 2] = [Version::V5, Version::V311];

/// What answers a message of each QoS.
const ANSWERS: [&[&str]; 3] = [&[], &["PUBACK"], &["PUBREC", "PUBCOMP"]];

#[tokio::test]
async fn messages_of_every_qos_come_back() {
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let wishes = Wishes::new(version, "rumqttc");
        let mut peer = Peer::connect(broker.address(), &wishes).await;
        peer.subscribe("plant/#", 2).await;
        assert_eq!(peer.answer().await, "SUBACK [Success(ExactlyOnce)]");
        for (qos, answers) in (0..).zip(ANSWERS) {
            peer.publish("plant/3/heat", "21.5", qos, false).await;
            for answer in answers {
                assert_eq!(peer.answer().await, *answer, "MQTT {version}");
            }
            let expected = format!("plant/3/heat 21.5 QoS {qos}");
            assert_eq!(peer.message().await, expected, "MQTT {version}");
        }
        peer.unsubscribe("plant/#").await;
        assert_eq!(peer.answer().await, "UNSUBACK");
        // Not what is sent now, but what is sent behind it is the next that comes.
        peer.publish("plant/3/heat", "22", 0, false).await;
        peer.subscribe("fence", 1).await;
        assert_eq!(peer.answer().await, "SUBACK [Success(AtLeastOnce)]");
        peer.publish("fence", "", 2, false).await;
        assert_eq!(peer.message().await, "fence  QoS 1", "MQTT {version}");
        peer.disconnect().await;
        broker.wait_for_close(1).await;
    }
}

#[tokio::test]
async fn many_messages_arrive_once_and_in_order() {
    const COUNT: usize = 1_000;
    for version in VERSIONS {
        for qos in 0..=2 {
            let broker = MockBroker::start().await.unwrap();
            let wishes = Wishes::new(version, "listener");
            let mut listener = Peer::connect(broker.address(), &wishes).await;
            listener.subscribe("count", 2).await;
            assert_eq!(listener.answer().await, "SUBACK [Success(ExactlyOnce)]");
            let wishes = Wishes::new(version, "sender");
            let sender = Peer::connect(broker.address(), &wishes).await;
            let send = async {
                for number in 0..COUNT {
                    sender
                        .publish("count", number.to_string(), qos, false)
                        .await;
                }
            };
            let listen = async {
                for number in 0..COUNT {
                    let expected = format!("count {number} QoS {qos}");
                    assert_eq!(listener.message().await, expected, "MQTT {version}");
                }
            };
            tokio::join!(send, listen);
        }
    }
}

#[tokio::test]
async fn retained_message_comes_to_whoever_subscribes_later() {
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let wishes = Wishes::new(version, "first");
        let mut first = Peer::connect(broker.address(), &wishes).await;
        first.publish("plant/3/heat", "21.5", 1, true).await;
        assert_eq!(first.answer().await, "PUBACK");

        let wishes = Wishes::new(version, "later");
        let mut later = Peer::connect(broker.address(), &wishes).await;
        later.subscribe("plant/+/heat", 2).await;
        assert_eq!(later.answer().await, "SUBACK [Success(ExactlyOnce)]");
        let expected = "plant/3/heat 21.5 QoS 1 retain";
        assert_eq!(later.message().await, expected, "MQTT {version}");
        // To who has subscribed it is a message like any other.
        first.publish("plant/3/heat", "22", 1, true).await;
        assert_eq!(later.message().await, "plant/3/heat 22 QoS 1");
    }
}

#[tokio::test]
async fn will_is_published_for_a_client_that_vanished_and_no_other() {
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let wishes = Wishes::new(version, "watcher");
        let mut watcher = Peer::connect(broker.address(), &wishes).await;
        watcher.subscribe("status/+", 1).await;
        assert_eq!(watcher.answer().await, "SUBACK [Success(AtLeastOnce)]");

        let orderly = Wishes {
            will: Some(("status/orderly", "gone")),
            ..Wishes::new(version, "orderly")
        };
        let peer = Peer::connect(broker.address(), &orderly).await;
        peer.disconnect().await;
        broker.wait_for_close(2).await;

        let lost = Wishes {
            will: Some(("status/lost", "gone")),
            ..Wishes::new(version, "lost")
        };
        drop(Peer::connect(broker.address(), &lost).await);
        let expected = "status/lost gone QoS 1";
        assert_eq!(watcher.message().await, expected, "MQTT {version}");
    }
}

#[tokio::test]
async fn session_is_resumed_with_the_messages_that_it_missed() {
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let wishes = Wishes {
            keeps_session: true,
            ..Wishes::new(version, "sleeper")
        };
        let mut sleeper = Peer::connect(broker.address(), &wishes).await;
        sleeper.subscribe("plant/#", 2).await;
        assert_eq!(sleeper.answer().await, "SUBACK [Success(ExactlyOnce)]");
        drop(sleeper);
        broker.wait_for_close(1).await;

        let other = Wishes::new(version, "other");
        let mut other = Peer::connect(broker.address(), &other).await;
        for (qos, answers) in (1..).zip(&ANSWERS[1..]) {
            other.publish("plant/3/heat", "21.5", qos, false).await;
            for answer in *answers {
                assert_eq!(other.answer().await, *answer);
            }
        }

        let mut awake = Peer::start(broker.address(), &wishes);
        assert_eq!(awake.answer().await, "CONNACK session present");
        for qos in 1..=2 {
            let expected = format!("plant/3/heat 21.5 QoS {qos}");
            assert_eq!(awake.message().await, expected, "MQTT {version}");
        }
    }
}

#[tokio::test]
async fn refused_connection_is_told() {
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let _rule = Rule::given(matcher::connect())
            .then(action::connack(ReasonCode::NotAuthorized))
            .expect(1)
            .mount(&broker);
        let mut peer = Peer::start(broker.address(), &Wishes::new(version, "rumqttc"));
        let expected = "Connection refused, return code: `NotAuthorized`";
        assert_eq!(peer.answer().await, expected, "MQTT {version}");
    }
}

#[tokio::test]
async fn refused_subscription_is_told() {
    for (version, expected) in [
        (Version::V5, "SUBACK [QuotaExceeded]"),
        (Version::V311, "SUBACK [Failure]"),
    ] {
        let broker = MockBroker::start().await.unwrap();
        let code = if version == Version::V5 { 0x97 } else { 0x80 };
        let _rule = Rule::given(matcher::subscribe())
            .then(action::suback_each(code))
            .expect(1)
            .mount(&broker);
        let wishes = Wishes::new(version, "rumqttc");
        let mut peer = Peer::connect(broker.address(), &wishes).await;
        peer.subscribe("plant/#", 1).await;
        assert_eq!(peer.answer().await, expected);
    }
}

#[tokio::test]
async fn refused_message_is_told_and_the_next_is_not_refused() {
    let broker = MockBroker::start().await.unwrap();
    let _puback = Rule::given(matcher::publish().topic("full/1"))
        .then(action::puback(0x97).reason_string("over quota"))
        .expect(1)
        .mount(&broker);
    let _pubrec = Rule::given(matcher::publish().topic("full/2"))
        .then(action::pubrec(0x87))
        .expect(1)
        .mount(&broker);
    let wishes = Wishes::new(Version::V5, "rumqttc");
    let mut peer = Peer::connect(broker.address(), &wishes).await;
    for (topic, qos, answers) in [
        ("full/1", 1, &["PUBACK QuotaExceeded"][..]),
        ("open/1", 1, ANSWERS[1]),
        ("full/2", 2, &["PUBREC NotAuthorized"]),
        ("open/2", 2, ANSWERS[2]),
    ] {
        peer.publish(topic, "x", qos, false).await;
        for answer in answers {
            assert_eq!(peer.answer().await, *answer, "{topic}");
        }
    }
}

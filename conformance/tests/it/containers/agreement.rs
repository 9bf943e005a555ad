//! What Mosquitto has nothing against: both sides read the standard in the same way.

use nack_client::{Client, Options, Publish, QoS, Subscribe, Version};

use super::mosquitto::{Mosquitto, OPEN};
use crate::happy_paths::{PATIENCE, happy_paths, next, shown};

async fn happy_paths_of(version: Version) {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    happy_paths(broker.address(), version, &[]).await;
}

#[tokio::test]
async fn happy_paths_of_mqtt_5_0() {
    happy_paths_of(Version::V5).await;
}

#[tokio::test]
async fn happy_paths_of_mqtt_3_1_1() {
    happy_paths_of(Version::V311).await;
}

#[tokio::test]
async fn retained_message_comes_to_whoever_subscribes_later() {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let client = broker.client(version, "retainer").await;
        let topic = format!("plant/{version}/heat");
        for qos in QoS::ALL {
            let heat = Publish::new(topic.clone(), "21.5").qos(qos).retain(true);
            client.publish(heat).await.unwrap();
            let mut later = client.subscribe(topic.as_str()).await.unwrap();
            let expected = format!("{topic} 21.5 {qos} retain, dup: (true, false)");
            assert_eq!(next(&mut later).await, expected, "MQTT {version}");
            client.unsubscribe(topic.as_str()).await.unwrap();
        }

        // An empty payload takes it back [MQTT-3.3.1-6]: what comes next is not it.
        let nothing = Publish::new(topic.clone(), "").qos(QoS::AtLeastOnce);
        client.publish(nothing.retain(true)).await.unwrap();
        let mut later = client.subscribe(topic.as_str()).await.unwrap();
        let fence = Publish::new(topic.clone(), "fence").qos(QoS::AtLeastOnce);
        client.publish(fence).await.unwrap();
        let expected = format!("{topic} fence QoS 1 retain, dup: (false, false)");
        assert_eq!(next(&mut later).await, expected, "MQTT {version}");
        client.disconnect().await.unwrap();
    }
}

/// Options of a client whose session outlives its connection.
fn kept(options: Options, version: Version) -> Options {
    let options = options.clean_start(false);
    match version {
        Version::V5 => options.session_expiry_interval(300),
        Version::V311 => options,
    }
}

#[tokio::test]
async fn session_is_resumed_with_the_messages_that_it_missed() {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let options = kept(
            broker.options(version, &format!("sleeper {version}")),
            version,
        );
        let sleeper = Client::new(options.clone());
        assert!(!sleeper.connect().await.unwrap().session_present());
        let request = Subscribe::to("plant/+/heat").qos(QoS::ExactlyOnce);
        // Dropping it would end it at the broker.
        let _plant = sleeper.subscribe(request).await.unwrap();
        sleeper.disconnect().await.unwrap();

        let other = broker.client(version, "other").await;
        for qos in QoS::ALL {
            let heat = Publish::new(format!("plant/{}/heat", qos as u8), "21.5").qos(qos);
            other.publish(heat).await.unwrap();
        }
        other.disconnect().await.unwrap();

        // Another process of the same application, so to speak.
        let awake = Client::new(options.resume_session(true));
        let mut missed = awake.messages().unwrap();
        assert!(awake.connect().await.unwrap().session_present());
        // Whether QoS 0 is kept is the broker's choice; Mosquitto's is not to.
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let message = tokio::time::timeout(PATIENCE, missed.recv()).await;
            let topic = format!("plant/{}/heat", qos as u8);
            let expected = format!("{topic} 21.5 {qos} retain, dup: (false, false)");
            assert_eq!(
                shown(&message.unwrap().unwrap()),
                expected,
                "MQTT {version}"
            );
        }
        awake.disconnect().await.unwrap();
    }
}

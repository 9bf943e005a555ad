//! What Mosquitto has nothing against: both sides read the standard in the same way.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use nack_client::{Client, Options, Publish, QoS, Subscribe, Version};
use tokio::time::timeout;

use super::mosquitto::{Mosquitto, OPEN};
use crate::happy_paths::{PATIENCE, happy_paths, next, shown};
use crate::upstream::in_front_of;

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
async fn the_mock_broker_stands_in_front_of_it() {
    for version in Version::ALL {
        let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
            return;
        };
        in_front_of(broker.address(), version, &[]).await;
    }
}

#[tokio::test]
async fn many_messages_at_once_arrive_once() {
    const COUNT: usize = 1_000;
    // MQTT 5.0 tells the client how many it may send at a time, and Mosquitto refuses the others.
    // 3.1.1 has no word for either: there it takes them all, or drops some in silence.
    for (version, inflight) in [(Version::V5, 20), (Version::V311, 0)] {
        let limits = format!("max_queued_messages 10000\nmax_inflight_messages {inflight}\n");
        let Some(broker) = Mosquitto::start(&format!("{OPEN}{limits}"), &[]).await else {
            return;
        };
        let listener = broker.client(version, "listener").await;
        let mut count = listener.subscribe("count").await.unwrap();
        let sender = broker.client(version, "sender").await;
        for qos in QoS::ALL {
            // Far more than the client has room for.
            let numbers: BTreeSet<String> = (0..COUNT).map(|n| n.to_string()).collect();
            let message = |number: &String| Publish::new("count", number.clone()).qos(qos);
            let send = join_all(numbers.iter().map(|number| sender.publish(message(number))));
            let listen = async {
                let mut open = numbers.clone();
                while !open.is_empty() {
                    let heard = timeout(PATIENCE, count.recv()).await.unwrap();
                    let heard = heard.unwrap().unwrap();
                    let number = String::from_utf8_lossy(heard.payload()).into_owned();
                    assert!(
                        open.remove(&number),
                        "MQTT {version}, {qos}: {number} again"
                    );
                }
            };
            let (sent, ()) = tokio::join!(send, listen);
            sent.into_iter().for_each(|sent| drop(sent.unwrap()));
        }
        sender.disconnect().await.unwrap();
        listener.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn messages_arrive_in_the_order_in_which_they_were_sent() {
    const COUNT: usize = 100;
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let listener = broker.client(version, "listener").await;
        let mut count = listener.subscribe("count").await.unwrap();
        let sender = broker.client(version, "sender").await;
        for qos in QoS::ALL {
            let send = async {
                for number in 0..COUNT {
                    let message = Publish::new("count", number.to_string()).qos(qos);
                    sender.publish(message).await.unwrap();
                }
            };
            let listen = async {
                for number in 0..COUNT {
                    let expected = format!("count {number} {qos} retain, dup: (false, false)");
                    assert_eq!(next(&mut count).await, expected, "MQTT {version}");
                }
            };
            tokio::join!(send, listen);
        }
        sender.disconnect().await.unwrap();
        listener.disconnect().await.unwrap();
    }
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
            let message = timeout(PATIENCE, missed.recv()).await;
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

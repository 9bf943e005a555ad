//! Mosquitto is killed, stopped, paused, cut off: whatever was pending is told, and why.

use std::time::Duration;

use nack_client::{
    Client, ConnectionLost, Delivery, DisconnectReason, Options, Publish, PublishError, QoS,
    SubscribeError, UnsubscribeError, Version,
};
use tokio::net::TcpStream;

use super::mosquitto::{Mosquitto, OPEN};
use crate::happy_paths::next;

/// Options of a client that misses a silent broker soon, and keeps its session.
fn watchful(broker: &Mosquitto, version: Version) -> Options {
    let options = broker
        .options(version, &format!("watchful {version}"))
        .clean_start(false)
        .keep_alive(Duration::from_secs(1))
        .ping_timeout(Duration::from_secs(2));
    match version {
        Version::V5 => options.session_expiry_interval(300),
        Version::V311 => options,
    }
}

/// Asks for one thing of each kind while the broker hears and does not answer, has `end` happen
/// when all of it was sent, and says why each of them failed.
async fn causes(
    broker: &Mosquitto,
    client: &Client,
    end: impl AsyncFnOnce(),
) -> Vec<ConnectionLost> {
    let mut heard = client.subscribe("plant/0/heat").await.unwrap();
    broker.signal("STOP").await;
    let publish = |qos| client.publish(Publish::new("plant/1/heat", "21.5").qos(qos));
    let end = async {
        // Requests are sent in their order, and QoS 0 is over once it was sent.
        publish(QoS::AtMostOnce).await.unwrap();
        end().await;
    };
    let (at_least_once, exactly_once, subscribed, unsubscribed, message, closed, ()) = tokio::join!(
        publish(QoS::AtLeastOnce),
        publish(QoS::ExactlyOnce),
        client.subscribe("plant/2/heat"),
        client.unsubscribe("plant/3/heat"),
        heard.recv(),
        client.closed(),
        end,
    );
    assert!(!client.is_connected());
    let mut causes = vec![closed];
    for published in [at_least_once, exactly_once] {
        match published {
            Err(PublishError::ConnectionLost { cause, delivery }) => {
                assert_eq!(delivery, Delivery::InSession);
                causes.push(cause);
            }
            other => panic!("{other:?}"),
        }
    }
    match subscribed {
        Err(SubscribeError::ConnectionLost(cause)) => causes.push(cause),
        other => panic!("{other:?}"),
    }
    match unsubscribed {
        Err(UnsubscribeError::ConnectionLost(cause)) => causes.push(cause),
        other => panic!("{other:?}"),
    }
    causes.push(message.unwrap().unwrap_err());
    causes
}

/// The process is gone: the other end closed, or reset.
fn is_closed(cause: &ConnectionLost) -> bool {
    matches!(cause, ConnectionLost::Eof | ConnectionLost::Io(_))
}

#[tokio::test]
async fn killed_broker_ends_all_that_is_pending() {
    let Some(mut broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let client = Client::new(watchful(&broker, version));
        client.connect().await.unwrap();
        let causes = causes(&broker, &client, async || broker.signal("KILL").await).await;
        assert!(causes.iter().all(is_closed), "MQTT {version}: {causes:?}");

        // What it kept in memory is gone with it, and the application is told so.
        broker.start_again().await;
        let transport = TcpStream::connect(broker.address()).await.unwrap();
        let connected = client.connect_over(transport).await.unwrap();
        assert!(!connected.session_present());
        assert_eq!(connected.lost_messages(), 2);
        client.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn client_of_the_same_name_takes_the_connection_over() {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let first = broker.client(version, "twin").await;
        let second = broker.client(version, "twin").await;
        let cause = first.closed().await;
        match &cause {
            // Only MQTT 5.0 has the word, and the Mosquitto of Debian 12 does not use it.
            ConnectionLost::ByServer(disconnect) if version == Version::V5 => {
                assert_eq!(disconnect.reason(), DisconnectReason::SessionTakenOver);
            }
            cause => assert!(is_closed(cause), "MQTT {version}: {cause:?}"),
        }
        assert!(second.is_connected());
        second.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn paused_broker_is_missed_by_keep_alive() {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let client = Client::new(watchful(&broker, version));
        client.connect().await.unwrap();
        let other = broker.client(version, "other").await;
        let mut heat = other.subscribe("plant/9/heat").await.unwrap();

        broker.pause().await;
        let message = |text| Publish::new("plant/9/heat", text).qos(QoS::ExactlyOnce);
        let (published, closed) = tokio::join!(client.publish(message("once")), client.closed());
        assert!(matches!(closed, ConnectionLost::KeepAlive(_)), "{closed:?}");
        let error = published.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(error.delivery(), Delivery::InSession);

        // The broker goes on with what lay in its socket, and is sent the message again.
        broker.resume().await;
        let connected = client.connect().await.unwrap();
        assert!(connected.session_present());
        client.publish(message("fence")).await.unwrap();
        for text in ["once", "fence"] {
            let expected = format!("plant/9/heat {text} QoS 2 retain, dup: (false, false)");
            assert_eq!(next(&mut heat).await, expected, "MQTT {version}");
        }
        client.disconnect().await.unwrap();
        other.disconnect().await.unwrap();
    }
}

#[tokio::test]
async fn broker_behind_a_cut_network_is_lost() {
    let Some(broker) = Mosquitto::start(OPEN, &[]).await else {
        return;
    };
    let client = Client::new(watchful(&broker, Version::V5));
    client.connect().await.unwrap();
    let causes = causes(&broker, &client, async || broker.cut_network().await).await;
    // Whether Docker's own proxy in between ends too or falls silent depends on how it is set up.
    let is_lost = |cause: &ConnectionLost| is_closed(cause) || cause.is_timeout();
    assert!(causes.iter().all(is_lost), "{causes:?}");
}

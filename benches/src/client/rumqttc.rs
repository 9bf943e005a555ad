//! rumqttc 0.25, both of its clients, driven as its documentation does: one task publishes, the
//! event loop is polled until the acknowledgements are in.

use std::net::SocketAddr;

use nack_codec::QoS;

use super::measure::{Stopwatch, block_on};
use super::{Direction, PAYLOAD, Spent, TOPIC, Task};

/// The client of one version: the two have the same shape and other types.
macro_rules! client {
    ($name:ident, $module:path, $inflight:ident, |$event:ident| $acknowledged:expr, $received:expr) => {
        pub(super) fn $name(address: SocketAddr, task: Task) -> Spent {
            use $module as library;
            let qos = match task.qos {
                QoS::AtMostOnce => library::mqttbytes::QoS::AtMostOnce,
                _ => library::mqttbytes::QoS::AtLeastOnce,
            };
            block_on(async move {
                let host = address.ip().to_string();
                let mut options = library::MqttOptions::new("c", host, address.port());
                options.$inflight(task.in_flight.max(1));
                let capacity = usize::from(task.in_flight.max(16));
                let (client, mut events) = library::AsyncClient::new(options, capacity);
                // The CONNACK.
                events.poll().await?;
                let watch = Stopwatch::start();
                let receives = task.direction == Direction::Receive;
                if receives {
                    client.subscribe("#", qos).await?;
                } else {
                    tokio::spawn(async move {
                        let payload = bytes::Bytes::from_static(&[0x5A; PAYLOAD]);
                        for _ in 0..task.messages {
                            let payload = payload.clone();
                            let published = client.publish_bytes(TOPIC, qos, false, payload);
                            if published.await.is_err() {
                                break;
                            }
                        }
                        // The event loop ends with its last client.
                        std::future::pending::<()>().await;
                    });
                }
                let mut left = task.messages;
                while left > 0 {
                    let $event = events.poll().await?;
                    let counts = match (receives, task.qos) {
                        (true, _) => $received,
                        // It tells when it has sent.
                        (false, QoS::AtMostOnce) => {
                            matches!(
                                $event,
                                library::Event::Outgoing(::rumqttc::Outgoing::Publish(_))
                            )
                        }
                        (false, _) => $acknowledged,
                    };
                    left -= u32::from(counts);
                }
                Ok(watch.stop())
            })
        }
    };
}

client!(
    v4,
    ::rumqttc,
    set_inflight,
    |event| matches!(
        event,
        ::rumqttc::Event::Incoming(::rumqttc::Packet::PubAck(_))
    ),
    matches!(
        event,
        ::rumqttc::Event::Incoming(::rumqttc::Packet::Publish(_))
    )
);
client!(
    v5,
    ::rumqttc::v5,
    set_outgoing_inflight_upper_limit,
    |event| matches!(
        event,
        ::rumqttc::v5::Event::Incoming(::rumqttc::v5::mqttbytes::v5::Packet::PubAck(_))
    ),
    matches!(
        event,
        ::rumqttc::v5::Event::Incoming(::rumqttc::v5::mqttbytes::v5::Packet::Publish(_))
    )
);

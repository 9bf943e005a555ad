//! Our client against rumqttd, which runs in the test's process: the happy paths of both versions.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use nack_client::Version;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

use crate::happy_paths::{Departure, PATIENCE, happy_paths};
use crate::upstream::in_front_of;

const DEPARTURES: &[Departure] = &[
    Departure {
        version: Version::V5,
        about: "delivery of QoS 0 to a subscription of QoS 2",
        does: "plant/9/heat 9 QoS 2 retain, dup: (false, false)",
        reason: "it delivers at the granted QoS, whatever the message was published at; \
                 MQTT-3.8.4-8 demands the lower of the two",
    },
    Departure {
        version: Version::V311,
        about: "delivery of QoS 0 to a subscription of QoS 2",
        does: "plant/9/heat 9 QoS 2 retain, dup: (false, false)",
        reason: "it delivers at the granted QoS, whatever the message was published at; \
                 MQTT-3.8.4-6 demands the lower of the two",
    },
];

/// Starts rumqttd, which cannot be asked which port the system gave it: a port that was free a
/// moment ago is given to it, and another one if somebody was faster.
fn start(version: Version) -> SocketAddr {
    for _ in 0..10 {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        // The broker has no way to be stopped, and ends with the process.
        let broker = thread::spawn(move || {
            // What went wrong does not matter: another port is tried.
            let _ = Broker::new(config(version, address)).start();
        });
        if is_up(address, &broker) {
            return address;
        }
    }
    panic!("rumqttd found no port to listen on");
}

fn is_up<T>(address: SocketAddr, broker: &JoinHandle<T>) -> bool {
    let deadline = Instant::now() + PATIENCE;
    // A broker that cannot bind its port gives up.
    while !broker.is_finished() && Instant::now() < deadline {
        if TcpStream::connect(address).is_ok() {
            return !broker.is_finished();
        }
        thread::yield_now();
    }
    false
}

fn config(version: Version, address: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 60_000,
        max_payload_size: 1024 * 1024,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings {
        name: version.to_string(),
        listen: address,
        tls: None,
        next_connection_delay_ms: 0,
        connections,
    };
    let servers = Some(HashMap::from([(server.name.clone(), server)]));
    let router = RouterConfig {
        max_connections: 100,
        max_outgoing_packet_count: 200,
        max_segment_size: 1024 * 1024,
        max_segment_count: 10,
        ..RouterConfig::default()
    };
    let config = Config {
        router,
        ..Config::default()
    };
    match version {
        Version::V311 => Config {
            v4: servers,
            ..config
        },
        Version::V5 => Config {
            v5: servers,
            ..config
        },
    }
}

#[tokio::test]
async fn happy_paths_of_mqtt_5_0() {
    let version = Version::V5;
    happy_paths(&start(version).to_string(), version, DEPARTURES).await;
}

#[tokio::test]
async fn happy_paths_of_mqtt_3_1_1() {
    let version = Version::V311;
    happy_paths(&start(version).to_string(), version, DEPARTURES).await;
}

#[tokio::test]
async fn the_mock_broker_stands_in_front_of_it() {
    for version in Version::ALL {
        in_front_of(&start(version).to_string(), version, DEPARTURES).await;
    }
}

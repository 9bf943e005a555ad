//! Our client against a broker that we did not write, on real sockets: the happy paths of both
//! versions. A mistake of our codec that our own broker shares would show here.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nack_client::{
    Client, Message, Options, Publish, QoS, Subscribe, Subscription, Unsubscribe, Version,
};
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// What is waited for takes milliseconds; a machine that is busy may need more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where rumqttd departs from the standard: in which version, about what, what it does instead,
/// and why we live with it.
const DEPARTURES: &[(Version, &str, &str, &str)] = &[
    (
        Version::V5,
        "delivery of QoS 0 to a subscription of QoS 2",
        "plant/9/heat 9 QoS 2 retain, dup: (false, false)",
        "it delivers at the granted QoS, whatever the message was published at; MQTT-3.8.4-8 \
         demands the lower of the two",
    ),
    (
        Version::V311,
        "delivery of QoS 0 to a subscription of QoS 2",
        "plant/9/heat 9 QoS 2 retain, dup: (false, false)",
        "it delivers at the granted QoS, whatever the message was published at; MQTT-3.8.4-6 \
         demands the lower of the two",
    ),
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

/// What the standard says, and what the broker did.
#[derive(Default)]
struct Facts {
    seen: BTreeMap<String, (String, String)>,
}

impl Facts {
    fn note(&mut self, about: impl Into<String>, standard: impl ToString, seen: impl ToString) {
        let known = self
            .seen
            .insert(about.into(), (standard.to_string(), seen.to_string()));
        assert!(known.is_none(), "a fact is noted once");
    }

    /// All is as the standard has it, but for the departures, and those are still there.
    fn check(mut self, version: Version) {
        let mut wrong = Vec::new();
        for (_, about, does, reason) in DEPARTURES.iter().filter(|(of, ..)| *of == version) {
            let (standard, seen) = self.seen.remove(*about).unwrap();
            if seen == standard {
                wrong.push(format!(
                    "{about}: strike it off the list of departures: {reason}"
                ));
            } else if seen != *does {
                wrong.push(format!("{about}: departs in another way: {seen}"));
            }
        }
        for (about, (standard, seen)) in self.seen {
            if seen != standard {
                wrong.push(format!("{about}: {standard}; rumqttd: {seen}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// A message as its receiver sees it.
fn shown(message: &Message) -> String {
    let payload = String::from_utf8_lossy(message.payload());
    let flags = (message.retain(), message.dup());
    format!(
        "{} {payload} {} retain, dup: {flags:?}",
        message.topic(),
        message.qos()
    )
}

async fn next(subscription: &mut Subscription) -> String {
    match tokio::time::timeout(PATIENCE, subscription.recv()).await {
        Ok(Some(Ok(message))) => shown(&message),
        Ok(other) => format!("{other:?}"),
        Err(_) => "nothing".to_owned(),
    }
}

async fn happy_paths(version: Version) {
    let address = start(version);
    let mut facts = Facts::default();
    let options = Options::new(address.to_string())
        .version(version)
        .client_id("happy");
    let client = Client::new(options);

    let connected = client.connect().await.unwrap();
    facts.note("session present", false, connected.session_present());

    for qos in QoS::ALL {
        let topic = format!("plant/{}/heat", qos as u8);
        let mut heat = client
            .subscribe(Subscribe::to(&topic).qos(qos))
            .await
            .unwrap();
        facts.note(format!("granted {qos}"), qos, heat.granted()[0].1);
        let message = Publish::new(topic.clone(), "21.5").qos(qos);
        let published = client.publish(message).await.unwrap();
        facts.note(format!("answer to {qos}"), "success", published.reason());
        let expected = format!("{topic} 21.5 {qos} retain, dup: (false, false)");
        facts.note(
            format!("delivery at {qos}"),
            expected,
            next(&mut heat).await,
        );
        let ended = client.unsubscribe(Unsubscribe::new(&topic)).await.unwrap();
        facts.note(
            format!("end of {qos}"),
            "success",
            ended.verdicts()[0].reason,
        );
        assert!(heat.recv().await.is_none(), "its stream has ended");
    }

    let request = Subscribe::to("plant/+/heat").qos(QoS::ExactlyOnce);
    let mut plant = client.subscribe(request).await.unwrap();
    client
        .publish(Publish::new("plant/9/heat", "9").qos(QoS::AtMostOnce))
        .await
        .unwrap();
    let expected = "plant/9/heat 9 QoS 0 retain, dup: (false, false)";
    facts.note(
        "delivery of QoS 0 to a subscription of QoS 2",
        expected,
        next(&mut plant).await,
    );

    // A second client, so that what is delivered is not only what the sender said.
    let options = Options::new(address.to_string())
        .version(version)
        .client_id("other");
    let other = Client::new(options);
    other.connect().await.unwrap();
    let message = Publish::new("plant/7/heat", vec![0; 100_000]).qos(QoS::AtLeastOnce);
    other.publish(message).await.unwrap();
    let large = tokio::time::timeout(PATIENCE, plant.recv())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    facts.note("size of a large message", 100_000, large.payload().len());

    let ended = client
        .unsubscribe(Unsubscribe::new("plant/+/heat"))
        .await
        .unwrap();
    facts.note(
        "answer to UNSUBSCRIBE",
        "success",
        ended.verdicts()[0].reason,
    );

    // What is published now does not come: what is published behind it is the next that does.
    let mut fence = client
        .subscribe(Subscribe::to("#").qos(QoS::AtMostOnce))
        .await
        .unwrap();
    other
        .publish(Publish::new("fence", "").qos(QoS::AtLeastOnce))
        .await
        .unwrap();
    let expected = "fence  QoS 0 retain, dup: (false, false)";
    facts.note(
        "delivery below the published QoS",
        expected,
        next(&mut fence).await,
    );

    client.disconnect().await.unwrap();
    assert!(!client.is_connected());
    other.disconnect().await.unwrap();
    facts.check(version);
}

#[tokio::test]
async fn happy_paths_of_mqtt_5_0() {
    happy_paths(Version::V5).await;
}

#[tokio::test]
async fn happy_paths_of_mqtt_3_1_1() {
    happy_paths(Version::V311).await;
}

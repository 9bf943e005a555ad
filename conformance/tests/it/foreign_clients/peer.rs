//! One rumqttc client of either version, whose events are told as text: the versions differ in
//! their types, and not in what a test wants to see.

use std::net::SocketAddr;

use nack_client::Version;
use rumqttc::v5;
use rumqttc::v5::mqttbytes::v5 as packets;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::happy_paths::PATIENCE;

/// What a client asks for when it connects.
#[derive(Clone)]
pub(super) struct Wishes {
    pub(super) version: Version,
    pub(super) client_id: &'static str,
    /// Whether the session outlives the connection, and an old one is taken up.
    pub(super) keeps_session: bool,
    /// Topic and payload, at QoS 1.
    pub(super) will: Option<(&'static str, &'static str)>,
}

impl Wishes {
    pub(super) fn new(version: Version, client_id: &'static str) -> Self {
        Self {
            version,
            client_id,
            keeps_session: false,
            will: None,
        }
    }
}

/// A client and the task that drives it. Dropping it closes the connection without a DISCONNECT.
pub(super) struct Peer {
    client: Client,
    answers: mpsc::UnboundedReceiver<String>,
    messages: mpsc::UnboundedReceiver<String>,
    driver: JoinHandle<()>,
}

enum Client {
    V311(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// What came, and which of the two streams it belongs to: how they interleave is the broker's
/// choice.
enum Seen {
    Answer(String),
    Message(String),
    Neither,
}

impl Peer {
    /// Begins to connect; the first answer is the CONNACK.
    pub(super) fn start(address: SocketAddr, wishes: &Wishes) -> Self {
        let (answer, answers) = mpsc::unbounded_channel();
        let (message, messages) = mpsc::unbounded_channel();
        // Nobody listens to a client that is about to be dropped.
        let tell = move |seen| match seen {
            Seen::Answer(text) => drop(answer.send(text)),
            Seen::Message(text) => drop(message.send(text)),
            Seen::Neither => {}
        };
        let (client, driver) = match wishes.version {
            Version::V311 => v311_client(address, wishes, tell),
            Version::V5 => v5_client(address, wishes, tell),
        };
        Self {
            client,
            answers,
            messages,
            driver,
        }
    }

    /// Connects; fails unless the broker accepts.
    pub(super) async fn connect(address: SocketAddr, wishes: &Wishes) -> Self {
        let mut peer = Self::start(address, wishes);
        assert_eq!(peer.answer().await, "CONNACK");
        peer
    }

    /// The next acknowledgement, or the error that ended the connection.
    pub(super) async fn answer(&mut self) -> String {
        next(&mut self.answers).await
    }

    /// The next message.
    pub(super) async fn message(&mut self) -> String {
        next(&mut self.messages).await
    }

    pub(super) async fn publish(
        &self,
        topic: &str,
        payload: impl Into<String>,
        qos: u8,
        retain: bool,
    ) {
        let payload = payload.into();
        match &self.client {
            Client::V311(client) => client
                .publish(topic, rumqttc::qos(qos).unwrap(), retain, payload)
                .await
                .unwrap(),
            Client::V5(client) => client
                .publish(topic, v5::mqttbytes::qos(qos).unwrap(), retain, payload)
                .await
                .unwrap(),
        }
    }

    pub(super) async fn subscribe(&self, filter: &str, qos: u8) {
        match &self.client {
            Client::V311(client) => client
                .subscribe(filter, rumqttc::qos(qos).unwrap())
                .await
                .unwrap(),
            Client::V5(client) => client
                .subscribe(filter, v5::mqttbytes::qos(qos).unwrap())
                .await
                .unwrap(),
        }
    }

    pub(super) async fn unsubscribe(&self, filter: &str) {
        match &self.client {
            Client::V311(client) => client.unsubscribe(filter).await.unwrap(),
            Client::V5(client) => client.unsubscribe(filter).await.unwrap(),
        }
    }

    /// Disconnects in order, and returns when the connection is closed.
    pub(super) async fn disconnect(mut self) {
        match &self.client {
            Client::V311(client) => client.disconnect().await.unwrap(),
            Client::V5(client) => client.disconnect().await.unwrap(),
        }
        timeout(PATIENCE, &mut self.driver).await.unwrap().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn next(texts: &mut mpsc::UnboundedReceiver<String>) -> String {
    match timeout(PATIENCE, texts.recv()).await {
        Ok(Some(text)) => text,
        Ok(None) => "the end".to_owned(),
        Err(_) => "nothing".to_owned(),
    }
}

fn v311_client(
    address: SocketAddr,
    wishes: &Wishes,
    tell: impl Fn(Seen) + Send + 'static,
) -> (Client, JoinHandle<()>) {
    let mut options =
        rumqttc::MqttOptions::new(wishes.client_id, address.ip().to_string(), address.port());
    options.set_clean_session(!wishes.keeps_session);
    if let Some((topic, payload)) = wishes.will {
        let qos = rumqttc::QoS::AtLeastOnce;
        options.set_last_will(rumqttc::LastWill::new(topic, payload, qos, false));
    }
    let (client, mut events) = rumqttc::AsyncClient::new(options, 16);
    let driver = tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(rumqttc::Event::Incoming(packet)) => tell(v311_seen(packet)),
                Ok(rumqttc::Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(rumqttc::Event::Outgoing(_)) => {}
                // It would connect again if it were asked once more.
                Err(error) => return tell(Seen::Answer(error.to_string())),
            }
        }
    });
    (Client::V311(client), driver)
}

fn v311_seen(packet: rumqttc::Packet) -> Seen {
    use rumqttc::Packet;
    Seen::Answer(match packet {
        Packet::ConnAck(connack) => connack_text(connack.session_present),
        Packet::SubAck(suback) => format!("SUBACK {:?}", suback.return_codes),
        Packet::UnsubAck(_) => "UNSUBACK".to_owned(),
        Packet::PubAck(_) => "PUBACK".to_owned(),
        Packet::PubRec(_) => "PUBREC".to_owned(),
        Packet::PubComp(_) => "PUBCOMP".to_owned(),
        Packet::Publish(publish) => {
            let qos = publish.qos as u8;
            let topic = publish.topic.as_bytes();
            return message(topic, &publish.payload, qos, publish.retain);
        }
        _ => return Seen::Neither,
    })
}

fn v5_client(
    address: SocketAddr,
    wishes: &Wishes,
    tell: impl Fn(Seen) + Send + 'static,
) -> (Client, JoinHandle<()>) {
    let mut options =
        v5::MqttOptions::new(wishes.client_id, address.ip().to_string(), address.port());
    options.set_clean_start(!wishes.keeps_session);
    options.set_session_expiry_interval(wishes.keeps_session.then_some(300));
    if let Some((topic, payload)) = wishes.will {
        let qos = v5::mqttbytes::QoS::AtLeastOnce;
        options.set_last_will(packets::LastWill::new(topic, payload, qos, false, None));
    }
    let (client, mut events) = v5::AsyncClient::new(options, 16);
    let driver = tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(v5::Event::Incoming(packet)) => tell(v5_seen(packet)),
                Ok(v5::Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(v5::Event::Outgoing(_)) => {}
                Err(error) => return tell(Seen::Answer(error.to_string())),
            }
        }
    });
    (Client::V5(client), driver)
}

fn v5_seen(packet: packets::Packet) -> Seen {
    use packets::{Packet, PubAckReason, PubCompReason, PubRecReason, UnsubAckReason};
    Seen::Answer(match packet {
        Packet::ConnAck(connack) => connack_text(connack.session_present),
        Packet::SubAck(suback) => format!("SUBACK {:?}", suback.return_codes),
        Packet::UnsubAck(unsuback) if unsuback.reasons == [UnsubAckReason::Success] => {
            "UNSUBACK".to_owned()
        }
        Packet::UnsubAck(unsuback) => format!("UNSUBACK {:?}", unsuback.reasons),
        Packet::PubAck(ack) if ack.reason == PubAckReason::Success => "PUBACK".to_owned(),
        Packet::PubAck(ack) => format!("PUBACK {:?}", ack.reason),
        Packet::PubRec(ack) if ack.reason == PubRecReason::Success => "PUBREC".to_owned(),
        Packet::PubRec(ack) => format!("PUBREC {:?}", ack.reason),
        Packet::PubComp(ack) if ack.reason == PubCompReason::Success => "PUBCOMP".to_owned(),
        Packet::PubComp(ack) => format!("PUBCOMP {:?}", ack.reason),
        Packet::Publish(publish) => {
            let qos = publish.qos as u8;
            return message(&publish.topic, &publish.payload, qos, publish.retain);
        }
        _ => return Seen::Neither,
    })
}

fn connack_text(session_present: bool) -> String {
    match session_present {
        true => "CONNACK session present".to_owned(),
        false => "CONNACK".to_owned(),
    }
}

fn message(topic: &[u8], payload: &[u8], qos: u8, retain: bool) -> Seen {
    let topic = String::from_utf8_lossy(topic);
    let payload = String::from_utf8_lossy(payload);
    let retain = if retain { " retain" } else { "" };
    Seen::Message(format!("{topic} {payload} QoS {qos}{retain}"))
}

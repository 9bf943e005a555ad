//! What people read when a broker says no: the words of every refusal, with its causes, its advice
//! and the fate of the message. A snapshot a packet.

use std::error::Error as _;
use std::fmt::Write as _;

use nack_client::{
    Client, ConnackReason, DisconnectReason, Error, Options, Publish, QoS, SubackReason, Subscribe,
    UnsubackReason, Unsubscribe, Version,
};
use nack_codec::{PubackReason, PubcompReason, PubrecReason, Role};
use nack_mock_broker::action::{self, Action, no_answer, raw};
use nack_mock_broker::matcher::{connect, publish, pubrel, subscribe, unsubscribe};
use nack_mock_broker::{MockBroker, Rule};

/// What the broker says beside the code.
const TEXT: &str = "see the manual, page 7";

/// A code that no packet carries.
const RESERVED: u8 = 0x7F;

/// The words of many errors, one below the other.
#[derive(Default)]
struct Transcript {
    text: String,
}

impl Transcript {
    /// Adds an error as a program logs it, and what it advises.
    fn add(&mut self, code: u8, error: impl Into<Error>) {
        let error = error.into();
        writeln!(self.text, "0x{code:02X}\n    {error}").unwrap();
        let mut source = error.source();
        while let Some(cause) = source {
            writeln!(self.text, "    caused by: {cause}").unwrap();
            source = cause.source();
        }
        if let Some(delivery) = error.delivery() {
            writeln!(self.text, "    delivery: {delivery:?}").unwrap();
        }
        writeln!(self.text, "    retry: {:?}", error.retry()).unwrap();
    }
}

async fn connected(version: Version) -> (MockBroker, Client) {
    let broker = MockBroker::in_memory();
    let client = Client::new(Options::new("").version(version).client_id("c"));
    client.connect_over(broker.connect()).await.unwrap();
    (broker, client)
}

fn mount(broker: &MockBroker, rule: Rule) {
    rule.mount(broker).forget();
}

async fn connect_fails(version: Version, answer: Action) -> Error {
    let broker = MockBroker::in_memory();
    mount(&broker, Rule::given(connect()).then(answer));
    let client = Client::new(Options::new("").version(version).client_id("c"));
    client
        .connect_over(broker.connect())
        .await
        .unwrap_err()
        .into()
}

async fn publish_fails(client: &Client, qos: QoS) -> Error {
    client
        .publish(Publish::new("a/topic", "payload").qos(qos))
        .await
        .unwrap_err()
        .into()
}

async fn subscribe_fails(version: Version, answer: Action) -> Error {
    let (broker, client) = connected(version).await;
    mount(&broker, Rule::given(subscribe()).then(answer));
    let request = Subscribe::to("granted/#")
        .qos(QoS::AtLeastOnce)
        .and("refused/#");
    client.subscribe(request).await.unwrap_err().into()
}

/// All codes of 0x80 and above in a list of reasons, and one that is reserved.
macro_rules! refusals {
    ($reason:ty) => {
        <$reason>::ALL
            .iter()
            .filter(|reason| reason.is_error())
            .map(|reason| reason.as_u8())
            .chain([RESERVED])
    };
}

#[tokio::test(start_paused = true)]
async fn connack() {
    let mut transcript = Transcript::default();
    for code in refusals!(ConnackReason) {
        let mut answer = action::connack(code).reason_string(TEXT);
        if matches!(code, 0x9C | 0x9D) {
            answer = answer.server_reference("other.example");
        }
        transcript.add(code, connect_fails(Version::V5, answer.into()).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn connack_of_3_1_1() {
    let mut transcript = Transcript::default();
    for code in [1, 2, 3, 4, 5, 6] {
        let answer = raw([0x20, 2, 0, code]);
        transcript.add(code, connect_fails(Version::V311, answer).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn puback() {
    let mut transcript = Transcript::default();
    for code in refusals!(PubackReason) {
        let (broker, client) = connected(Version::V5).await;
        let answer = action::puback(code).reason_string(TEXT);
        mount(&broker, Rule::given(publish()).then(answer));
        transcript.add(code, publish_fails(&client, QoS::AtLeastOnce).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn pubrec() {
    let mut transcript = Transcript::default();
    for code in refusals!(PubrecReason) {
        let (broker, client) = connected(Version::V5).await;
        let answer = action::pubrec(code).reason_string(TEXT);
        mount(&broker, Rule::given(publish()).then(answer));
        transcript.add(code, publish_fails(&client, QoS::ExactlyOnce).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn pubcomp() {
    let mut transcript = Transcript::default();
    for code in refusals!(PubcompReason) {
        let (broker, client) = connected(Version::V5).await;
        let answer = action::pubcomp(code).reason_string(TEXT);
        mount(&broker, Rule::given(pubrel()).then(answer));
        transcript.add(code, publish_fails(&client, QoS::ExactlyOnce).await);
    }
    insta::assert_snapshot!(transcript.text);
}

/// The answer to the client's PUBREC; what the client was doing ends with the connection.
#[tokio::test(start_paused = true)]
async fn pubrel_with_a_reserved_code() {
    let mut transcript = Transcript::default();
    let (broker, client) = connected(Version::V5).await;
    mount(&broker, Rule::given(publish()).then(no_answer()));
    let publishing = tokio::spawn({
        let client = client.clone();
        async move { publish_fails(&client, QoS::AtLeastOnce).await }
    });
    broker.wait_for(publish()).await;
    broker
        .send(1, raw([0x62, 3, 0, 9, RESERVED]))
        .await
        .unwrap();
    transcript.add(RESERVED, publishing.await.unwrap());
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn suback() {
    let mut transcript = Transcript::default();
    for code in refusals!(SubackReason) {
        let answer = action::suback([0x01, code]).reason_string(TEXT);
        transcript.add(code, subscribe_fails(Version::V5, answer.into()).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn suback_of_3_1_1() {
    let mut transcript = Transcript::default();
    for code in [0x80, RESERVED] {
        let answer = raw([0x90, 4, 0, 1, 1, code]);
        transcript.add(code, subscribe_fails(Version::V311, answer).await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn unsuback() {
    let mut transcript = Transcript::default();
    for code in refusals!(UnsubackReason) {
        let (broker, client) = connected(Version::V5).await;
        let answer = action::unsuback([0x00, code]).reason_string(TEXT);
        mount(&broker, Rule::given(unsubscribe()).then(answer));
        let request = Unsubscribe::new("ended/#").and("refused/#");
        transcript.add(code, client.unsubscribe(request).await.unwrap_err());
    }
    insta::assert_snapshot!(transcript.text);
}

/// As a message that waits for its PUBACK is told, and whoever waits for the connection.
#[tokio::test(start_paused = true)]
async fn disconnect() {
    let mut transcript = Transcript::default();
    let of_server = DisconnectReason::ALL
        .iter()
        .filter(|reason| reason.may_be_sent_by(Role::Server))
        .map(|reason| reason.as_u8());
    // 0x04 is the client's alone.
    for code in of_server.chain([0x04, RESERVED]) {
        let (broker, client) = connected(Version::V5).await;
        let mut answer = action::disconnect(code).reason_string(TEXT);
        if matches!(code, 0x9C | 0x9D) {
            answer = answer.server_reference("other.example");
        }
        mount(&broker, Rule::given(publish()).then(answer));
        transcript.add(code, publish_fails(&client, QoS::AtLeastOnce).await);
        transcript.add(code, client.closed().await);
    }
    insta::assert_snapshot!(transcript.text);
}

#[tokio::test(start_paused = true)]
async fn auth_unasked() {
    let mut transcript = Transcript::default();
    for code in [0x00, 0x18, 0x19, RESERVED] {
        let answer = action::auth(code).authentication_method("unasked");
        transcript.add(code, connect_fails(Version::V5, answer.into()).await);
    }
    insta::assert_snapshot!(transcript.text);
}

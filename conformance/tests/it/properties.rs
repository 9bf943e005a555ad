//! Any sequence of answers, over any number of operations that are pending at once, in any order
//! of the answers, is delivered one to one.

use std::future::Future;

use nack_client::{Client, Options, Publish, QoS, ReasonCode, Subscribe, Unsubscribe, Version};
use nack_mock_broker::action::{no_answer, puback, pubcomp, pubrec, suback, unsuback};
use nack_mock_broker::matcher::{publish, pubrel, subscribe, unsubscribe};
use nack_mock_broker::{Entry, MockBroker, Rule};
use proptest::prelude::*;
use tokio::task::JoinHandle;

/// One operation, and the code that the broker answers it with.
#[derive(Clone, Copy, Debug)]
enum Operation {
    AtLeastOnce(u8),
    ExactlyOnceRefused(u8),
    ExactlyOnce(u8, u8),
    Subscribe(u8),
    Unsubscribe(u8),
}

const PUBACK: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const PUBREC_REFUSALS: &[u8] = &[0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const SUBACK: &[u8] = &[
    0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2,
];
const UNSUBACK: &[u8] = &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];

fn operation() -> impl Strategy<Value = Operation> {
    let of = |codes: &'static [u8]| proptest::sample::select(codes);
    prop_oneof![
        of(PUBACK).prop_map(Operation::AtLeastOnce),
        of(PUBREC_REFUSALS).prop_map(Operation::ExactlyOnceRefused),
        (of(&[0x00, 0x10]), of(&[0x00, 0x92]))
            .prop_map(|(received, completed)| Operation::ExactlyOnce(received, completed)),
        of(SUBACK).prop_map(Operation::Subscribe),
        of(UNSUBACK).prop_map(Operation::Unsubscribe),
    ]
}

/// Operations, and in which order they are answered.
fn conversation() -> impl Strategy<Value = (Vec<Operation>, Vec<usize>)> {
    proptest::collection::vec(operation(), 1..24).prop_flat_map(|operations| {
        let order: Vec<usize> = (0..operations.len()).collect();
        (Just(operations), Just(order).prop_shuffle())
    })
}

/// What the caller was told: the code, and the reason string that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    refused: bool,
    code: u8,
    text: Option<String>,
}

impl Operation {
    /// What the caller of the `index`-th operation is to be told.
    fn expected(self, index: usize) -> Verdict {
        let code = match self {
            Self::AtLeastOnce(code)
            | Self::ExactlyOnceRefused(code)
            | Self::Subscribe(code)
            | Self::Unsubscribe(code) => code,
            Self::ExactlyOnce(_, completed) if completed >= 0x80 => completed,
            Self::ExactlyOnce(received, _) => received,
        };
        // A message that was received and completed is told what PUBREC said of it.
        let text = Some(format!("answer {index}"));
        Verdict {
            refused: code >= 0x80,
            code,
            text,
        }
    }

    fn topic(index: usize) -> String {
        format!("operation/{index}")
    }

    /// Begins the operation. It is on its way when the returned task has run as far as it can.
    fn begin(self, client: &Client, index: usize) -> JoinHandle<Verdict> {
        let (client, topic) = (client.clone(), Self::topic(index));
        let told = async move {
            match self {
                Self::AtLeastOnce(_) => message(&client, &topic, QoS::AtLeastOnce).await,
                Self::ExactlyOnceRefused(_) | Self::ExactlyOnce(..) => {
                    message(&client, &topic, QoS::ExactlyOnce).await
                }
                Self::Subscribe(_) => match client.subscribe(Subscribe::to(&topic)).await {
                    Ok(subscription) => {
                        let (_, granted) = &subscription.granted()[0];
                        success(*granted as u8, subscription.reason_string())
                    }
                    Err(error) => refusal(error.refused()),
                },
                Self::Unsubscribe(_) => match client.unsubscribe(Unsubscribe::new(&topic)).await {
                    Ok(ended) => success(ended.verdicts()[0].reason.as_u8(), ended.reason_string()),
                    Err(error) => refusal(error.refused()),
                },
            }
        };
        tokio::spawn(told)
    }

    /// The broker answers the operation.
    async fn answer(self, broker: &MockBroker, index: usize) {
        let text = format!("answer {index}");
        let topic = Self::topic(index);
        let sent = match self {
            Self::AtLeastOnce(code) => {
                let id = packet_id(broker.wait_for(publish().topic(&topic)).await);
                broker
                    .send(1, puback(code).packet_id(id).reason_string(&text))
                    .await
            }
            Self::ExactlyOnceRefused(code) => {
                let id = packet_id(broker.wait_for(publish().topic(&topic)).await);
                broker
                    .send(1, pubrec(code).packet_id(id).reason_string(&text))
                    .await
            }
            Self::ExactlyOnce(received, completed) => {
                let id = packet_id(broker.wait_for(publish().topic(&topic)).await);
                let answer = pubrec(received).packet_id(id).reason_string(&text);
                broker.send(1, answer).await.unwrap();
                broker.wait_for(pubrel().packet_id(id)).await;
                broker
                    .send(1, pubcomp(completed).packet_id(id).reason_string(&text))
                    .await
            }
            Self::Subscribe(code) => {
                let id = packet_id(broker.wait_for(subscribe().filter(&topic)).await);
                broker
                    .send(1, suback([code]).packet_id(id).reason_string(&text))
                    .await
            }
            Self::Unsubscribe(code) => {
                let id = packet_id(broker.wait_for(unsubscribe().filter(&topic)).await);
                broker
                    .send(1, unsuback([code]).packet_id(id).reason_string(&text))
                    .await
            }
        };
        sent.unwrap();
    }
}

async fn message(client: &Client, topic: &str, qos: QoS) -> Verdict {
    match client.publish(Publish::new(topic, "").qos(qos)).await {
        Ok(published) => success(published.reason() as u8, published.reason_string()),
        Err(error) => refusal(error.refused()),
    }
}

fn success(code: u8, text: Option<&str>) -> Verdict {
    Verdict {
        refused: false,
        code,
        text: text.map(str::to_owned),
    }
}

#[track_caller]
fn refusal(refusal: Option<nack_client::Refusal<'_>>) -> Verdict {
    let refusal = refusal.expect("the broker refused, and nothing else went wrong");
    assert_ne!(refusal.code(), ReasonCode::Success);
    Verdict {
        refused: true,
        code: refusal.raw_code(),
        text: refusal.reason_string().map(str::to_owned),
    }
}

fn packet_id(entry: Entry) -> u16 {
    entry
        .received()
        .and_then(|received| received.packet_id())
        .unwrap()
}

async fn connected() -> (MockBroker, Client) {
    let broker = MockBroker::in_memory();
    for matcher in [publish(), pubrel(), subscribe(), unsubscribe()] {
        let rule = Rule::given(matcher).then(no_answer()).expect(..);
        rule.mount(&broker).forget();
    }
    let client = Client::new(Options::new("").version(Version::V5).client_id("c"));
    client.connect_over(broker.connect()).await.unwrap();
    (broker, client)
}

fn with_paused_clock(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_reaches_the_caller_that_it_is_for((operations, order) in conversation()) {
        with_paused_clock(async {
            let (broker, client) = connected().await;
            let begun = operations.iter().enumerate();
            let told: Vec<_> =
                begun.map(|(index, operation)| operation.begin(&client, index)).collect();
            for index in order {
                operations[index].answer(&broker, index).await;
            }
            for (index, (operation, told)) in operations.iter().zip(told).enumerate() {
                assert_eq!(told.await.unwrap(), operation.expected(index), "{operation:?}");
            }
            // All identifiers and all quota are free again, and the connection is the same.
            let journal = broker.journal();
            assert!(journal.iter().all(|entry| entry.connection() == 1), "{journal}");
            client.disconnect().await.unwrap();
        });
    }
}

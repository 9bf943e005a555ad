//! Every future may be dropped at every await point: nothing is leaked, and the rest goes on.

use std::time::Duration;

use nack_client::{Client, Disconnect, Options, PacketType, Publish, QoS, Unsubscribe};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::time::Instant;

use crate::fixture::{
    SETTLES, at_least_once, connected, connected_with, drop_after, exactly_once, options, settled,
    soon,
};

/// More polls than any operation needs.
const POLLS: usize = 8;

/// How many turns everybody else has between two polls: none, so that things pile up; some; and as
/// many as they need.
const OTHERS: [usize; 4] = [0, 1, 3, SETTLES];

/// At least as many as the places of a table for all the requests that any test here makes, each
/// of which has two.
const PLACES: usize = 4096;

/// Drops what `operation` begins after every number of polls, again and again, on a connection
/// whose broker takes one message at a time: one that is leaked blocks all the others.
async fn check(rounds: usize, operation: impl AsyncFn(&Client)) {
    let broker = MockBroker::in_memory();
    let one = action::connack(0).receive_maximum(1);
    Rule::given(matcher::connect())
        .then(one)
        .mount(&broker)
        .forget();
    let client = connected(&broker).await;
    for _ in 0..rounds {
        for others in OTHERS {
            for polls in 0..POLLS {
                drop_after(polls, others, operation(&client)).await;
            }
        }
        soon(client.publish(at_least_once("whole", "m")))
            .await
            .unwrap();
        soon(client.publish(exactly_once("whole", "m")))
            .await
            .unwrap();
        let subscription = soon(client.subscribe("whole")).await.unwrap();
        soon(client.unsubscribe("whole")).await.unwrap();
        drop(subscription);
    }
    settled().await;
    check_identifiers(&client, &broker).await;
    let journal = broker.journal();
    assert_eq!(journal.on_connection(1).len(), journal.len());
    soon(client.disconnect()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn publish_at_qos_0() {
    let message = Publish::new("a", "m");
    check(20, async |client| {
        drop(client.publish(message.clone()).await)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn publish_at_qos_1() {
    check(50, async |client| {
        drop(client.publish(at_least_once("a", "m")).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn publish_at_qos_2() {
    check(50, async |client| {
        drop(client.publish(exactly_once("a", "m")).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn subscribe() {
    check(20, async |client| drop(client.subscribe("a/#").await)).await;
}

#[tokio::test(start_paused = true)]
async fn unsubscribe() {
    let request = Unsubscribe::new("a").and("b");
    check(20, async |client| {
        drop(client.unsubscribe(request.clone()).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn closed() {
    check(2, async |client| drop(client.closed().await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_is_refused() {
    let refused = Disconnect::default().session_expiry_interval(1);
    check(10, async |client| {
        drop(client.disconnect_with(refused.clone()).await);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn connect() {
    let broker = MockBroker::in_memory();
    // CONNACK and the end of the caller's interest may meet, and either may be seen first.
    for others in (0..10).cycle().take(100).chain([SETTLES]) {
        for polls in 0..POLLS {
            let client = Client::new(options());
            let connect = client.connect_over(broker.connect());
            if drop_after(polls, others, connect).await.is_none() {
                assert!(!client.is_connected());
                soon(client.connect_over(broker.connect())).await.unwrap();
            }
            assert!(client.is_connected());
            soon(client.publish(at_least_once("a", "m"))).await.unwrap();
        }
    }
}

/// The same where CONNACK and the end of the caller's interest meet on two threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_on_another_thread() {
    let broker = MockBroker::start().await.unwrap();
    let client = Client::new(Options::new(broker.address().to_string()));
    for round in 0..300 {
        let connecting = tokio::spawn({
            let client = client.clone();
            async move { client.connect().await }
        });
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(round * 2) {
            tokio::task::yield_now().await;
        }
        connecting.abort();
        match connecting.await {
            Ok(connected) => drop(connected.unwrap()),
            Err(_) => drop(client.connect().await.unwrap()),
        }
        client.publish(at_least_once("a", "m")).await.unwrap();
        client.disconnect().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn disconnect() {
    let broker = MockBroker::in_memory();
    let client = Client::new(options());
    for others in OTHERS {
        for polls in 1..POLLS {
            soon(client.connect_over(broker.connect())).await.unwrap();
            drop_after(polls, others, client.disconnect()).await;
            soon(client.closed()).await;
            assert!(!client.is_connected());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn receiving_loses_no_message() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    let mut received = Vec::new();
    for round in 0..20_usize {
        for others in OTHERS {
            let number = (round * OTHERS.len() + others).to_string();
            let message = Publish::new("a", number).qos(QoS::AtLeastOnce);
            client.publish(message).await.unwrap();
            for polls in 0..3 {
                if let Some(message) = drop_after(polls, others, messages.recv()).await {
                    received.push(message.unwrap().unwrap().payload().clone());
                }
            }
        }
    }
    let sent: Vec<_> = broker
        .journal()
        .matching(matcher::publish())
        .map(|entry| match entry.packet() {
            Some(nack_codec::Packet::Publish(publish)) => publish.payload.to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(received.len(), 80);
    assert_eq!(received, sent);
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_leaked_by_ten_thousand_publishes() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options()).await;
    for number in 0..10_000 {
        drop_after(
            number % 3,
            number % 2,
            client.publish(at_least_once("a", "m")),
        )
        .await;
    }
    soon(client.publish(at_least_once("a", "m"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_reached_the_driver_is_sent_all_the_same() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    drop_after(0, 0, client.publish(at_least_once("never", "m"))).await;
    drop_after(1, 0, client.publish(at_least_once("sent", "m"))).await;
    broker.wait_for(matcher::publish().topic("sent")).await;
    let never = matcher::publish().topic("never");
    assert_eq!(broker.journal().matching(never).count(), 0);
}

/// Tasks on several threads begin things and drop them at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_dropped_on_any_thread_leaves_the_connection_whole() {
    let broker = MockBroker::start().await.unwrap();
    let three = action::connack(0).receive_maximum(3);
    Rule::given(matcher::connect())
        .then(three)
        .mount(&broker)
        .forget();
    let client = Client::new(Options::new(broker.address().to_string()));
    client.connect().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let client = client.clone();
        tasks.spawn(async move {
            let mut random = fastrand::Rng::with_seed(task);
            for _ in 0..200 {
                let patience = Duration::from_micros(random.u64(0..400));
                let topic = format!("a/{}", random.u8(0..3));
                let operation = async {
                    match random.u8(0..6) {
                        0 => drop(client.publish(Publish::new(topic, "m")).await),
                        1 => drop(client.publish(at_least_once(&topic, "m")).await),
                        2 => drop(client.publish(exactly_once(&topic, "m")).await),
                        3 => drop(client.subscribe(&*topic).await),
                        4 => drop(client.unsubscribe(&*topic).await),
                        _ => {
                            let mut messages = client.subscribe(&*topic).await.unwrap();
                            while let Some(Ok(_)) = messages.recv().await {}
                        }
                    }
                };
                let _ = tokio::time::timeout(patience, operation).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let mut messages = client.subscribe("whole").await.unwrap();
    for _ in 0..10 {
        client.publish(exactly_once("whole", "m")).await.unwrap();
        messages.recv().await.unwrap().unwrap();
    }
    check_identifiers(&client, &broker).await;
    client.disconnect().await.unwrap();
}

/// Fails where an identifier is leaked. As nothing is in flight, each request has the one behind
/// the last. One that is still in use is passed over, and so are those that have its place in the
/// client's table: there are no more places than requests here.
async fn check_identifiers(client: &Client, broker: &MockBroker) {
    let before = broker.journal().len();
    for _ in 0..PLACES {
        soon(client.unsubscribe("whole")).await.unwrap();
    }
    let journal = broker.journal();
    let quiet = journal.iter().skip(before);
    let used: Vec<u16> = quiet
        .filter(|entry| entry.packet_type() == Some(PacketType::Unsubscribe))
        .filter_map(|entry| entry.received()?.packet_id())
        .collect();
    assert_eq!(used.len(), PLACES);
    for pair in used.windows(2) {
        assert_eq!(pair[1], pair[0] % u16::MAX + 1, "one is passed over");
    }
}

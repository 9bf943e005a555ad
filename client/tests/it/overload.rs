//! More than somebody can take: full queues, floods, large messages, small pipes.

use std::time::Duration;

use nack_client::{Client, ConnectionLost, Options, Overflow, Publish, QoS};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::advance;

use crate::fixture::{
    SETTLES, at_least_once, connected, connected_to_test, connected_with, drop_after, options,
    settled, soon,
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_back_and_loses_nothing() {
    let broker = MockBroker::in_memory();
    let publisher = connected_with(&broker, options().client_id("publisher")).await;
    let client = connected_with(&broker, options().queue_capacity(4)).await;
    let mut messages = client.subscribe("a").await.unwrap();
    for number in 0..300_usize {
        let qos = QoS::ALL[number % 3];
        let message = Publish::new("a", number.to_string()).qos(qos);
        soon(publisher.publish(message)).await.unwrap();
    }
    for number in 0..300_usize {
        let message = soon(messages.recv()).await.unwrap().unwrap();
        assert_eq!(message.payload(), number.to_string().as_bytes());
    }
    assert_eq!(messages.dropped_messages(), 0);
    soon(client.publish(at_least_once("b", "m"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_stops_the_broker_from_sending() {
    let options = options().queue_capacity(4);
    let client = Client::new(options);
    let _messages = client.messages().unwrap();
    let (ours, mut theirs) = tokio::io::duplex(256);
    theirs.write_all(b"\x20\x03\x00\x00\x00").await.unwrap();
    client.connect_over(ours).await.unwrap();
    let message = b"\x30\x05\x00\x01a\x00m";
    let mut sent = 0;
    let flood = async {
        loop {
            theirs.write_all(message).await.unwrap();
            sent += 1;
        }
    };
    drop_after(10, SETTLES, flood).await;
    // What the queue, one read and the transport hold.
    assert!(sent < 100, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn keep_alive_outlives_a_full_queue() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().queue_capacity(1)).await;
    let mut messages = client.subscribe("a").await.unwrap();
    for _ in 0..3 {
        broker.send(1, action::publish("a", "m")).await.unwrap();
    }
    for _ in 0..60 {
        advance(MINUTE).await;
        settled().await;
    }
    assert!(client.is_connected());
    assert!(broker.journal().matching(matcher::pingreq()).count() >= 60);
    for _ in 0..3 {
        messages.recv().await.unwrap().unwrap();
    }
    // And is kept again.
    for _ in 0..60 {
        advance(MINUTE).await;
        settled().await;
    }
    client.publish(at_least_once("b", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_empties_and_fills_asks_for_no_ping() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().queue_capacity(1)).await;
    let mut messages = client.subscribe("a").await.unwrap();
    for _ in 0..100 {
        for _ in 0..3 {
            broker.send(1, action::publish("a", "m")).await.unwrap();
        }
        settled().await;
        for _ in 0..3 {
            messages.recv().await.unwrap().unwrap();
        }
    }
    client.publish(at_least_once("b", "m")).await.unwrap();
    assert_eq!(broker.journal().matching(matcher::pingreq()).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn requests_are_sent_although_a_queue_is_full() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().queue_capacity(1)).await;
    let _messages = client.subscribe("a").await.unwrap();
    for _ in 0..3 {
        broker.send(1, action::publish("a", "m")).await.unwrap();
    }
    settled().await;
    soon(client.publish(Publish::new("b", "m"))).await.unwrap();
    broker.wait_for(matcher::publish().topic("b")).await;
    soon(client.disconnect()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_a_full_subscription_lets_the_others_go_on() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().queue_capacity(1)).await;
    let full = client.subscribe("a").await.unwrap();
    let mut other = client.subscribe("b").await.unwrap();
    for _ in 0..3 {
        broker.send(1, action::publish("a", "m")).await.unwrap();
    }
    broker.send(1, action::publish("b", "m")).await.unwrap();
    assert!(drop_after(3, SETTLES, other.recv()).await.is_none());
    drop(full);
    soon(other.recv()).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_qos_0_is_counted_and_holds_nothing_back() {
    let broker = MockBroker::in_memory();
    let options = options().queue_capacity(2).overflow(Overflow::DropQos0);
    let client = connected_with(&broker, options).await;
    let mut messages = client.subscribe("a").await.unwrap();
    for number in 0..10 {
        let message = action::publish("a", number.to_string());
        broker.send(1, message).await.unwrap();
    }
    // An answer comes, so everything before it was read.
    client.publish(at_least_once("b", "m")).await.unwrap();
    assert_eq!(messages.dropped_messages(), 8);
    for number in 0..2 {
        let message = messages.recv().await.unwrap().unwrap();
        assert_eq!(message.payload(), number.to_string().as_bytes());
    }
    // Those above QoS 0 are never dropped.
    for number in 0..10 {
        let message = action::publish("a", number.to_string()).qos(QoS::AtLeastOnce);
        broker.send(1, message).await.unwrap();
    }
    settled().await;
    for number in 0..10 {
        let message = messages.recv().await.unwrap().unwrap();
        assert_eq!(message.payload(), number.to_string().as_bytes());
    }
    assert_eq!(messages.dropped_messages(), 8);
    assert_eq!(client.unclaimed_messages(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_room_outlives_the_connection() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().queue_capacity(2)).await;
    let mut read = client.subscribe("a").await.unwrap();
    let unread = client.subscribe("b").await.unwrap();
    let mut all = Vec::new();
    for number in 0..10 {
        for topic in ["a", "b"] {
            all.extend_from_slice(&[0x30, 5, 0, 1, topic.as_bytes()[0], 0, b'0' + number]);
        }
    }
    // In one read, so that all of it was read when the connection ends.
    broker.send(1, action::raw(all)).await.unwrap();
    settled().await;
    client.disconnect().await.unwrap();
    for number in 0..10 {
        let message = soon(read.recv()).await.unwrap().unwrap();
        assert_eq!(&message.payload()[..], [b'0' + number]);
    }
    assert!(soon(read.recv()).await.is_none());
    drop(unread);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_starves_nobody() {
    let (client, theirs) = connected_to_test(options()).await;
    let (mut reader, mut writer) = tokio::io::split(theirs);
    let flood = tokio::spawn(async move {
        let packet = b"\x30\x05\x00\x01a\x00m".repeat(100);
        while writer.write_all(&packet).await.is_ok() {}
    });
    let answers = tokio::spawn(async move {
        let mut seen = Vec::new();
        while !seen.ends_with(b"\xe0\x00") && reader.read_buf(&mut seen).await.is_ok() {}
        seen
    });
    for _ in 0..100 {
        soon(client.publish(Publish::new("b", "m"))).await.unwrap();
    }
    soon(client.disconnect()).await.unwrap();
    let seen = answers.await.unwrap();
    let published = seen.windows(4).filter(|bytes| bytes == b"\x00\x01b\x00");
    assert_eq!(published.count(), 100);
    assert!(client.unclaimed_messages() > 0);
    // Nor is it read for ever when the connection has ended.
    let broker = MockBroker::in_memory();
    soon(client.connect_over(broker.connect())).await.unwrap();
    flood.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_asks_for_answers_and_takes_none_is_not_listened_to() {
    let pubrel: &[u8] = b"\x62\x02\x00\x01";
    let pubrec = b"\x50\x02\x00\x01";
    let qos_1 = b"\x32\x06\x00\x01a\x00\x01\x00";
    for packet in [pubrel, pubrec, qos_1] {
        let (client, mut theirs) = connected_to_test(options()).await;
        let packets = packet.repeat(1000);
        let mut sent = 0;
        let flood = async {
            // Somebody must wait for something to have time pass.
            while sent < 4 << 20 {
                theirs.write_all(&packets).await.unwrap();
                sent += packets.len();
            }
        };
        let cause = tokio::select! {
            cause = client.closed() => cause,
            () = flood => panic!("all of it is read"),
        };
        assert!(matches!(cause, ConnectionLost::KeepAlive(_)), "{cause:?}");
    }
}

#[tokio::test]
async fn ten_thousand_messages_of_fifty_tasks_arrive() {
    let broker = MockBroker::start().await.unwrap();
    let address = broker.address().to_string();
    let receiver = Client::new(Options::new(&*address));
    receiver.connect().await.unwrap();
    let mut messages = receiver.subscribe("load/+").await.unwrap();
    let client = Client::new(Options::new(address));
    client.connect().await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..50_usize {
        let client = client.clone();
        tasks.spawn(async move {
            for number in 0..200_usize {
                let qos = QoS::ALL[(task + number) % 3];
                let message = Publish::new(format!("load/{task}"), number.to_string()).qos(qos);
                client.publish(message).await.unwrap();
            }
        });
    }
    let mut next = [0_usize; 50];
    for _ in 0..10_000 {
        let message = messages.recv().await.unwrap().unwrap();
        let task: usize = message.topic().as_str()["load/".len()..].parse().unwrap();
        assert_eq!(message.payload(), next[task].to_string().as_bytes());
        next[task] += 1;
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    client.disconnect().await.unwrap();
    assert_eq!(next, [200; 50]);
}

#[tokio::test(start_paused = true)]
async fn a_large_message_goes_both_ways() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    let payload: Vec<u8> = (0..1 << 20).map(|index| (index % 251) as u8).collect();
    for qos in QoS::ALL {
        let message = Publish::new("a", payload.clone()).qos(qos);
        let (published, message) = tokio::join!(client.publish(message), messages.recv());
        published.unwrap();
        let message = message.unwrap().unwrap();
        assert!(message.payload() == &payload[..], "{qos}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_may_trickle() {
    // One byte at a time in each direction, and a message that is written from where it lies.
    let broker = MockBroker::in_memory();
    let (ours, near) = tokio::io::duplex(1);
    let far = broker.connect();
    let (mut near, mut far) = (near, far);
    let wire = tokio::spawn(async move {
        tokio::io::copy_bidirectional_with_sizes(&mut near, &mut far, 1, 1).await
    });
    let client = Client::new(options());
    client.connect_over(ours).await.unwrap();
    let mut messages = client.subscribe("a").await.unwrap();
    let payload: Vec<u8> = (0..5_000).map(|index| (index % 251) as u8).collect();
    for qos in QoS::ALL {
        let message = Publish::new("a", payload.clone()).qos(qos);
        let (published, message) = tokio::join!(client.publish(message), messages.recv());
        published.unwrap();
        assert!(message.unwrap().unwrap().payload() == &payload[..], "{qos}");
    }
    client.disconnect().await.unwrap();
    wire.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_above_the_limit_of_the_client_ends_the_connection() {
    let broker = MockBroker::in_memory();
    let client = connected_with(&broker, options().maximum_packet_size(100)).await;
    let header = action::raw([0x30, 100]);
    broker.send(1, header).await.unwrap();
    // By its header, and not when all of it is there.
    let cause = soon(client.closed()).await;
    assert!(matches!(cause, ConnectionLost::Decode(_)), "{cause:?}");
    broker.wait_for(matcher::disconnect().reason(0x95)).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_above_the_limit_of_the_broker_is_not_sent() {
    let broker = MockBroker::builder().maximum_packet_size(100).in_memory();
    let client = connected(&broker).await;
    let error = client
        .publish(Publish::new("a", vec![0; 100]))
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), nack_client::Delivery::NotSent);
    client.publish(at_least_once("a", "m")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn receive_maximum_is_kept() {
    let broker = MockBroker::in_memory();
    let three = action::connack(0).receive_maximum(3);
    Rule::given(matcher::connect())
        .then(three)
        .mount(&broker)
        .forget();
    let held = Rule::given(matcher::publish())
        .then(action::no_answer())
        .times(3)
        .mount(&broker);
    let client = connected(&broker).await;
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        tasks.spawn(async move { client.publish(at_least_once("a", "m")).await });
    }
    settled().await;
    assert_eq!(held.hits(), 3);
    assert_eq!(broker.journal().matching(matcher::publish()).count(), 3);
    for packet_id in 1..=3 {
        let answer = action::puback(0).packet_id(packet_id);
        broker.send(1, answer).await.unwrap();
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap().unwrap();
    }
}

//! Our client: a call a message, and its verdict at the call.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use nack_client::{Client, Options, Publish, TopicName};

use super::measure::{Stopwatch, block_on};
use super::{Direction, PAYLOAD, Spent, TOPIC, Task};

pub(super) fn run(address: SocketAddr, task: Task) -> Spent {
    block_on(async move {
        let options = Options::new(address.to_string())
            .client_id("c")
            .receive_maximum(u16::MAX)
            .keep_alive(Duration::ZERO);
        let client = Client::new(options);
        client.connect().await?;
        match task.direction {
            Direction::Publish => publish(client, task).await,
            Direction::Receive => receive(client, task).await,
        }
    })
}

async fn publish(client: Client, task: Task) -> Spent {
    let payload = Bytes::from_static(&[0x5A; PAYLOAD]);
    // Made once, as an application does that has a topic to publish to: a clone allocates nothing.
    let topic = TopicName::try_from(TOPIC)?;
    let share = task.messages / u32::from(task.in_flight);
    let watch = Stopwatch::start();
    let publishers: Vec<_> = (0..task.in_flight)
        .map(|_| {
            let (client, topic, payload) = (client.clone(), topic.clone(), payload.clone());
            tokio::spawn(async move {
                for _ in 0..share {
                    let message = Publish::new(topic.clone(), payload.clone()).qos(task.qos);
                    client.publish(message).await?;
                }
                Ok::<_, nack_client::PublishError>(())
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await??;
    }
    Ok(watch.stop())
}

async fn receive(client: Client, task: Task) -> Spent {
    let mut messages = client.subscribe("#").await?;
    let watch = Stopwatch::start();
    for _ in 0..task.messages {
        match messages.recv().await {
            Some(message) => drop(message?),
            None => return Err("the subscription ended".into()),
        }
    }
    Ok(watch.stop())
}

//! The load: one client publishes, another subscribes, and no more is on its way than a window.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use nack_codec::{
    Framer, MAXIMUM_PACKET_SIZE, Packet, PacketId, Properties, Publish, QoS, Subscribe,
    Subscription, SubscriptionOptions, TopicFilter, TopicName, Version,
};

/// How many messages may be on their way between the two clients.
const WINDOW: u32 = 512;

/// How many bytes a message carries.
const PAYLOAD: usize = 256;

/// The topic of all messages.
const TOPIC: &str = "plant/line/sensor/temp01";

/// For how long a client waits for bytes before it calls the broker dead.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection of MQTT 3.1.1 that was accepted.
pub(super) fn connect(address: SocketAddr, client_id: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut connect = b"\x10\x00\x00\x04MQTT\x04\x02\x00\x00\x00".to_vec();
    connect.push(client_id.len() as u8);
    connect.extend_from_slice(client_id.as_bytes());
    connect[1] = (connect.len() - 2) as u8;
    stream.write_all(&connect)?;
    let mut connack = [0; 4];
    stream.read_exact(&mut connack)?;
    match connack {
        [0x20, 2, 0, 0] => Ok(stream),
        other => Err(io::Error::other(format!("not let in: {other:02X?}"))),
    }
}

/// Has a broker route this many messages; how long it took until the last one came.
pub(super) fn route(address: SocketAddr, qos: QoS, messages: u32) -> io::Result<Duration> {
    let mut subscriber = connect(address, "subscriber")?;
    subscribe(&mut subscriber, qos)?;
    let publisher = connect(address, "publisher")?;
    let acknowledged = publisher.try_clone()?;
    let begin = Instant::now();
    let arrived = Progress::default();
    let acks = Progress::default();
    thread::scope(|scope| {
        let publishing = scope.spawn(|| publish(publisher, qos, messages, &arrived, &acks));
        let acknowledging = scope.spawn(|| match qos {
            QoS::AtMostOnce => Ok(()),
            _ => read_packets(acknowledged, messages, |_, count| {
                acks.add(count);
                Ok(())
            }),
        });
        let received = read_packets(subscriber, messages, |stream, count| {
            if qos == QoS::AtLeastOnce {
                stream.acknowledge()?;
            }
            arrived.add(count);
            Ok(())
        });
        // Whoever fails first has the others wait in vain for as long as their patience lasts.
        let results = [received, join(publishing), join(acknowledging)];
        results.into_iter().collect::<io::Result<()>>()
    })?;
    Ok(begin.elapsed())
}

fn join(thread: thread::ScopedJoinHandle<'_, io::Result<()>>) -> io::Result<()> {
    thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("a client panicked")))
}

/// How many have come; the publisher waits for it.
#[derive(Default)]
struct Progress {
    count: Mutex<u32>,
    more: Condvar,
}

impl Progress {
    fn add(&self, count: u32) {
        *self.count.lock().expect("no client panics") += count;
        self.more.notify_all();
    }

    fn wait_for(&self, least: u32) -> io::Result<()> {
        let count = self.count.lock().expect("no client panics");
        let waiting = self
            .more
            .wait_timeout_while(count, PATIENCE, |count| *count < least);
        match waiting.expect("no client panics").1.timed_out() {
            true => Err(io::Error::other("messages were lost")),
            false => Ok(()),
        }
    }
}

fn publish(
    mut stream: TcpStream,
    qos: QoS,
    messages: u32,
    arrived: &Progress,
    acks: &Progress,
) -> io::Result<()> {
    // As many as half a window at once, so that the clients cost little.
    let batch = WINDOW / 2;
    let mut sent = 0;
    let mut bytes = BytesMut::new();
    while sent < messages {
        let next = batch.min(messages - sent);
        let least = (sent + next).saturating_sub(WINDOW);
        arrived.wait_for(least)?;
        if qos == QoS::AtLeastOnce {
            acks.wait_for(least)?;
        }
        bytes.clear();
        for number in sent..sent + next {
            message(qos, number)
                .encode(Version::V311, &mut bytes)
                .map_err(io::Error::other)?;
        }
        stream.write_all(&bytes)?;
        sent += next;
    }
    arrived.wait_for(messages)
}

fn message(qos: QoS, number: u32) -> Packet<'static> {
    // Twice a window of identifiers: none comes back while it is in use.
    let packet_id = PacketId::new((number % (2 * WINDOW)) as u16 + 1);
    Packet::Publish(Publish {
        dup: false,
        qos,
        retain: false,
        topic: TopicName::new(TOPIC).ok(),
        packet_id: packet_id.filter(|_| qos != QoS::AtMostOnce),
        properties: Properties::empty(),
        payload: &[0x5A; PAYLOAD],
    })
}

fn subscribe(stream: &mut TcpStream, qos: QoS) -> io::Result<()> {
    let mut bytes = BytesMut::new();
    let subscriptions = [Subscription {
        filter: TopicFilter::new("plant/+/sensor/#").map_err(io::Error::other)?,
        options: SubscriptionOptions::at(qos),
    }];
    let subscribe = Packet::Subscribe(Subscribe {
        packet_id: PacketId::MAX,
        properties: Properties::empty(),
        subscriptions: subscriptions[..].into(),
    });
    subscribe
        .encode(Version::V311, &mut bytes)
        .map_err(io::Error::other)?;
    stream.write_all(&bytes)?;
    let mut suback = [0; 5];
    stream.read_exact(&mut suback)?;
    match suback[4] {
        granted if granted == qos as u8 => Ok(()),
        other => Err(io::Error::other(format!("not subscribed: {other:#04X}"))),
    }
}

/// A stream, and the acknowledgements of what was read last.
struct Reading {
    stream: TcpStream,
    acks: BytesMut,
}

impl Reading {
    fn acknowledge(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.acks)
    }
}

/// Reads this many packets, and tells how many came after each read.
fn read_packets(
    stream: TcpStream,
    packets: u32,
    mut came: impl FnMut(&mut Reading, u32) -> io::Result<()>,
) -> io::Result<()> {
    let framer = Framer::new(MAXIMUM_PACKET_SIZE, Version::V311);
    let mut reading = Reading {
        stream,
        acks: BytesMut::new(),
    };
    let mut buffer = BytesMut::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut left = packets;
    while left > 0 {
        let read = reading.stream.read(&mut chunk)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(&chunk[..read]);
        reading.acks.clear();
        let mut count = 0;
        let frames = framer.split(&mut buffer);
        for frame in &frames {
            let frame = frame.map_err(io::Error::other)?;
            if let Packet::Publish(publish) =
                frame.decode(Version::V311).map_err(io::Error::other)?
                && let Some(packet_id) = publish.packet_id
            {
                reading.acks.extend_from_slice(&[0x40, 2]);
                reading
                    .acks
                    .extend_from_slice(&packet_id.get().to_be_bytes());
            }
            count += 1;
        }
        left = left.saturating_sub(count);
        came(&mut reading, count)?;
    }
    Ok(())
}

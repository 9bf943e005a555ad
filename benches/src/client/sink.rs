//! A broker that costs as little as can be: it acknowledges whatever comes, and sends what it has
//! prepared.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use nack_codec::QoS;

use super::wire::{Frames, acknowledge, packet_type, publishes};
use super::{Direction, Task};

/// How many messages a subscriber may leave unacknowledged.
const UNACKNOWLEDGED: u32 = 256;

/// Starts a sink for one client; it ends with the client's connection.
pub(super) fn start(task: Task) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        // A client that is gone is how it ends.
        let _ = listener
            .accept()
            .and_then(|(stream, _)| serve(stream, task));
    });
    Ok(address)
}

fn serve(mut stream: TcpStream, task: Task) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut frames = Frames::default();
    let mut answers = Vec::new();
    let mut deliveries: Option<Deliveries> = None;
    let mut version = 4;
    loop {
        answers.clear();
        while let Some(packet) = frames.next() {
            match packet_type(packet) {
                // The protocol level stands behind the name `MQTT`.
                1 => {
                    version = packet[8];
                    let connack: &[u8] = match version {
                        5 => &[0x20, 3, 0, 0, 0],
                        _ => &[0x20, 2, 0, 0],
                    };
                    answers.extend_from_slice(connack);
                }
                3 => acknowledge(packet, &mut answers),
                4 => {
                    if let Some(deliveries) = &mut deliveries {
                        deliveries.acknowledged += 1;
                    }
                }
                8 => {
                    let (id, qos) = ([packet[2], packet[3]], task.qos as u8);
                    match version {
                        5 => answers.extend_from_slice(&[0x90, 4, id[0], id[1], 0, qos]),
                        _ => answers.extend_from_slice(&[0x90, 3, id[0], id[1], qos]),
                    }
                    if task.direction == Direction::Receive {
                        deliveries = Some(Deliveries::new(task, version));
                    }
                }
                12 => answers.extend_from_slice(&[0xD0, 0]),
                _ => {}
            }
        }
        stream.write_all(&answers)?;
        if let Some(deliveries) = &mut deliveries {
            deliveries.send(&mut stream)?;
        }
        if frames.read(&mut stream)? == 0 {
            return Ok(());
        }
    }
}

/// The messages for a subscriber.
struct Deliveries {
    task: Task,
    version: u8,
    sent: u32,
    acknowledged: u32,
}

impl Deliveries {
    const fn new(task: Task, version: u8) -> Self {
        Self {
            task,
            version,
            sent: 0,
            acknowledged: 0,
        }
    }

    /// Sends as much as may be sent now; at QoS 0, all of it.
    fn send(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        while self.sent < self.task.messages {
            let window = match self.task.qos {
                QoS::AtMostOnce => UNACKNOWLEDGED,
                _ => (self.acknowledged + UNACKNOWLEDGED).saturating_sub(self.sent),
            };
            let count = window.min(self.task.messages - self.sent);
            if count == 0 {
                break;
            }
            stream.write_all(&publishes(self.task.qos, self.version, self.sent, count))?;
            self.sent += count;
        }
        Ok(())
    }
}

impl Frames {
    fn read(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        self.fill(|buffer| stream.read(buffer))
    }
}

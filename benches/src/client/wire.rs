//! Bytes and nothing else: what the sink works with, and a client that does the least a client can
//! do, as the limit for the others.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use nack_codec::QoS;

use super::measure::Stopwatch;
use super::{Direction, PAYLOAD, Spent, TOPIC, Task};

/// How much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// Identifiers come back after this many messages, which is more than are ever on their way.
const IDENTIFIERS: u32 = 4096;

/// Cuts packets from what was read. It knows no malformed packet.
#[derive(Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Frames {
    /// The next whole packet.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let unread = &self.buffer[self.start..self.end];
        let mut length = 0;
        for (index, byte) in unread.iter().enumerate().skip(1) {
            length |= usize::from(byte & 0x7F) << (7 * (index - 1));
            if *byte < 0x80 {
                let whole = index + 1 + length;
                if unread.len() < whole {
                    return None;
                }
                let packet = self.start..self.start + whole;
                self.start += whole;
                return Some(&self.buffer[packet]);
            }
        }
        None
    }

    /// Reads once; 0 at the end of the stream.
    pub(super) fn fill(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + READ_SIZE {
            self.buffer.resize(self.end + READ_SIZE, 0);
        }
        let count = read(&mut self.buffer[self.end..])?;
        self.end += count;
        Ok(count)
    }
}

/// The type of a packet, as its number.
pub(super) const fn packet_type(packet: &[u8]) -> u8 {
    packet[0] >> 4
}

/// The acknowledgement of a PUBLISH, if it asks for one.
pub(super) fn acknowledge(publish: &[u8], answers: &mut Vec<u8>) {
    if publish[0] >> 1 & 0b11 == 0 {
        return;
    }
    let length = publish
        .iter()
        .skip(1)
        .take_while(|byte| **byte >= 0x80)
        .count()
        + 1;
    let topic = 1 + length;
    let id = topic + 2 + usize::from(u16::from_be_bytes([publish[topic], publish[topic + 1]]));
    answers.extend_from_slice(&[0x40, 2, publish[id], publish[id + 1]]);
}

/// The PUBLISH packets of messages from this number on.
pub(super) fn publishes(qos: QoS, version: u8, first: u32, count: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in first..first + count {
        let start = bytes.len();
        bytes.extend_from_slice(&[0x30 | (qos as u8) << 1, 0, 0, 0, TOPIC.len() as u8]);
        bytes.extend_from_slice(TOPIC.as_bytes());
        if qos != QoS::AtMostOnce {
            let id = (number % IDENTIFIERS + 1) as u16;
            bytes.extend_from_slice(&id.to_be_bytes());
        }
        if version == 5 {
            bytes.push(0);
        }
        bytes.resize(bytes.len() + PAYLOAD, 0x5A);
        let length = bytes.len() - start - 3;
        bytes[start + 1] = (length & 0x7F) as u8 | 0x80;
        bytes[start + 2] = (length >> 7) as u8;
    }
    bytes
}

pub(super) fn run(address: SocketAddr, task: Task) -> Spent {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c")?;
    stream.read_exact(&mut [0; 4])?;
    // Encoded before the time is taken.
    let window = u32::from(task.in_flight.max(1));
    let batch = publishes(task.qos, 4, 0, window);
    let watch = Stopwatch::start();
    match task.direction {
        Direction::Publish => publish(&mut stream, task, &batch, window)?,
        Direction::Receive => receive(&mut stream, task)?,
    }
    Ok(watch.stop())
}

/// Whole windows in turn: nobody can have more in flight and wait for less.
fn publish(stream: &mut TcpStream, task: Task, batch: &[u8], window: u32) -> io::Result<()> {
    let mut frames = Frames::default();
    for _ in 0..task.messages / window {
        stream.write_all(batch)?;
        let mut left = match task.qos {
            QoS::AtMostOnce => 0,
            _ => window,
        };
        while left > 0 {
            match frames.next() {
                Some(_) => left -= 1,
                None => expect_bytes(frames.fill(|buffer| stream.read(buffer))?)?,
            }
        }
    }
    Ok(())
}

fn receive(stream: &mut TcpStream, task: Task) -> io::Result<()> {
    stream.write_all(b"\x82\x06\x00\x01\x00\x01#")?;
    stream.write_all(&[task.qos as u8])?;
    let mut frames = Frames::default();
    let mut answers = Vec::new();
    let mut left = task.messages;
    while left > 0 {
        while let Some(packet) = frames.next() {
            if packet_type(packet) == 3 {
                acknowledge(packet, &mut answers);
                left -= 1;
            }
        }
        if !answers.is_empty() {
            stream.write_all(&answers)?;
            answers.clear();
        }
        if left > 0 {
            expect_bytes(frames.fill(|buffer| stream.read(buffer))?)?;
        }
    }
    Ok(())
}

fn expect_bytes(count: usize) -> io::Result<()> {
    match count {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

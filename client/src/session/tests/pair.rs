//! A session and a scripted broker: bytes go both ways, and the clock is a field.

use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use nack_codec::{Frame, Framer, Packet, Properties, QoS};

use super::packets::{connack, connack_with};
use super::transcript::Happening;
use crate::session::{AckToken, Config, Delivery, OperationId, RequestError, Session};
use crate::{ConnectionLost, Disconnect, Publish, Subscribe, Unsubscribe};

/// A session, the wire to its broker, and the clock.
pub(super) struct Pair {
    pub(super) session: Session,
    pub(super) now: Instant,
    began: Instant,
    /// How many bytes the transport still takes; as many as there are where it is `None`.
    pub(super) room: Option<usize>,
    /// What the client sent and is not a whole packet yet.
    sent: BytesMut,
    operations: u64,
    /// Messages above QoS 0 that were handed out, in order.
    tokens: Vec<AckToken>,
    happened: Vec<Happening>,
    closed: bool,
}

impl Pair {
    /// A session without a connection.
    pub(super) fn new(config: Config) -> Self {
        config.check().unwrap();
        let now = start();
        Self {
            session: Session::new(config),
            now,
            began: now,
            room: None,
            sent: BytesMut::new(),
            operations: 0,
            tokens: Vec::new(),
            happened: Vec::new(),
            closed: true,
        }
    }

    /// A session that the broker has accepted, with nothing in the transcript yet.
    pub(super) fn connected(config: Config) -> Self {
        let mut pair = Self::new(config);
        pair.connect();
        pair.hear(&connack(false));
        pair.forget();
        pair
    }

    /// The same, where CONNACK has properties.
    pub(super) fn granted(config: Config, properties: &Properties<Vec<u8>>) -> Self {
        let mut pair = Self::new(config);
        pair.connect();
        pair.hear(&connack_with(false, properties));
        pair.forget();
        pair
    }

    /// A transport is open.
    pub(super) fn connect(&mut self) {
        self.sent.clear();
        self.closed = false;
        let deadline = self.now + self.session.config().connect_timeout;
        self.session.handle_connected(deadline);
        self.drive();
    }

    /// The connection is lost, and there is another one, which the broker accepts.
    pub(super) fn reconnect(&mut self, session_present: bool) {
        self.lose();
        self.connect();
        self.hear(&connack(session_present));
    }

    /// The transport is gone.
    pub(super) fn lose(&mut self) {
        self.session.handle_disconnected(ConnectionLost::Eof);
        self.drive();
    }

    /// The broker says this.
    #[track_caller]
    pub(super) fn hear(&mut self, packet: &Packet<'_>) {
        let mut bytes = BytesMut::new();
        packet.encode(self.session.version(), &mut bytes).unwrap();
        self.hear_bytes(&bytes);
    }

    /// The broker says this, and nothing that the session then has to say is asked for.
    pub(super) fn handle(&mut self, packet: &Packet<'_>) -> Option<Delivery> {
        let version = self.session.version();
        let mut bytes = BytesMut::new();
        packet.encode(version, &mut bytes).unwrap();
        let frame = Frame::first(&bytes, u32::MAX, version).unwrap().unwrap();
        self.session.handle_packet(frame, packet, self.now)
    }

    /// The broker says this, which may be anything.
    pub(super) fn hear_bytes(&mut self, bytes: &[u8]) {
        let config = self.session.config().clone();
        let framer = Framer::new(config.maximum_packet_size(), config.version);
        let frames = framer.split(&mut BytesMut::from(bytes));
        for frame in &frames {
            let decoded = frame.and_then(|frame| Ok((frame, frame.decode(config.version)?)));
            let happening = match &decoded {
                Ok((frame, _)) => Happening::Heard(Bytes::copy_from_slice(frame.bytes())),
                Err(error) => Happening::HeardFault(*error),
            };
            self.happened.push(happening);
            match decoded {
                Ok((frame, packet)) => {
                    if let Some(delivery) = self.session.handle_packet(frame, &packet, self.now) {
                        self.hand_out(delivery, frame.bytes());
                    }
                }
                Err(error) => self.session.handle_fault(error, self.now),
            }
            self.drive();
        }
    }

    fn hand_out(&mut self, delivery: Delivery, packet: &[u8]) {
        if let Delivery::New(Some(token)) = delivery {
            self.tokens.push(token);
        }
        let packet = Bytes::copy_from_slice(packet);
        self.happened.push(Happening::HandedOut(delivery, packet));
    }

    /// Publishes `m1` or whatever number the request has on topic `t`.
    pub(super) fn publish(&mut self, qos: QoS) {
        let payload = format!("m{}", self.operations + 1);
        self.publish_message(Publish::new("t", payload).qos(qos));
    }

    pub(super) fn publish_message(&mut self, message: Publish) {
        let id = self.operation();
        let result = self.session.publish(id, message, self.now);
        self.taken(id, result);
    }

    pub(super) fn subscribe(&mut self, request: impl Into<Subscribe>) {
        let id = self.operation();
        let result = self.session.subscribe(id, &request.into(), self.now);
        self.taken(id, result);
    }

    pub(super) fn unsubscribe(&mut self, request: impl Into<Unsubscribe>) {
        let id = self.operation();
        let result = self.session.unsubscribe(id, &request.into(), self.now);
        self.taken(id, result);
    }

    pub(super) fn disconnect(&mut self, request: &Disconnect) {
        let id = self.operation();
        let result = self.session.disconnect(request, self.now);
        self.taken(id, result);
    }

    fn operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }

    fn taken(&mut self, id: OperationId, result: Result<(), RequestError>) {
        if let Err(error) = result {
            self.happened.push(Happening::NotTaken(id, error));
        }
        self.drive();
    }

    /// The application has taken the message with this number, counted from 1 over all
    /// connections.
    pub(super) fn take(&mut self, message: usize) {
        self.session.acknowledge(self.tokens[message - 1]);
        self.drive();
    }

    /// How many messages above QoS 0 were handed out.
    pub(super) const fn handed_out(&self) -> usize {
        self.tokens.len()
    }

    /// The driver stops reading, or reads again.
    pub(super) fn reading(&mut self, reading: bool) {
        self.session.handle_reading(reading, self.now);
        self.drive();
    }

    /// The transport takes so many bytes more.
    pub(super) fn make_room(&mut self, bytes: usize) {
        self.room = Some(self.room.unwrap_or(0) + bytes);
        self.drive();
    }

    /// Time passes, and every timer on the way fires at its time.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.happened.push(Happening::At(self.now - self.began));
            self.session.handle_timeout(self.now);
            self.drive();
            assert!(
                self.session.poll_timeout().is_none_or(|next| next > at),
                "a timer that fired is still due"
            );
        }
        self.now = until;
    }

    /// Moves bytes and hands out verdicts until there is nothing to do.
    pub(super) fn drive(&mut self) {
        self.transmit();
        while let Some((id, outcome)) = self.session.poll_completion() {
            self.happened.push(Happening::Told(id, outcome));
        }
        while let Some(event) = self.session.poll_event() {
            self.happened.push(Happening::Event(event));
        }
        if self.session.wants_close() && !self.closed {
            self.closed = true;
            self.happened.push(Happening::Closed);
        }
    }

    fn transmit(&mut self) {
        loop {
            let mut slices = [IoSlice::new(&[]); 4];
            let used = self.session.transmit(&mut slices);
            let parts = slices[..used].iter();
            let all: Vec<u8> = parts.flat_map(|part| part.iter().copied()).collect();
            let count = all.len().min(self.room.unwrap_or(usize::MAX));
            if count == 0 {
                return;
            }
            if let Some(room) = &mut self.room {
                *room -= count;
            }
            self.sent.extend_from_slice(&all[..count]);
            self.session.handle_transmitted(count, self.now);
            let version = self.session.version();
            let frames = Framer::new(u32::MAX, version).split(&mut self.sent);
            for frame in &frames {
                let frame = frame.expect("the client sends whole packets");
                let packet = Bytes::copy_from_slice(frame.bytes());
                self.happened.push(Happening::Sent(packet));
            }
        }
    }

    /// Forgets what has happened so far.
    pub(super) fn forget(&mut self) {
        self.happened.clear();
    }

    /// What has happened since the last look.
    pub(super) fn happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    /// The same as a transcript.
    pub(super) fn happened(&mut self) -> String {
        let version = self.session.version();
        let happenings = self.happenings();
        let lines = happenings.iter().map(|happening| happening.line(version));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Compares what has happened since the last check with what should have.
    #[track_caller]
    pub(super) fn check(&mut self, expected: &str) {
        let lines: Vec<&str> = expected.trim().lines().map(str::trim).collect();
        let expected = lines.join("\n");
        let happened = self.happened();
        assert!(
            happened == expected,
            "{}: expected\n{expected}\n\nand there was\n{happened}\n",
            self.session.version()
        );
    }

    /// The packet identifiers in use.
    pub(super) fn packet_ids(&self) -> Vec<u16> {
        let ids = self.session.packet_ids_in_use();
        ids.map(|packet_id| packet_id.get()).collect()
    }
}

/// Some moment.
pub(super) fn start() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "an `Instant` cannot be had in another way"
    )]
    Instant::now()
}

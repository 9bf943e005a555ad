//! Random requests, answers, garbage, silence and lost connections: each request has exactly one
//! verdict, the quota is kept, and only packets that a client may send go out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use nack_client::session::{AckToken, Config, Delivery, Event, OperationId, Outcome, Session};
use nack_client::{
    ConnectionLost, Disconnect, DisconnectReason, Publish, RetryTable, Subscribe, Unsubscribe,
};
use nack_codec::{Framer, Packet, PacketId, Properties, Property, QoS, Text, Version};

/// Reads the bytes as a script: the first one says what session it is, the others what happens.
pub fn session(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut run = Run::new(Kind(script.byte()));
    run.connect();
    while let Some(step) = Step::read(&mut script) {
        run.take(step);
        run.settle();
    }
    run.lose();
    run.settle();
    assert!(
        run.pending.is_empty(),
        "without a verdict: {:?}",
        run.pending
    );
}

/// The bytes that are left; zeros behind their end.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, count: u8) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(usize::from(count).min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// What session it is, a bit a question.
#[derive(Clone, Copy)]
struct Kind(u8);

impl Kind {
    fn config(self) -> Config {
        let bit = |number: u32| self.0 >> number & 1 == 1;
        let version = if bit(0) { Version::V5 } else { Version::V311 };
        let mut properties = Properties::new();
        if bit(1) && version == Version::V5 {
            let expiry = Property::SessionExpiryInterval(60);
            properties.push(expiry).expect("it is the only property");
        }
        Config {
            version,
            client_id: Text::new("fuzz").expect("it is text").to_owned(),
            clean_start: bit(2),
            resume_session: bit(3),
            keep_alive: if bit(4) { 10 } else { 0 },
            ping_timeout: Duration::from_secs(5),
            operation_timeout: bit(5).then_some(Duration::from_secs(30)),
            connect_timeout: Duration::from_secs(20),
            user_name: None,
            password: None,
            will: None,
            receive_maximum: if bit(6) { 2 } else { 100 },
            maximum_packet_size: bit(7).then_some(64),
            properties,
            retry_table: RetryTable::new(),
        }
    }
}

/// One thing that happens.
#[derive(Debug)]
enum Step<'a> {
    /// A large message is written from where it lies.
    Publish {
        qos: QoS,
        payload: &'a [u8],
        is_large: bool,
    },
    Subscribe {
        filters: u8,
    },
    Unsubscribe {
        filters: u8,
    },
    Disconnect {
        with_will: bool,
    },
    /// The application has taken a message.
    Acknowledge {
        index: u8,
    },
    /// The broker accepts, with this Receive Maximum where it is not 0.
    Accept {
        present: bool,
        receive_maximum: u8,
    },
    /// The broker answers: the first byte of the packet, an identifier, a code.
    Answer {
        first: u8,
        id: u8,
        code: u8,
    },
    /// The broker publishes.
    Incoming {
        qos: u8,
        id: u8,
    },
    /// The broker sends just anything.
    Raw(&'a [u8]),
    /// The transport takes so many bytes.
    Transmit {
        count: u8,
    },
    /// The next timer fires.
    Timeout,
    /// The transport is lost.
    Lose,
    /// The transport is lost, and there is another one.
    Connect,
    /// The driver stops reading, or goes on.
    Reading(bool),
}

impl<'a> Step<'a> {
    fn read(script: &mut Script<'a>) -> Option<Self> {
        // PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK.
        const ANSWERS: [u8; 6] = [0x40, 0x50, 0x62, 0x70, 0x90, 0xB0];
        let choice = script.next()?;
        let variant = choice >> 4;
        Some(match choice & 0x0F {
            0 | 1 => Self::Publish {
                qos: [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]
                    [usize::from(variant % 3)],
                payload: {
                    let count = script.byte();
                    script.bytes(count)
                },
                is_large: variant > 11,
            },
            2 => Self::Subscribe { filters: variant },
            3 => Self::Unsubscribe { filters: variant },
            4 => Self::Disconnect {
                with_will: variant & 1 == 1,
            },
            5 => Self::Acknowledge { index: variant },
            6 => Self::Accept {
                present: variant & 1 == 1,
                receive_maximum: variant >> 1,
            },
            7..=9 => Self::Answer {
                first: ANSWERS[usize::from(variant % 6)],
                id: script.byte(),
                code: script.byte(),
            },
            10 => Self::Incoming {
                qos: variant & 3,
                id: script.byte(),
            },
            11 => {
                let count = script.byte();
                Self::Raw(script.bytes(count))
            }
            12 => Self::Transmit {
                count: script.byte(),
            },
            13 => Self::Timeout,
            14 => match variant & 1 {
                0 => Self::Connect,
                _ => Self::Lose,
            },
            _ => Self::Reading(variant & 1 == 1),
        })
    }
}

/// What kind of verdict a request is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Publish,
    Subscribe,
    Unsubscribe,
}

struct Run {
    session: Session,
    now: Instant,
    next_operation: u64,
    /// Requests that were taken and have no verdict.
    pending: BTreeMap<OperationId, Request>,
    tokens: Vec<AckToken>,
    /// What came from the broker and is not a whole packet yet.
    incoming: BytesMut,
    /// What went to the broker and is not a whole packet yet.
    outgoing: BytesMut,
    /// The messages above QoS 0 that went out on this connection and are not acknowledged.
    open: BTreeMap<PacketId, QoS>,
    /// The SUBSCRIBE and UNSUBSCRIBE that went out on this connection and are not acknowledged.
    requested: BTreeSet<PacketId>,
    receive_maximum: usize,
    /// Whether DISCONNECT went out on this connection.
    is_over: bool,
}

impl Run {
    fn new(kind: Kind) -> Self {
        let config = kind.config();
        config.check().expect("it can be said");
        Self {
            session: Session::new(config),
            now: Instant::now(),
            next_operation: 0,
            pending: BTreeMap::new(),
            tokens: Vec::new(),
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            open: BTreeMap::new(),
            requested: BTreeSet::new(),
            receive_maximum: usize::from(u16::MAX),
            is_over: false,
        }
    }

    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Publish {
                qos,
                payload,
                is_large,
            } => {
                let payload = payload.repeat(if is_large { 100 } else { 1 });
                let message = Publish::new("t", payload).qos(qos);
                let id = self.operation();
                let taken = self.session.publish(id, message, self.now);
                self.expect_verdict(id, Request::Publish, taken.is_ok());
            }
            Step::Subscribe { filters } => {
                let more = (0..filters).map(|number| format!("f/{number}"));
                let request = more.fold(Subscribe::to("f"), |request, f| request.and(&f));
                let id = self.operation();
                let taken = self.session.subscribe(id, &request, self.now);
                self.expect_verdict(id, Request::Subscribe, taken.is_ok());
            }
            Step::Unsubscribe { filters } => {
                let more = (0..filters).map(|number| format!("f/{number}"));
                let request = more.fold(Unsubscribe::new("f"), |request, f| request.and(&f));
                let id = self.operation();
                let taken = self.session.unsubscribe(id, &request, self.now);
                self.expect_verdict(id, Request::Unsubscribe, taken.is_ok());
            }
            Step::Disconnect { with_will } => {
                let reason = if with_will {
                    DisconnectReason::DisconnectWithWillMessage
                } else {
                    DisconnectReason::NormalDisconnection
                };
                // Refused where there is no connection; then nothing has happened.
                let _ = self.session.disconnect(&Disconnect::with(reason), self.now);
            }
            Step::Acknowledge { index } => {
                if let Some(token) = self.tokens.get(usize::from(index)) {
                    self.session.acknowledge(*token);
                }
            }
            Step::Accept {
                present,
                receive_maximum,
            } => self.accept(present, receive_maximum),
            Step::Answer { first, id, code } => self.answer(first, id, code),
            Step::Incoming { qos, id } => self.publish(qos, id),
            Step::Raw(bytes) => self.feed(bytes),
            Step::Transmit { count } => self.transmit(usize::from(count)),
            Step::Timeout => {
                if let Some(at) = self.session.poll_timeout() {
                    self.now = self.now.max(at);
                    self.session.handle_timeout(self.now);
                }
            }
            Step::Lose => self.lose(),
            Step::Connect => self.connect(),
            Step::Reading(reading) => self.session.handle_reading(reading, self.now),
        }
    }

    fn operation(&mut self) -> OperationId {
        self.next_operation += 1;
        OperationId(self.next_operation)
    }

    fn expect_verdict(&mut self, id: OperationId, request: Request, taken: bool) {
        if taken {
            self.pending.insert(id, request);
        }
    }

    fn connect(&mut self) {
        // A connection that has ended need not be lost as well.
        if !self.session.wants_close() {
            self.lose();
        }
        self.incoming.clear();
        self.outgoing.clear();
        self.open.clear();
        self.requested.clear();
        self.is_over = false;
        self.settle();
        self.session
            .handle_connected(self.now + Duration::from_secs(20));
    }

    /// What was not written is lost with it.
    fn lose(&mut self) {
        self.session.handle_disconnected(ConnectionLost::Eof);
        self.incoming.clear();
        self.outgoing.clear();
        self.open.clear();
        self.requested.clear();
    }

    fn accept(&mut self, present: bool, receive_maximum: u8) {
        let present = u8::from(present);
        let bytes: &[u8] = match (self.session.version(), receive_maximum) {
            (Version::V311, _) => &[0x20, 2, present, 0],
            (Version::V5, 0) => &[0x20, 3, present, 0, 0],
            (Version::V5, maximum) => &[0x20, 6, present, 0, 3, 0x21, 0, maximum],
        };
        self.feed(bytes);
    }

    fn answer(&mut self, first: u8, id: u8, code: u8) {
        let v5 = self.session.version() == Version::V5;
        let is_suback = first == 0x90;
        let bytes: &[u8] = match (v5, first) {
            (true, 0x90 | 0xB0) => &[first, 4, 0, id, 0, code],
            (true, _) => &[first, 3, 0, id, code],
            (false, _) if is_suback => &[first, 3, 0, id, code],
            (false, _) => &[first, 2, 0, id],
        };
        self.feed(bytes);
    }

    fn publish(&mut self, qos: u8, id: u8) {
        let mut bytes = vec![0x30 | qos << 1, 0, 0, 1, b't'];
        if qos > 0 {
            bytes.extend([0, id]);
        }
        if self.session.version() == Version::V5 {
            bytes.push(0);
        }
        bytes[1] = u8::try_from(bytes.len() - 2).expect("it is short");
        self.feed(&bytes);
    }

    /// Bytes come from the broker, which has seen all that was sent before.
    fn feed(&mut self, bytes: &[u8]) {
        self.transmit_all();
        if self.session.wants_close() {
            return;
        }
        self.incoming.extend_from_slice(bytes);
        let config = self.session.config();
        let (maximum, version) = (config.maximum_packet_size(), config.version);
        let frames = Framer::new(maximum, version).split(&mut self.incoming);
        for frame in &frames {
            match frame.and_then(|frame| Ok((frame, frame.decode(version)?))) {
                Ok((frame, packet)) => {
                    self.acknowledged(&packet);
                    let delivery = self.session.handle_packet(frame, &packet, self.now);
                    if let Some(Delivery::New(Some(token))) = delivery {
                        self.tokens.push(token);
                    }
                }
                Err(error) => self.session.handle_fault(error, self.now),
            }
            self.note_events();
            self.transmit_all();
        }
    }

    /// What the broker's packet frees: of the quota, and of the identifiers.
    fn acknowledged(&mut self, packet: &Packet<'_>) {
        let (id, qos) = match packet {
            Packet::Puback(packet) => (packet.packet_id, QoS::AtLeastOnce),
            Packet::Pubrec(packet) if packet.reason.is_error() => {
                (packet.packet_id, QoS::ExactlyOnce)
            }
            Packet::Pubcomp(packet) => (packet.packet_id, QoS::ExactlyOnce),
            Packet::Suback(packet) => {
                self.requested.remove(&packet.packet_id);
                return;
            }
            Packet::Unsuback(packet) => {
                self.requested.remove(&packet.packet_id);
                return;
            }
            _ => return,
        };
        if self.open.get(&id) == Some(&qos) {
            self.open.remove(&id);
        }
    }

    fn transmit_all(&mut self) {
        while self.session.transmit_len() > 0 {
            self.transmit(self.session.transmit_len());
        }
    }

    /// The transport takes up to so many bytes: they are packets that a client may send.
    fn transmit(&mut self, count: usize) {
        let mut slices = [IoSlice::new(&[]); 4];
        let used = self.session.transmit(&mut slices);
        let mut taken = 0;
        for slice in &slices[..used] {
            let part = &slice[..slice.len().min(count - taken)];
            self.outgoing.extend_from_slice(part);
            taken += part.len();
        }
        self.session.handle_transmitted(taken, self.now);

        let version = self.session.version();
        let frames = Framer::default().split(&mut self.outgoing);
        for frame in &frames {
            let frame = frame.expect("what goes out has a header");
            self.sent(&frame.decode(version).expect("what goes out is a packet"));
        }
    }

    fn sent(&mut self, packet: &Packet<'_>) {
        assert!(!self.is_over, "behind DISCONNECT: {packet:?}");
        match packet {
            Packet::Connack(_)
            | Packet::Suback(_)
            | Packet::Unsuback(_)
            | Packet::Pingresp
            | Packet::Auth(_) => panic!("not a client's packet: {packet:?}"),
            Packet::Disconnect(_) => self.is_over = true,
            Packet::Publish(publish) => {
                let Some(id) = publish.packet_id else { return };
                let before = self.open.insert(id, publish.qos);
                let is_free = before.is_none() && !self.requested.contains(&id);
                assert!(is_free, "identifier {id} is used twice at once");
                let (open, maximum) = (self.open.len(), self.receive_maximum);
                assert!(open <= maximum, "{open} open messages, {maximum} allowed");
            }
            Packet::Subscribe(subscribe) => self.requested(subscribe.packet_id),
            Packet::Unsubscribe(unsubscribe) => self.requested(unsubscribe.packet_id),
            _ => {}
        }
    }

    fn requested(&mut self, id: PacketId) {
        let is_free = self.requested.insert(id) && !self.open.contains_key(&id);
        assert!(is_free, "identifier {id} is used twice at once");
    }

    /// Hands out what the session has to say, and looks at what must always hold.
    fn settle(&mut self) {
        self.note_events();
        while let Some((id, outcome)) = self.session.poll_completion() {
            let request = match outcome {
                Outcome::Published(_) => Request::Publish,
                Outcome::Subscribed(_) => Request::Subscribe,
                Outcome::Unsubscribed(_) => Request::Unsubscribe,
            };
            let expected = self.pending.remove(&id);
            assert_eq!(expected, Some(request), "a verdict of {id:?}: {outcome:?}");
        }
        if !self.session.is_connected() {
            assert!(self.pending.is_empty(), "outlived it: {:?}", self.pending);
        }
        let ids: Vec<_> = self.session.packet_ids_in_use().collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(usize::from(self.session.quota_taken()) <= self.receive_maximum);
    }

    fn note_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            if let Event::Connected(connected) = event {
                self.receive_maximum = usize::from(connected.limits().receive_maximum);
            }
        }
    }
}

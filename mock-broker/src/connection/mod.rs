//! One client: stream, packets, rules, base behaviour. A task each.

mod backlog;
mod bell;
mod farewell;
mod held;
mod introduction;
mod jointly;
mod script;
mod sending;
mod steps;
mod upstream;
mod weight;

pub(crate) use bell::Bell;
pub(crate) use script::Script;

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nack_codec::{DecodeError, Framer, PacketType, TopicName};
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep};

use crate::action::Action;
use crate::journal::Source;
use crate::shared::{Access, Shared};
use crate::transport::{Hangup, Transport};
use crate::wire_fault::Wire;
use crate::{Base, Closed, Direction, EntryKind, Received};
use backlog::Backlog;
use held::HeldBack;
use introduction::Introduction;
use script::{Request, Schedule};
use upstream::Upstream;

/// How many bytes are read at once at first, and at most. Packets that are kept keep the whole read
/// alive, so a buffer is used up before there is another; ten thousand clients that say little
/// need little.
const READ_SIZES: std::ops::RangeInclusive<usize> = 256..=8 * 1024;

/// From this many bytes on that a client has not read yet, nothing more is read from it, and no
/// message is taken out of its session: a client that never reads costs no more than this.
const OUTBOX_LIMIT: usize = 256 * 1024;

/// From this many bytes on that came before the client was let in, nothing more is read from it while
/// it is to wait for that.
const EARLY_LIMIT: usize = 64 * 1024;

/// Of what is sent again and again, no more waits to be written than this: there is always room for
/// something else, and the client is read meanwhile.
const PORTION: usize = OUTBOX_LIMIT / 2;

/// From this many delayed answers on, or so many that are held back, nothing more is read from the
/// client, and no message is taken out of its session.
const SCHEDULE_LIMIT: usize = 10_000;

/// And so from this many bytes of them on, with what keeps track of them, of which no more copies of one packet are made at once:
/// few packets can be large.
const SCHEDULE_BYTES: usize = 64 * 1024 * 1024;

/// After this many packets, and what else came with the same read, other connections have their
/// turn, however much this client says. One read brings thousands of small packets, and tokio itself
/// interferes only after more than a hundred reads.
const TURN: usize = 256;

/// One open connection.
pub(crate) struct Connection {
    transport: Transport,
    mailbox: mpsc::Receiver<Command>,
    bell: Arc<Bell>,
    shared: Arc<Shared>,
    source: Source,
    inbox: BytesMut,
    /// How many bytes the next buffer for reading has.
    read_size: usize,
    outbox: BytesMut,
    /// What is held back until something releases it.
    held: HeldBack,
    /// Whether messages are just being taken from the base behaviour: what a rule does about one of
    /// them takes no more, or thousands that wait would each be a level deeper on the stack.
    delivers: bool,
    wire: Wire,
    /// The connection to the broker behind this one.
    upstream: Option<Upstream>,
    /// When the wire lets something be written again.
    room_at: Option<Instant>,
    /// Whether the next write waits until others had their turn, so that it is one of its own.
    breathes: bool,
    schedule: Schedule,
    /// What waits until there is room for it.
    backlog: Backlog,
    /// What a rule does about the opening of the connection.
    opening: Option<Script>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// When the last packet came.
    heard: Instant,
    keep_alive: Option<Duration>,
    /// Whether the CONNECT has come, which says who the client is and what it speaks.
    introduced: bool,
    /// Until the first packet has come, where that may not take for ever.
    introduction: Option<Introduction>,
    /// Whether bytes that come are thrown away, because nobody knows where in them a packet begins.
    deaf: bool,
    /// Whether nobody hears what comes, and nothing is sent.
    mute: bool,
    ending: Option<Ending>,
    /// How many packets came, or were sent again, since others had their turn.
    packets: usize,
    /// The last identifier of an unasked PUBLISH, where the base behaviour has none to give.
    packet_id: u16,
}

/// Something that was asked for from outside.
pub(crate) struct Command {
    pub(crate) actions: Vec<Action>,
    /// Told whether it was done, or is going to be.
    pub(crate) done: oneshot::Sender<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    by: Direction,
    how: Closed,
}

/// What a connection waits for: all of it.
enum Event {
    Command(Command),
    Rung,
    Written(io::Result<()>),
    Due,
    Read(io::Result<usize>),
    /// Something came from the broker behind this one.
    Upstream(io::Result<usize>),
}

impl Connection {
    pub(crate) fn new(
        source: Source,
        transport: Transport,
        mailbox: mpsc::Receiver<Command>,
        bell: Arc<Bell>,
        shared: Arc<Shared>,
        opening: Option<Script>,
    ) -> Self {
        let upstream = match shared.base {
            Base::Upstream(address) => Some(Upstream::new(address)),
            _ => None,
        };
        let introduction = Introduction::new(shared.base, shared.connect_limit);
        Self {
            transport,
            mailbox,
            bell,
            shared,
            source,
            inbox: BytesMut::new(),
            read_size: *READ_SIZES.start(),
            outbox: BytesMut::new(),
            held: HeldBack::default(),
            delivers: false,
            wire: Wire::default(),
            upstream,
            room_at: None,
            breathes: false,
            opening,
            schedule: Schedule::default(),
            backlog: Backlog::default(),
            sleep: None,
            heard: Instant::now(),
            keep_alive: None,
            introduced: false,
            introduction,
            deaf: false,
            mute: false,
            ending: None,
            packets: 0,
            packet_id: 0,
        }
    }

    pub(crate) async fn run(mut self) {
        if let Some(opening) = self.opening.take() {
            self.perform(opening);
        }
        let ending = loop {
            if let Some(ending) = self.ending {
                break ending;
            }
            let event = std::future::poll_fn(|cx| self.poll_event(cx)).await;
            self.handle(event);
            if self.ending.is_none() {
                self.attend();
            }
            if self.packets >= TURN {
                self.packets = 0;
                tokio::task::yield_now().await;
            }
        };
        self.note_backlog();
        // On the heap, or each connection would have room for itself twice from its beginning on.
        Box::pin(self.say_farewell(ending)).await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(Some(command)) = self.mailbox.poll_recv(cx) {
            return Poll::Ready(Event::Command(command));
        }
        if self.bell.poll_rung(cx).is_ready() {
            return Poll::Ready(Event::Rung);
        }
        if let Poll::Ready(written) = self.poll_write(cx) {
            return Poll::Ready(Event::Written(written));
        }
        if self.poll_due(cx).is_ready() {
            return Poll::Ready(Event::Due);
        }
        let may_read = self.may_read_upstream();
        if let Some(upstream) = &mut self.upstream
            && let Poll::Ready(read) = upstream.poll(cx, may_read)
        {
            return Poll::Ready(Event::Upstream(read));
        }
        // What makes room has been polled: what waits for it is looked up after each event.
        if self.backlog.first().is_some_and(|it| !self.lacks_room(it)) {
            return Poll::Ready(Event::Rung);
        }
        if self.may_read() {
            let room = self.inbox.capacity() - self.inbox.len();
            if room < self.read_size / 8 {
                self.inbox.reserve(self.read_size);
            }
            let room = self.inbox.capacity() - self.inbox.len();
            let read = pin!(self.transport.read_buf(&mut self.inbox));
            if let Poll::Ready(read) = read.poll(cx) {
                if matches!(read, Ok(bytes) if bytes == room) {
                    self.read_size = (2 * self.read_size).min(*READ_SIZES.end());
                }
                return Poll::Ready(Event::Read(read));
            }
        }
        Poll::Pending
    }

    /// Whether more may be sent, delayed or held back without piling up.
    fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX_LIMIT
            && self.schedule.len() < SCHEDULE_LIMIT
            && self.held.len() < SCHEDULE_LIMIT
            && self.backlog.len() < SCHEDULE_LIMIT
            && self.schedule.bytes() + self.held.bytes() + self.backlog.bytes() < SCHEDULE_BYTES
    }

    /// Does what was asked for from outside, unless it would wait and too much waits already; whether
    /// it is done, or is going to be. Nobody stops reading who asks for too much, and so the rest is
    /// refused.
    fn take_command(&mut self, script: Script) -> bool {
        let is_full = |scripts, bytes| scripts >= SCHEDULE_LIMIT || bytes >= SCHEDULE_BYTES;
        let (schedule, backlog) = (&self.schedule, &self.backlog);
        let waits_too_long = script.delays() && is_full(schedule.len(), schedule.bytes());
        let has_no_room = script.sends() && is_full(backlog.len(), backlog.bytes());
        if waits_too_long || has_no_room {
            let note = "a command is not done, as too much waits to be sent already";
            let to = Direction::ToClient;
            let record = &mut self.shared.state().record;
            record.note(&self.source, to, note.into());
            self.shared.announce();
            return false;
        }
        self.perform(script);
        true
    }

    fn may_read(&self) -> bool {
        self.has_room()
            && (self.inbox.len() < EARLY_LIMIT || !self.schedule.delays_admission())
            && self.upstream.as_ref().is_none_or(Upstream::has_room)
            && self.wire.reads(Instant::now())
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        self.time_introduction(now);
        let Some(due) = self.next_due(now) else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if sleep.deadline() != due {
            sleep.as_mut().reset(due);
        }
        sleep.as_mut().poll(cx)
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        // What is over already has been looked at.
        let stall = self.wire.next_due().filter(|due| *due > now);
        let due = [
            self.schedule.next_due(),
            self.silent_at(),
            self.overdue_at(now),
            self.room_at,
            stall,
        ];
        due.into_iter().flatten().min()
    }

    /// When the client will have been silent for too long; nobody minds where nobody hears it.
    fn silent_at(&self) -> Option<Instant> {
        let keep_alive = self.keep_alive.filter(|_| !self.mute)?;
        Some(self.heard + keep_alive)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Command(Command { actions, done }) => {
                let taken = self.take_command(Script::of_command(actions));
                // Whoever asked may have stopped waiting.
                let _ = done.send(taken);
            }
            // What it was rung for is looked up after each event.
            Event::Rung => {}
            Event::Written(Ok(())) => self.handle_written(),
            Event::Due => self.handle_due(),
            Event::Read(Ok(0)) => {
                // What is no whole packet is passed on too; of who was not let in, nothing is.
                if !self.schedule.delays_admission() {
                    self.handle_unframed();
                }
                self.end(Direction::FromClient, Closed::Finished);
            }
            Event::Read(Ok(_)) => self.handle_read(),
            Event::Upstream(read) => self.handle_upstream(read),
            Event::Read(Err(error)) | Event::Written(Err(error)) => {
                let Hangup { by, how } = Hangup::of(&error);
                self.end(by, how);
            }
        }
    }

    fn handle_due(&mut self) {
        let now = Instant::now();
        let delayed = self.schedule.delays_admission();
        while self.ending.is_none()
            && let Some(script) = self.schedule.take_due(now)
        {
            self.perform(script);
        }
        if delayed {
            // What came early.
            self.handle_read();
        }
        let silent = self.silent_at().is_some_and(|at| at <= now);
        if silent && self.ending.is_none() {
            self.keep_alive = None;
            let steps = {
                let behaviour = &mut self.shared.state().behaviour;
                behaviour.keep_alive_ran_out(self.source.connection)
            };
            self.perform(Script::of_base(steps).at_once());
        }
        if self.ending.is_none() {
            self.end_if_overdue(now);
        }
    }

    fn handle_read(&mut self) {
        match self.deaf {
            true => self.handle_unframed(),
            false => self.handle_packets(),
        }
        // Once for all that were read at once: who waits could not look in between anyway.
        self.shared.announce();
    }

    fn handle_packets(&mut self) {
        if !self.handle_introduction() {
            return;
        }
        if self.ending.is_some() || self.schedule.delays_admission() {
            return;
        }
        let framer = Framer::new(self.shared.maximum_packet_size, self.source.version);
        let frames = framer.split(&mut self.inbox);
        let mut handled = 0;
        for frame in &frames {
            if self.ending.is_some() {
                return;
            }
            if self.schedule.delays_admission() {
                // Clients may send on before CONNACK has come (section 3.1.4), and [MQTT-3.2.0-1]
                // nothing that is sent may come before it.
                let mut early = BytesMut::from(&frames.bytes()[handled..]);
                early.extend_from_slice(&self.inbox);
                self.inbox = early;
                return;
            }
            self.packets += 1;
            match frame {
                Ok(frame) => {
                    handled += frame.bytes().len();
                    self.receive(frames.bytes().slice_ref(frame.bytes()), None);
                }
                Err(error) => {
                    // Where the next packet begins cannot be known any more.
                    self.deaf = true;
                    let raw = self.inbox.split().freeze();
                    self.receive(raw, Some(error));
                }
            }
        }
    }

    /// Bytes that are no whole packet, or behind what was none: for nobody, but for a broker behind this one.
    fn handle_unframed(&mut self) {
        let bytes = self.inbox.split().freeze();
        if bytes.is_empty() || self.upstream.is_none() || self.mute {
            return;
        }
        let (from, kind) = (Direction::FromClient, EntryKind::Packet);
        let shared = self.shared.clone();
        {
            let mut state = shared.state();
            // A client that a rule let in is not there for the broker behind.
            let is_known = state.behaviour.is_known_behind(self.source.connection);
            if is_known || self.source.client_id.is_none() {
                self.pass_on(&bytes);
            }
            let record = &mut state.record;
            record.add(&self.source, from, kind, bytes, None, None);
        }
        shared.announce();
    }

    /// One packet, or what is not one: asks the rules, and does what they or the base behaviour
    /// say.
    fn receive(&mut self, raw: Bytes, error: Option<DecodeError>) {
        self.heard = Instant::now();
        // What is no CONNECT ends the connection, unless a rule has it otherwise.
        self.introduction = None;
        self.introduce(&raw, error);
        let source = self.source.clone();
        let from = Direction::FromClient;
        let Some(received) = Received::new(&source, from, &raw, error) else {
            return;
        };
        let shared = self.shared.clone();
        let mut access = shared.access();
        if self.mute {
            let (kind, record) = (EntryKind::Packet, &mut access.state().record);
            record.add(&source, from, kind, raw.clone(), error, None);
            return;
        }
        let topic = Self::topic_of(&mut access, &received);
        let received = received.meaning(topic.as_ref());
        let winner = self.shared.rules.judge(&received);
        let title: Option<Arc<str>> = winner.as_ref().map(|(rule, _)| rule.title().into());
        let state = access.state();
        state.record.add(
            &source,
            from,
            EntryKind::Packet,
            raw.clone(),
            error,
            title.clone(),
        );
        let script = match (winner, title) {
            (Some((_, actions)), Some(title)) => {
                state.behaviour.taken(&received);
                let request = Request {
                    source: source.clone(),
                    direction: from,
                    raw: raw.clone(),
                    error,
                    topic,
                    settled: false,
                    usual: false,
                };
                Script::of_rule(title, actions, request)
            }
            _ => {
                let steps = state.behaviour.handle(&received);
                let who = [PacketType::Connect, PacketType::Auth];
                if received.packet_type().is_some_and(|it| who.contains(&it)) {
                    self.learn(state);
                }
                Script::of_base(steps)
            }
        };
        self.perform_in(&mut access, script);
    }

    /// What the topic alias of a PUBLISH without topic stands for. The state is not locked behind
    /// it, as rules are asked next.
    fn topic_of(access: &mut Access<'_>, received: &Received<'_>) -> Option<TopicName> {
        received.publish()?.properties.topic_alias()?;
        let topic = access.state().behaviour.topic_of(received);
        access.unlock();
        topic
    }

    /// Learns from a CONNECT who the client is and what it speaks.
    fn introduce(&mut self, raw: &Bytes, error: Option<DecodeError>) {
        if self.introduced {
            return;
        }
        let source = self.source.clone();
        let Some(received) = Received::new(&source, Direction::FromClient, raw, error) else {
            return;
        };
        if let Some(connect) = received.connect() {
            let client_id: Arc<str> = connect.client_id.get().into();
            self.introduced = true;
            self.source.version = connect.version;
            self.source.client_id = Some(client_id.clone());
            let mut state = self.shared.state();
            self.source.connection_of_client = state.count_connection(&client_id);
            if let Some(link) = state.links.get_mut(&self.source.connection) {
                link.client_id = Some(client_id);
                link.version = Some(connect.version);
            }
        } else if let Some(error) = received.decode_error()
            && error.packet() == Some(PacketType::Connect)
        {
            self.source.version = error.version();
        }
    }

    /// Looks up what the base behaviour has for this client since it was asked last.
    fn attend(&mut self) {
        let shared = self.shared.clone();
        let mut access = shared.access();
        let resumed = self.resume(&mut access);
        if self.mute || self.ending.is_some() {
            drop(access);
            if resumed {
                shared.announce();
            }
            return;
        }
        let steps = access.state().behaviour.take_orders(self.source.connection);
        let anything = !steps.is_empty();
        if anything {
            self.perform_in(&mut access, Script::of_base(steps).at_once());
        }
        let delivered = self.deliver(&mut access);
        drop(access);
        if resumed || anything || delivered {
            shared.announce();
        }
    }

    /// Ends the connection: for the base behaviour at once, on the wire once all is written.
    fn end(&mut self, by: Direction, how: Closed) {
        let shared = self.shared.clone();
        self.end_in(&mut shared.access(), by, how);
        shared.announce();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A task that was aborted, or that panicked, leaves nothing behind either.
        if self.ending.is_none() {
            self.end(Direction::ToClient, Closed::Reset);
        }
    }
}

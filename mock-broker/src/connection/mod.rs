//! One client: stream, packets, rules, base behaviour. A task each.

mod bell;
mod script;
mod steps;

pub(crate) use bell::Bell;

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nack_codec::{DecodeError, Framer, PacketType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, timeout};

use crate::action::Action;
use crate::journal::Source;
use crate::shared::Shared;
use crate::transport::{Hangup, Transport};
use crate::{Closed, Direction, EntryKind, Received};
use script::{Request, Schedule, Script};

/// How many bytes are read at once, as a rule. Packets that are kept keep the whole read alive, so
/// a buffer is used up before there is another.
const READ_SIZE: usize = 8 * 1024;

/// With less room than this left, there is another buffer.
const LEAST_READ: usize = 1024;

/// From this many bytes on that a client has not read yet, nothing more is read from it, and no
/// message is taken out of its session: a client that never reads costs no more than this.
const OUTBOX_LIMIT: usize = 256 * 1024;

/// From this many delayed answers on, nothing more is read from the client.
const SCHEDULE_LIMIT: usize = 10_000;

/// How long a closing connection waits for the client to read what was sent to it, and then for
/// the client to close its own side, before it is dropped.
const FAREWELL: Duration = Duration::from_secs(5);

/// One open connection.
pub(crate) struct Connection {
    transport: Transport,
    mailbox: mpsc::Receiver<Command>,
    bell: Arc<Bell>,
    shared: Arc<Shared>,
    source: Source,
    inbox: BytesMut,
    outbox: BytesMut,
    schedule: Schedule,
    sleep: Option<Pin<Box<Sleep>>>,
    /// When the last packet came.
    heard: Instant,
    keep_alive: Option<Duration>,
    /// Whether the CONNECT has come, which says who the client is and what it speaks.
    introduced: bool,
    /// Whether bytes that come are thrown away, because nobody knows where in them a packet begins.
    deaf: bool,
    ending: Option<Ending>,
    /// The last identifier of an unasked PUBLISH, where the base behaviour has none to give.
    packet_id: u16,
}

/// Something that was asked for from outside.
pub(crate) struct Command {
    pub(crate) actions: Vec<Action>,
    pub(crate) done: oneshot::Sender<()>,
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
    Written(io::Result<usize>),
    Due,
    Read(io::Result<usize>),
}

impl Connection {
    pub(crate) fn new(
        source: Source,
        transport: Transport,
        mailbox: mpsc::Receiver<Command>,
        bell: Arc<Bell>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            transport,
            mailbox,
            bell,
            shared,
            source,
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            schedule: Schedule::default(),
            sleep: None,
            heard: Instant::now(),
            keep_alive: None,
            introduced: false,
            deaf: false,
            ending: None,
            packet_id: 0,
        }
    }

    pub(crate) async fn run(mut self) {
        let ending = loop {
            let event = std::future::poll_fn(|cx| self.poll_event(cx)).await;
            self.handle(event);
            if self.ending.is_none() {
                self.attend();
            }
            if let Some(ending) = self.ending {
                break ending;
            }
        };
        self.say_farewell(ending).await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(Some(command)) = self.mailbox.poll_recv(cx) {
            return Poll::Ready(Event::Command(command));
        }
        if self.bell.poll_rung(cx).is_ready() {
            return Poll::Ready(Event::Rung);
        }
        if !self.outbox.is_empty() {
            let write = pin!(self.transport.write_buf(&mut self.outbox));
            if let Poll::Ready(written) = write.poll(cx) {
                return Poll::Ready(Event::Written(written));
            }
        }
        if self.poll_due(cx).is_ready() {
            return Poll::Ready(Event::Due);
        }
        if self.outbox.len() < OUTBOX_LIMIT && self.schedule.len() < SCHEDULE_LIMIT {
            if self.inbox.capacity() - self.inbox.len() < LEAST_READ {
                self.inbox.reserve(READ_SIZE);
            }
            let read = pin!(self.transport.read_buf(&mut self.inbox));
            return read.poll(cx).map(Event::Read);
        }
        Poll::Pending
    }

    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.next_due() else {
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

    fn next_due(&self) -> Option<Instant> {
        let silence = self.keep_alive.map(|keep_alive| self.heard + keep_alive);
        let due = [self.schedule.next_due(), silence];
        due.into_iter().flatten().min()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Command(Command { actions, done }) => {
                self.perform(Script::of_command(actions));
                // Whoever asked may have stopped waiting.
                let _ = done.send(());
            }
            // What it was rung for is looked up after each event.
            Event::Rung | Event::Written(Ok(_)) => {}
            Event::Due => self.handle_due(),
            Event::Read(Ok(0)) => self.end(Direction::FromClient, Closed::Finished),
            Event::Read(Ok(_)) => self.handle_read(),
            Event::Read(Err(error)) | Event::Written(Err(error)) => {
                let Hangup { by, how } = Hangup::of(&error);
                self.end(by, how);
            }
        }
    }

    fn handle_due(&mut self) {
        let now = Instant::now();
        while self.ending.is_none()
            && let Some(script) = self.schedule.take_due(now)
        {
            self.perform(script);
        }
        let silent = self
            .keep_alive
            .is_some_and(|keep_alive| self.heard + keep_alive <= now);
        if silent && self.ending.is_none() {
            self.keep_alive = None;
            let steps = {
                let behaviour = &mut self.shared.state().behaviour;
                behaviour.keep_alive_ran_out(self.source.connection)
            };
            self.perform(Script::of_base(steps));
        }
    }

    fn handle_read(&mut self) {
        if self.deaf {
            self.inbox.clear();
            return;
        }
        let framer = Framer::new(self.shared.maximum_packet_size, self.source.version);
        let frames = framer.split(&mut self.inbox);
        for frame in &frames {
            if self.ending.is_some() {
                return;
            }
            match frame {
                Ok(frame) => self.receive(frames.bytes().slice_ref(frame.bytes()), None),
                Err(error) => {
                    // Where the next packet begins cannot be known any more.
                    self.deaf = true;
                    let raw = self.inbox.split().freeze();
                    self.receive(raw, Some(error));
                }
            }
        }
    }

    /// One packet, or what is not one: asks the rules, and does what they or the base behaviour
    /// say.
    fn receive(&mut self, raw: Bytes, error: Option<DecodeError>) {
        self.heard = Instant::now();
        self.introduce(&raw, error);
        let source = self.source.clone();
        let from = Direction::FromClient;
        let Some(received) = Received::new(&source, from, &raw, error) else {
            return;
        };
        let winner = self.shared.rules.judge(&received);
        let title: Option<Arc<str>> = winner.as_ref().map(|(rule, _)| rule.title().into());

        let shared = self.shared.clone();
        let mut state = shared.state();
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
                let request = Request {
                    source: source.clone(),
                    raw: raw.clone(),
                    error,
                    settled: false,
                };
                Script::of_rule(title, actions, request)
            }
            _ => {
                let steps = state.behaviour.handle(&received);
                if received.packet_type() == Some(PacketType::Connect) {
                    self.learn(&mut state);
                }
                Script::of_base(steps)
            }
        };
        self.perform_in(&mut state, script);
        drop(state);
        shared.announce();
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
        let mut state = shared.state();
        let steps = state.behaviour.take_orders(self.source.connection);
        let anything = !steps.is_empty();
        if anything {
            self.perform_in(&mut state, Script::of_base(steps));
        }
        let delivered = self.deliver(&mut state);
        drop(state);
        if anything || delivered {
            shared.announce();
        }
    }

    /// Ends the connection: for the base behaviour at once, on the wire once all is written.
    fn end(&mut self, by: Direction, how: Closed) {
        let shared = self.shared.clone();
        self.end_in(&mut shared.state(), by, how);
        shared.announce();
    }

    async fn say_farewell(mut self, ending: Ending) {
        self.mailbox.close();
        let flush = async {
            while !self.outbox.is_empty() {
                if self.transport.write_buf(&mut self.outbox).await.is_err() {
                    break;
                }
            }
        };
        // A client that does not read is not waited for any longer.
        let _ = timeout(FAREWELL, flush).await;
        if ending.how == Closed::Reset {
            self.transport.reset_on_drop();
            return;
        }
        // TLS and WebSocket have something to say at the end.
        let shutdown = timeout(FAREWELL, self.transport.shutdown()).await;
        if !matches!(shutdown, Ok(Ok(()))) || ending.by == Direction::FromClient {
            return;
        }
        // A TCP socket that is dropped with unread bytes resets the connection, and with that may
        // destroy what the client has not read yet.
        let drain = async {
            loop {
                self.inbox.clear();
                match self.transport.read_buf(&mut self.inbox).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
        };
        let _ = timeout(FAREWELL, drain).await;
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

//! The driver: one task that owns the transport and the session, moves bytes, and completes the
//! callers' futures. Nothing else touches the socket.

mod alarm;
mod blocked;
mod command;
mod deadline;
mod dispatch;
mod queue;
mod replies;
mod requests;
mod routes;
mod takers;
mod topics;
pub(crate) mod transport;
mod unclaimed;
mod verdicts;
mod waiters;
mod wake;

pub(crate) use command::Command;
pub(crate) use deadline::Deadline;
pub(crate) use queue::Receiver;
pub(crate) use routes::RouteId;
pub(crate) use takers::{Delivered, Signal, Signals, Takers};
pub(crate) use unclaimed::Unclaimed;
pub(crate) use verdicts::Verdicts;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nack_codec::{Framer, Frames, Packet};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::coop::consume_budget;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::error::{ConnectError, ConnectionLost, DisconnectError, Operation, TimedOut};
use crate::link::{Attempt, Kept};
use crate::options::{Disconnect, Options};
use crate::session::{CLOSE_TIMEOUT, Delivery, Event, Session};
use crate::{Connected, DisconnectReason};
use dispatch::{Dispatch, Next};
use replies::Replies;
use waiters::Waiters;
use wake::{Line, Wake};

/// How many commands may wait for the driver, which takes them as fast as it can.
const COMMANDS: usize = 64;

/// How long a transport may take to close, and how long it is read although nothing can or will be
/// written: for the broker's last words, if its transport takes no bytes any more; and until the
/// broker has closed it too. A socket that is closed with unread bytes is reset, and a reset can
/// overtake the DISCONNECT; and the next CONNECT, on a transport of its own, can overtake this one.
const LINGER: Duration = Duration::from_millis(500);

/// The owner of one connection.
struct Driver {
    /// First, as fields are dropped in this order: where the task is stopped, the link is down
    /// before anybody notices.
    attempt: Attempt,
    session: Session,
    commands: mpsc::Receiver<Command>,
    /// The other end of it, until the link has it.
    own: Option<mpsc::Sender<Command>>,
    /// Whether no command can come any more.
    unreachable: bool,
    waiters: Waiters,
    dispatch: Dispatch,
    connecting: Option<oneshot::Sender<Result<Connected, ConnectError>>>,
    disconnecting: Option<oneshot::Sender<Result<(), DisconnectError>>>,
    replies: Replies,
    /// Whether nothing is read, as the session knows it.
    held_back: bool,
    /// Whether the connection has ended, and all that is left is its last bytes.
    over: bool,
    /// Why the connection ended, if there was one.
    lost: Option<ConnectionLost>,
    /// Why the last bytes could not be written.
    cut_short: Option<DisconnectError>,
}

/// Spawns the driver of a connection that is to be made over this transport: the answer says
/// whether it was.
pub(crate) fn spawn<T>(
    transport: T,
    mut attempt: Attempt,
    deadline: Deadline,
    options: &Options,
    unclaimed: &Arc<Unclaimed>,
) -> oneshot::Receiver<Result<Connected, ConnectError>>
where
    T: AsyncRead + AsyncWrite + Send + 'static,
{
    let (own, commands) = mpsc::channel(COMMANDS);
    let (reply, answer) = oneshot::channel();
    let Kept { session, takers } = *attempt
        .kept
        .take()
        .expect("every attempt begins with a session");
    let driver = Driver {
        attempt,
        session,
        commands,
        own: Some(own),
        unreachable: false,
        waiters: Waiters::default(),
        dispatch: Dispatch::new(options, unclaimed, takers),
        connecting: Some(reply),
        disconnecting: None,
        replies: Replies::default(),
        held_back: false,
        over: false,
        lost: None,
        cut_short: None,
    };
    tokio::spawn(driver.run(transport, deadline));
    answer
}

impl Driver {
    /// Runs the connection until it has ended, and then leaves the session where the next one
    /// finds it.
    async fn run<T>(mut self, transport: T, deadline: Deadline)
    where
        T: AsyncRead + AsyncWrite,
    {
        let mut line = Line::new(transport);
        self.session.handle_connected(deadline.at());
        self.exchange(&mut line).await;
        self.close(line).await;
    }

    /// The loop: settle what the session has to say, wait for the next thing to happen, tell the
    /// session.
    async fn exchange<T>(&mut self, line: &mut Line<T>)
    where
        T: AsyncRead + AsyncWrite,
    {
        let maximum_packet_size = self.session.config().maximum_packet_size();
        let framer = Framer::new(maximum_packet_size, self.session.version());
        loop {
            self.settle();
            if self.session.wants_close() {
                return;
            }
            // A transport that is not tokio's may be ready at all times.
            consume_budget().await;
            let wake = self.wake(line).await;
            let now = Instant::now();
            match wake {
                Wake::Read(Ok(0)) => self.transport_lost(ConnectionLost::Eof),
                Wake::Read(Err(error)) => self.transport_lost(error.into()),
                Wake::Read(Ok(_)) if self.over => line.buffer.clear(),
                Wake::Read(Ok(_)) => {
                    line.was_read(line.buffer.len());
                    self.read(&line.frames(&framer), now.into_std());
                    if line.has_more() {
                        // Who takes the messages has a turn before there are too many of them.
                        yield_now().await;
                    }
                }
                Wake::Written(Ok(count)) => {
                    self.session.handle_transmitted(count, now.into_std());
                    self.replies.written(count);
                    line.unflushed = true;
                }
                Wake::Written(Err(error)) if self.over => {
                    self.transport_lost(error.into());
                }
                // What the broker said before it closed the transport says more than this error.
                Wake::Written(Err(error)) => {
                    line.broken = Some((error, now + LINGER));
                }
                Wake::Command(Some(command)) => {
                    self.command(command, now.into_std());
                    // One write for all that is asked at once; and not for ever.
                    for _ in 1..COMMANDS {
                        let Ok(command) = self.commands.try_recv() else {
                            break;
                        };
                        self.command(command, now.into_std());
                    }
                }
                Wake::Command(None) | Wake::GivenUp => self.deserted(now.into_std()),
                Wake::Dispatch(Next::Signal(signal)) => self.signal(signal, now.into_std()),
                Wake::Dispatch(Next::Room) => self.dispatch.retry(),
                Wake::Time => self.time(line, now),
            }
        }
    }

    /// Hands all whole packets of a read to the session.
    fn read(&mut self, frames: &Frames, now: std::time::Instant) {
        let version = self.session.version();
        for frame in frames {
            let (frame, packet) = match frame.and_then(|frame| Ok((frame, frame.decode(version)?)))
            {
                Ok(decoded) => decoded,
                Err(error) => return self.session.handle_fault(error, now),
            };
            let before = self.session.transmit_len();
            let delivery = self.session.handle_packet(frame, &packet, now);
            match &packet {
                Packet::Publish(publish) => {
                    if let Some(Delivery::New(token)) = delivery {
                        self.dispatch.deliver(publish, token, frames.bytes());
                    }
                    self.replied(before);
                }
                Packet::Pubrel(pubrel) => {
                    self.dispatch.release_message(pubrel.packet_id);
                    self.replied(before);
                }
                Packet::Pubrec(pubrec) if !pubrec.reason.is_error() => self.replied(before),
                Packet::Connack(connack) if !connack.session_present => {
                    self.dispatch.forget_session();
                }
                _ => {}
            }
        }
    }

    /// What was to be written has grown since by replies.
    fn replied(&mut self, before: usize) {
        let now = self.session.transmit_len();
        self.replies.added(now.saturating_sub(before), now);
    }

    fn time<T>(&mut self, line: &mut Line<T>, now: Instant) {
        if let Some((error, _)) = line.broken.take_if(|(_, until)| *until <= now) {
            return self.transport_lost(error.into());
        }
        let unsent = self.session.transmit_len() > 0;
        self.session.handle_timeout(now.into_std());
        if self.over && unsent && self.session.transmit_len() == 0 {
            self.cut_short(DisconnectError::Timeout(TimedOut {
                operation: Operation::Disconnect,
                after: CLOSE_TIMEOUT,
            }));
        }
    }

    /// Nobody is left who could be told.
    fn deserted(&mut self, now: std::time::Instant) {
        self.connecting = None;
        self.unreachable = true;
        let request = if self.attempt.is_abandoned() {
            Disconnect::with(DisconnectReason::DisconnectWithWillMessage)
        } else {
            Disconnect::default()
        };
        // It is refused only where the connection has ended.
        let _ = self.session.disconnect(&request, now);
    }

    fn transport_lost(&mut self, cause: ConnectionLost) {
        if self.session.transmit_len() > 0 {
            self.cut_short(DisconnectError::ConnectionLost(cause.clone()));
        }
        self.session.handle_disconnected(cause);
    }

    fn cut_short(&mut self, error: DisconnectError) {
        if self.over {
            self.cut_short.get_or_insert(error);
        }
    }

    /// Passes on what the takers and the session have to say.
    fn settle(&mut self) {
        while let Some(signal) = self.dispatch.try_signal() {
            self.signal(signal, Instant::now().into_std());
        }
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Connected(connected) => {
                    if let Some(commands) = self.own.take() {
                        self.attempt.connected(commands, self.dispatch.signals());
                    }
                    if let Some(reply) = self.connecting.take() {
                        // A caller who is gone has given up its claim, and nobody reaches us.
                        let _ = reply.send(Ok(*connected));
                    }
                }
                Event::ConnectFailed(error) => {
                    self.end(None);
                    if let Some(reply) = self.connecting.take() {
                        let _ = reply.send(Err(error));
                    }
                }
                Event::ConnectionLost(cause) => self.end(Some(cause)),
                Event::GrantedTooLate(filters) => {
                    self.end_unheld(filters, Instant::now().into_std());
                }
                Event::Unsolicited { .. } | Event::ResendFailed(_) => {}
            }
        }
        self.complete();
        let held_back = self.dispatch.is_held_back();
        if self.held_back != held_back {
            self.held_back = held_back;
            let now = Instant::now().into_std();
            self.session.handle_reading(!held_back, now);
        }
    }

    /// The connection has ended. Everybody learns it at once, although its last bytes may still be
    /// on their way; first the link, so that nobody who knows it finds the client connected.
    fn end(&mut self, cause: Option<ConnectionLost>) {
        self.over = true;
        self.own = None;
        self.attempt.ending(cause.clone());
        self.commands.close();
        self.lost.clone_from(&cause);
        self.complete();
        if let Some(cause) = cause {
            self.dispatch.end(cause);
        }
    }

    fn complete(&mut self) {
        while let Some((id, outcome)) = self.session.poll_completion() {
            if let Some(waiter) = self.waiters.remove(id) {
                let retries = &self.session.config().retry_table;
                waiter.complete(outcome, &mut self.dispatch, retries);
            }
        }
    }

    /// Closes the transport, and brings the session home: the client can connect again.
    async fn close<T>(mut self, mut line: Line<T>)
    where
        T: AsyncRead + AsyncWrite,
    {
        let flushed = timeout(LINGER, line.transport.flush()).await;
        let _ = timeout(LINGER, line.transport.shutdown()).await;
        if let Some(reply) = self.disconnecting.take() {
            let _ = reply.send(written(self.cut_short.take(), flushed.ok()));
        }
        let _ = timeout(LINGER, line.drain()).await;
        self.session.handle_disconnected(ConnectionLost::Eof);
        self.settle();
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(self.lost.clone());
        }
        let session = self.session;
        let takers = self.dispatch.close();
        self.attempt.ended(Kept { session, takers });
    }
}

/// Whether the last bytes reached the transport.
fn written(
    cut_short: Option<DisconnectError>,
    flushed: Option<io::Result<()>>,
) -> Result<(), DisconnectError> {
    match (cut_short, flushed) {
        (Some(error), _) => Err(error),
        (None, Some(Ok(()))) => Ok(()),
        (None, Some(Err(error))) => Err(DisconnectError::ConnectionLost(error.into())),
        (None, None) => Err(DisconnectError::Timeout(TimedOut {
            operation: Operation::Disconnect,
            after: LINGER,
        })),
    }
}

//! The driver: one task that owns the transport and the session, moves bytes, and completes the
//! callers' futures. Nothing else touches the socket.

mod command;
mod dispatch;
mod topics;
pub(crate) mod transport;

pub(crate) use command::Command;
pub(crate) use dispatch::{Delivered, RouteId, Signal, Unclaimed};

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use nack_codec::{Framer, Packet};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::{ConnectError, ConnectionLost, DisconnectError, Operation, TimedOut};
use crate::link::Attempt;
use crate::options::{Disconnect, Options};
use crate::session::{Delivery, Event, OperationId, RequestError, Session};
use crate::{Connected, Subscribe, Unsubscribe};
use command::{Waiter, Waiters};
use dispatch::{Dispatch, Next};

/// How much is read at once. An idle connection keeps no more than this.
const READ_SIZE: usize = 4096;

/// How many slices go into one system call.
const SLICES: usize = 16;

/// How long a transport may take to close after the last byte was written, and how long what
/// still comes is read away: a socket that is closed with unread bytes is reset, and a reset can
/// overtake the DISCONNECT.
const LINGER: Duration = Duration::from_millis(500);

/// The owner of one connection.
pub(crate) struct Driver {
    session: Box<Session>,
    commands: mpsc::Receiver<Command>,
    waiters: Waiters,
    dispatch: Dispatch,
    connecting: Option<oneshot::Sender<Result<Connected, ConnectError>>>,
    disconnecting: Option<oneshot::Sender<Result<(), DisconnectError>>>,
    /// Why the connection ended, once it has.
    lost: Option<ConnectionLost>,
    /// Why it was never accepted.
    failed: Option<ConnectError>,
}

/// What woke the driver.
enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Command(Option<Command>),
    Dispatch(Next),
    Time,
    /// Nobody waits for the connection any more.
    GivenUp,
}

impl Driver {
    pub(crate) fn new(
        session: Box<Session>,
        commands: mpsc::Receiver<Command>,
        options: &Options,
        unclaimed: Arc<Unclaimed>,
    ) -> Self {
        Self {
            session,
            commands,
            waiters: Waiters::default(),
            dispatch: Dispatch::new(options.queue_capacity, options.overflow, unclaimed),
            connecting: None,
            disconnecting: None,
            lost: None,
            failed: None,
        }
    }

    /// Runs the connection until it has ended, and then leaves the session where the next one
    /// finds it.
    pub(crate) async fn run<T>(
        mut self,
        stream: T,
        deadline: Instant,
        attempt: Attempt,
        commands: mpsc::Sender<Command>,
        reply: oneshot::Sender<Result<Connected, ConnectError>>,
    ) where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        self.connecting = Some(reply);
        self.session.handle_connected(deadline.into_std());
        let mut commands = Some(commands);
        self.exchange(&mut reader, &mut writer, &attempt, &mut commands)
            .await;
        // Handles are gone, or are told that the connection is: no command comes any more.
        self.commands.close();
        let closed = timeout(LINGER, writer.shutdown()).await;
        self.finish(attempt, matches!(closed, Ok(Ok(()))));
        let drain = async {
            let mut discarded = [0; 1024];
            while matches!(reader.read(&mut discarded).await, Ok(count) if count > 0) {}
        };
        let _ = timeout(LINGER, drain).await;
    }

    /// The loop: settle what the session has to say, wait for the next thing to happen, tell the
    /// session.
    async fn exchange<T>(
        &mut self,
        reader: &mut ReadHalf<T>,
        writer: &mut WriteHalf<T>,
        attempt: &Attempt,
        own: &mut Option<mpsc::Sender<Command>>,
    ) where
        T: AsyncRead + AsyncWrite,
    {
        let framer = Framer::new(
            self.session.config().maximum_packet_size(),
            self.session.version(),
        );
        let mut buffer = BytesMut::new();
        let mut unflushed = false;
        loop {
            self.settle(attempt, own);
            if self.session.wants_close() {
                return;
            }
            let wake = self.wake(reader, writer, &mut buffer, unflushed).await;
            let now = Instant::now().into_std();
            match wake {
                Wake::Read(Ok(0)) => self.session.handle_disconnected(ConnectionLost::Eof),
                Wake::Read(Ok(_)) => self.read(&framer, &mut buffer, now),
                Wake::Written(Ok(count)) => {
                    self.session.handle_transmitted(count, now);
                    unflushed = true;
                }
                Wake::Flushed(Ok(())) => unflushed = false,
                Wake::Read(Err(error)) | Wake::Written(Err(error)) | Wake::Flushed(Err(error)) => {
                    self.session.handle_disconnected(error.into());
                }
                Wake::Command(Some(command)) => {
                    self.command(command, now);
                    // One write for all that is asked at once.
                    while let Ok(command) = self.commands.try_recv() {
                        self.command(command, now);
                    }
                }
                Wake::Command(None) | Wake::GivenUp => {
                    // Nobody is left who could be told.
                    let _ = self.session.disconnect(&Disconnect::default(), now);
                    self.connecting = None;
                }
                Wake::Dispatch(Next::Signal(signal)) => self.signal(signal, now),
                Wake::Dispatch(Next::Room) => {
                    if self.dispatch.retry() {
                        self.session.handle_reading(true, now);
                    }
                }
                Wake::Time => self.session.handle_timeout(now),
            }
        }
    }

    async fn wake<T>(
        &mut self,
        reader: &mut ReadHalf<T>,
        writer: &mut WriteHalf<T>,
        buffer: &mut BytesMut,
        unflushed: bool,
    ) -> Wake
    where
        T: AsyncRead + AsyncWrite,
    {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.session.transmit(&mut slices);
        let timeout = self.session.poll_timeout();
        let held_back = self.dispatch.is_held_back();
        // A session that is closing is told nothing but that its bytes were written.
        let open = self.lost.is_none() && self.failed.is_none();
        let connecting = self.connecting.is_some();
        if !held_back {
            buffer.reserve(READ_SIZE);
        }
        tokio::select! {
            wake = send(writer, &slices[..count], unflushed), if count > 0 || unflushed => wake,
            result = reader.read_buf(buffer), if !held_back => Wake::Read(result),
            next = self.dispatch.next() => Wake::Dispatch(next),
            command = self.commands.recv(), if open && !connecting => Wake::Command(command),
            () = given_up(&mut self.connecting), if connecting => Wake::GivenUp,
            () = sleep_until(timeout.map_or_else(Instant::now, Instant::from_std)), if timeout.is_some() => Wake::Time,
        }
    }

    /// Hands all whole packets of the read to the session.
    fn read(&mut self, framer: &Framer, buffer: &mut BytesMut, now: std::time::Instant) {
        let frames = framer.split(buffer);
        let version = self.session.version();
        for frame in &frames {
            let packet = match frame.and_then(|frame| frame.decode(version)) {
                Ok(packet) => packet,
                Err(error) => return self.session.handle_fault(error, now),
            };
            if let Some(Delivery::New(token)) = self.session.handle_packet(&packet, now)
                && let Packet::Publish(publish) = &packet
            {
                self.dispatch.deliver(publish, token, frames.bytes());
            }
        }
        if self.dispatch.is_held_back() {
            self.session.handle_reading(false, now);
        }
    }

    fn command(&mut self, command: Command, now: std::time::Instant) {
        match command {
            Command::Publish {
                message,
                reply,
                permit,
            } => {
                let id = self.waiters.add(Waiter::Publish {
                    reply,
                    _permit: permit,
                });
                let result = self.session.publish(id, message, now);
                self.taken(id, result);
            }
            Command::Subscribe { request, reply } => self.subscribe(request, reply, now),
            Command::Unsubscribe { request, reply } => {
                let filters = request.filters().to_vec();
                let id = self.waiters.add(Waiter::Unsubscribe {
                    reply: Some(reply),
                    filters,
                });
                let result = self.session.unsubscribe(id, &request, now);
                self.taken(id, result);
            }
            Command::Disconnect { request, reply } => {
                match self.session.disconnect(&request, now) {
                    Ok(()) => self.disconnecting = Some(reply),
                    Err(error) => drop(reply.send(Err(match error {
                        RequestError::Invalid(invalid) => DisconnectError::Invalid(invalid),
                        RequestError::NotConnected => self.not_connected(),
                    }))),
                }
            }
        }
    }

    fn subscribe(
        &mut self,
        request: Subscribe,
        reply: command::Reply<crate::Subscription, crate::SubscribeError>,
        now: std::time::Instant,
    ) {
        let filters = request
            .filters()
            .iter()
            .map(|(filter, _)| filter.clone())
            .collect();
        // Messages may come before SUBACK does.
        let (route, messages) = self.dispatch.add_route(filters);
        let id = self.waiters.add(Waiter::Subscribe {
            reply,
            route,
            messages,
        });
        let result = self.session.subscribe(id, &request, now);
        self.taken(id, result);
    }

    /// A request that was not even taken has its verdict at once.
    fn taken(&mut self, id: OperationId, result: Result<(), RequestError>) {
        let Err(error) = result else { return };
        let cause = self.lost.clone();
        if let Some(waiter) = self.waiters.remove(id) {
            waiter.refuse(error, cause, &mut self.dispatch);
        }
    }

    fn signal(&mut self, signal: Signal, now: std::time::Instant) {
        match signal {
            Signal::Acknowledge(token) => self.session.acknowledge(token),
            Signal::Released(route) => {
                let filters = self.dispatch.release(route);
                if !filters.is_empty() && self.session.is_connected() {
                    let request = Unsubscribe::of(filters);
                    let waiter = Waiter::Unsubscribe {
                        reply: None,
                        filters: Vec::new(),
                    };
                    let id = self.waiters.add(waiter);
                    let result = self.session.unsubscribe(id, &request, now);
                    self.taken(id, result);
                }
            }
        }
    }

    /// Passes on what the session has to say.
    fn settle(&mut self, attempt: &Attempt, own: &mut Option<mpsc::Sender<Command>>) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Connected(connected) => {
                    if let Some(commands) = own.take() {
                        attempt.connected(commands);
                    }
                    if let Some(reply) = self.connecting.take()
                        && reply.send(Ok(*connected)).is_err()
                    {
                        // The caller has given the attempt up at the very last moment.
                        let now = Instant::now().into_std();
                        let _ = self.session.disconnect(&Disconnect::default(), now);
                    }
                }
                Event::ConnectFailed(error) => self.failed = Some(error),
                Event::ConnectionLost(cause) => self.lost = Some(cause),
                Event::Unsolicited { .. } | Event::ResendFailed(_) => {}
            }
        }
        // What ended with the connection is told when the client can connect again.
        if self.lost.is_none() && self.failed.is_none() {
            self.complete();
        }
    }

    fn complete(&mut self) {
        while let Some((id, outcome)) = self.session.poll_completion() {
            if let Some(waiter) = self.waiters.remove(id) {
                waiter.complete(outcome, &mut self.dispatch);
            }
        }
    }

    /// The connection has ended: the session goes home, and everybody is told why.
    fn finish(mut self, attempt: Attempt, closed: bool) {
        let cause = self.lost.clone();
        let unsent = self.session.transmit_len() > 0;
        self.session.handle_disconnected(ConnectionLost::Eof);
        let verdicts: Vec<_> = std::iter::from_fn(|| self.session.poll_completion()).collect();
        // First the session, so that whoever is told can connect again at once.
        attempt.ended(self.session, cause.clone());
        if let Some(cause) = &cause {
            self.dispatch.end(cause.clone());
        }
        for (id, outcome) in verdicts {
            if let Some(waiter) = self.waiters.remove(id) {
                waiter.complete(outcome, &mut self.dispatch);
            }
        }
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(cause.clone());
        }
        if let (Some(reply), Some(error)) = (self.connecting, self.failed) {
            let _ = reply.send(Err(error));
        }
        if let Some(reply) = self.disconnecting {
            let _ = reply.send(match cause {
                Some(ConnectionLost::ByClient) | None if closed && !unsent => Ok(()),
                Some(ConnectionLost::ByClient) | None => {
                    let after = LINGER;
                    Err(DisconnectError::Timeout(TimedOut {
                        operation: Operation::Disconnect,
                        after,
                    }))
                }
                Some(cause) => Err(DisconnectError::ConnectionLost(cause)),
            });
        }
    }

    fn not_connected(&self) -> DisconnectError {
        match &self.lost {
            None | Some(ConnectionLost::ByClient) => DisconnectError::NotConnected,
            Some(cause) => DisconnectError::ConnectionLost(cause.clone()),
        }
    }
}

/// Writes, or flushes where nothing is left to be written. Both may be dropped and begun again.
async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    slices: &[IoSlice<'_>],
    unflushed: bool,
) -> Wake {
    if slices.is_empty() {
        debug_assert!(unflushed, "there is something to be done");
        return Wake::Flushed(writer.flush().await);
    }
    Wake::Written(match writer.write_vectored(slices).await {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        result => result,
    })
}

/// Waits until the caller of `connect` is gone.
async fn given_up(connecting: &mut Option<oneshot::Sender<Result<Connected, ConnectError>>>) {
    match connecting {
        Some(reply) => reply.closed().await,
        None => std::future::pending().await,
    }
}

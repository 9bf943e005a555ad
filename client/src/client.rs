//! The handle: each method sends a command to the driver and awaits its answer.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::driver::{Command, Driver, Unclaimed, transport};
use crate::error::{
    ConnectError, ConnectionLost, DisconnectError, Operation, PublishError, Reentrant,
    SubscribeError, TimedOut, UnsubscribeError,
};
use crate::link::{Attempt, Link};
use crate::session::Session;
use crate::{
    Connected, Delivery, Disconnect, Messages, Options, Publish, Published, Subscribe,
    Subscription, Unsubscribe, Unsubscribed,
};

/// How many commands may wait for the driver, which takes them as fast as it can.
const COMMANDS: usize = 64;

/// How many messages above QoS 0 may be on their way, from the call to the broker's verdict; a call
/// beyond that waits before it does anything.
const MAXIMUM_PENDING: usize = 4096;

/// An MQTT client: a handle to one connection, which its clones share.
///
/// Dropping the last clone disconnects as well as it can, in the background;
/// [`disconnect`](Self::disconnect) does it surely.
///
/// ```
/// # use nack_client::{Client, Options};
/// let client = Client::new(Options::new("localhost:1883"));
/// assert!(!client.is_connected());
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    link: Arc<Link>,
    pending: Arc<Semaphore>,
    unclaimed: Arc<Unclaimed>,
}

impl Client {
    /// A client that is not connected yet.
    pub fn new(options: Options) -> Self {
        let shared = Shared {
            unclaimed: Arc::new(Unclaimed::new(options.queue_capacity)),
            options,
            link: Arc::new(Link::new()),
            pending: Arc::new(Semaphore::new(MAXIMUM_PENDING)),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Connects over TCP.
    ///
    /// After a connection was lost it may be called again; it then resumes the session, as far as
    /// the options say that it is kept.
    ///
    /// # Errors
    ///
    /// The broker's refusal, a transport that cannot be opened, a time-out; `Reentrant` if the
    /// client is connecting or connected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the attempt up; the client can connect again.
    pub async fn connect(&self) -> Result<Connected, ConnectError> {
        let attempt = self.begin()?;
        let deadline = Instant::now() + self.shared.options.connect_timeout;
        let opening = transport::tcp(&self.shared.options.address);
        let stream = match timeout_at(deadline, opening).await {
            Ok(stream) => stream?,
            Err(_) => return Err(self.connect_timed_out()),
        };
        self.run(attempt, stream, deadline).await
    }

    /// Connects over a transport that is open already: any ordered, lossless stream of bytes
    /// (`[MQTT-4.2-1]`).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the attempt up and closes the transport.
    pub async fn connect_over<T>(&self, transport: T) -> Result<Connected, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let attempt = self.begin()?;
        let deadline = Instant::now() + self.shared.options.connect_timeout;
        self.run(attempt, transport, deadline).await
    }

    /// Publishes a message, and returns when the broker has answered: PUBACK at QoS 1, PUBCOMP at
    /// QoS 2. QoS 0 has no answer: then it returns when the transport has taken the last byte.
    ///
    /// # Errors
    ///
    /// The broker's refusal, a lost connection, a time-out, a message that breaks a rule. The
    /// error's [`delivery`](PublishError::delivery) says what became of the message.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the connection as it is. A message that had reached the driver is
    /// sent all the same, and acknowledged without anybody being told; one that had not is not
    /// sent.
    pub async fn publish(&self, message: Publish) -> Result<Published, PublishError> {
        let lost = |cause: Option<ConnectionLost>, delivery| match cause {
            Some(cause) => PublishError::ConnectionLost { cause, delivery },
            None => PublishError::NotConnected,
        };
        let commands = self
            .commands()
            .map_err(|cause| lost(cause, Delivery::NotSent))?;
        let permit = Arc::clone(&self.shared.pending).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let (reply, answer) = oneshot::channel();
        commands
            .send(Command::Publish {
                message,
                reply,
                permit,
            })
            .await
            .map_err(|_| lost(self.cause(), Delivery::NotSent))?;
        answer
            .await
            .unwrap_or_else(|_| Err(lost(self.cause(), Delivery::Unknown)))
    }

    /// Subscribes to one or more topic filters, and returns when the broker has granted all of
    /// them: a stream of their messages.
    ///
    /// # Errors
    ///
    /// The broker's refusal, which says which filters were refused and holds the stream of those
    /// that were granted; a lost connection, a time-out, a request that breaks a rule.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the subscription at the broker as soon as it is granted.
    pub async fn subscribe(
        &self,
        request: impl Into<Subscribe>,
    ) -> Result<Subscription, SubscribeError> {
        let request = request.into();
        let lost = |cause: Option<ConnectionLost>| match cause {
            Some(cause) => SubscribeError::ConnectionLost(cause),
            None => SubscribeError::NotConnected,
        };
        let commands = self.commands().map_err(lost)?;
        let (reply, answer) = oneshot::channel();
        let command = Command::Subscribe { request, reply };
        commands
            .send(command)
            .await
            .map_err(|_| lost(self.cause()))?;
        answer.await.unwrap_or_else(|_| Err(lost(self.cause())))
    }

    /// Ends subscriptions, and returns when the broker has answered. The streams of their messages
    /// end.
    ///
    /// # Errors
    ///
    /// The broker's refusal, a lost connection, a time-out, a request that breaks a rule.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that had reached the driver.
    pub async fn unsubscribe(
        &self,
        request: impl Into<Unsubscribe>,
    ) -> Result<Unsubscribed, UnsubscribeError> {
        let request = request.into();
        let lost = |cause: Option<ConnectionLost>| match cause {
            Some(cause) => UnsubscribeError::ConnectionLost(cause),
            None => UnsubscribeError::NotConnected,
        };
        let commands = self.commands().map_err(lost)?;
        let (reply, answer) = oneshot::channel();
        let command = Command::Unsubscribe { request, reply };
        commands
            .send(command)
            .await
            .map_err(|_| lost(self.cause()))?;
        answer.await.unwrap_or_else(|_| Err(lost(self.cause())))
    }

    /// The stream of messages that no [`Subscription`] claims, above all those of a session that
    /// was resumed. Take it before connecting: what nobody claims is dropped and
    /// [counted](Self::unclaimed_messages).
    ///
    /// # Errors
    ///
    /// [`Reentrant::Messages`] while the stream that it gave before is alive.
    pub fn messages(&self) -> Result<Messages, Reentrant> {
        self.shared.unclaimed.take()
    }

    /// How many messages were dropped because no subscription claimed them and nobody had taken
    /// [`messages`](Self::messages).
    pub fn unclaimed_messages(&self) -> u64 {
        self.shared.unclaimed.dropped()
    }

    /// Disconnects in order: what was asked before is still written, DISCONNECT last. The broker
    /// drops the will (`[MQTT-3.14.4-3]`). Operations that are pending end with
    /// [`ConnectionLost::ByClient`].
    ///
    /// # Errors
    ///
    /// Where the connection ended first, or is not there. It is gone in any case.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take the request back once it has reached the driver.
    pub async fn disconnect(&self) -> Result<(), DisconnectError> {
        self.disconnect_with(Disconnect::default()).await
    }

    /// Disconnects with a reason and properties.
    ///
    /// # Errors
    ///
    /// As [`disconnect`](Self::disconnect); `Invalid` where the request breaks a rule, and then
    /// nothing happened.
    ///
    /// # Cancel safety
    ///
    /// As [`disconnect`](Self::disconnect).
    pub async fn disconnect_with(&self, request: Disconnect) -> Result<(), DisconnectError> {
        let lost = |cause: Option<ConnectionLost>| match cause {
            None | Some(ConnectionLost::ByClient) => DisconnectError::NotConnected,
            Some(cause) => DisconnectError::ConnectionLost(cause),
        };
        let commands = self.commands().map_err(lost)?;
        let (reply, answer) = oneshot::channel();
        let command = Command::Disconnect { request, reply };
        commands
            .send(command)
            .await
            .map_err(|_| lost(self.cause()))?;
        answer.await.unwrap_or_else(|_| Err(lost(self.cause())))
    }

    /// Waits until the connection has ended, and says why. Waits for the first connection, if there
    /// was none yet.
    ///
    /// # Cancel safety
    ///
    /// Safe: it only looks.
    pub async fn closed(&self) -> ConnectionLost {
        self.shared.link.ended().await
    }

    /// Whether there is a connection that the broker has accepted, as far as the client knows.
    pub fn is_connected(&self) -> bool {
        self.shared.link.is_up()
    }

    /// Ends the connection as a failing application does: the broker publishes the will. For those
    /// who cannot wait; nothing happens where there is no connection, or the driver is too busy to
    /// be told.
    pub(crate) fn abandon(&self) {
        if let Ok(commands) = self.commands() {
            let (reply, _) = oneshot::channel();
            let request = Disconnect::with(crate::DisconnectReason::DisconnectWithWillMessage);
            let _ = commands.try_send(Command::Disconnect { request, reply });
        }
    }

    /// Claims the link, with a session for it.
    fn begin(&self) -> Result<Attempt, ConnectError> {
        let mut attempt = self.shared.link.begin()?;
        if attempt.session.is_none() {
            let config = self
                .shared
                .options
                .config()
                .map_err(ConnectError::Invalid)?;
            attempt.session = Some(Box::new(Session::new(config)));
        }
        Ok(attempt)
    }

    async fn run<T>(
        &self,
        mut attempt: Attempt,
        stream: T,
        deadline: Instant,
    ) -> Result<Connected, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let session = attempt
            .session
            .take()
            .expect("every attempt begins with a session");
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (reply, answer) = oneshot::channel();
        let unclaimed = Arc::clone(&self.shared.unclaimed);
        let driver = Driver::new(session, receiver, &self.shared.options, unclaimed);
        // The driver gives the attempt up when nobody waits for its answer any more.
        tokio::spawn(driver.run(stream, deadline, attempt, commands, reply));
        answer
            .await
            .unwrap_or_else(|_| Err(self.connect_timed_out()))
    }

    fn connect_timed_out(&self) -> ConnectError {
        let after = self.shared.options.connect_timeout;
        ConnectError::Timeout(TimedOut {
            operation: Operation::Connect,
            after,
        })
    }

    /// The way to the driver, or why there is none.
    fn commands(&self) -> Result<mpsc::Sender<Command>, Option<ConnectionLost>> {
        self.shared.link.commands()
    }

    fn cause(&self) -> Option<ConnectionLost> {
        self.shared.link.cause()
    }
}

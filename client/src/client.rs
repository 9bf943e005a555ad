//! The handle: each method sends a command to the driver and awaits its answer.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use crate::driver::{
    self, Command, Deadline, Signal, Signals, Takers, Unclaimed, Verdicts, transport,
};
use crate::error::{
    ConnectError, ConnectionLost, DisconnectError, PublishError, Reentrant, SubscribeError,
    UnsubscribeError,
};
use crate::link::{Attempt, Kept, Link, stopped};
use crate::session::Session;
use crate::{
    Connected, Delivery, Disconnect, Messages, Options, Publish, Published, Subscribe,
    Subscription, Unsubscribe, Unsubscribed,
};

/// How many messages may be on their way, from the call to the verdict; a call beyond that waits
/// before it does anything.
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
    pending: Arc<Verdicts>,
    unclaimed: Arc<Unclaimed>,
}

impl Client {
    /// A client that is not connected yet.
    pub fn new(options: Options) -> Self {
        let shared = Shared {
            unclaimed: Arc::new(Unclaimed::new(options.queue_capacity)),
            options,
            link: Arc::new(Link::new()),
            pending: Arc::new(Verdicts::new(MAXIMUM_PENDING)),
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
        let deadline = Deadline::after(self.shared.options.connect_timeout);
        let attempt = deadline.bound(self.begin()).await??;
        let opening = transport::tcp(&self.shared.options.address);
        let stream = deadline.bound(opening).await??;
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
        let deadline = Deadline::after(self.shared.options.connect_timeout);
        let attempt = deadline.bound(self.begin()).await??;
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
        let unsent = |cause: Option<ConnectionLost>| match cause {
            Some(cause) => PublishError::ConnectionLost {
                cause,
                delivery: Delivery::NotSent,
            },
            None => PublishError::NotConnected,
        };
        // Whoever is not connected learns it at once.
        self.shared.link.check().map_err(unsent)?;
        let (ticket, verdict) = self.shared.pending.place().await;
        let command = Command::Publish { message, ticket };
        self.send(command).await.map_err(unsent)?;
        verdict.await.unwrap_or_else(|| {
            Err(PublishError::ConnectionLost {
                cause: self.stopped(),
                delivery: Delivery::Unknown,
            })
        })
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
    /// Dropping the future ends the subscription at the broker as soon as it is granted, unless
    /// another one has the same filter; so does a time-out. What comes for it until then is
    /// acknowledged.
    pub async fn subscribe(
        &self,
        request: impl Into<Subscribe>,
    ) -> Result<Subscription, SubscribeError> {
        let request = request.into();
        let lost = |cause: Option<ConnectionLost>| match cause {
            Some(cause) => SubscribeError::ConnectionLost(cause),
            None => SubscribeError::NotConnected,
        };
        let (commands, signals) = self.shared.link.ways().map_err(lost)?;
        let (reply, answer) = oneshot::channel();
        let sent = commands.send(Command::Subscribe { request, reply }).await;
        sent.map_err(|_| lost(self.shared.link.cause()))?;
        let stopped = |_| Err(SubscribeError::ConnectionLost(self.stopped()));
        Asked { answer, signals }
            .answer()
            .await
            .unwrap_or_else(stopped)
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
        let (reply, answer) = oneshot::channel();
        let command = Command::Unsubscribe { request, reply };
        self.send(command).await.map_err(|cause| match cause {
            Some(cause) => UnsubscribeError::ConnectionLost(cause),
            None => UnsubscribeError::NotConnected,
        })?;
        let stopped = |_| Err(UnsubscribeError::ConnectionLost(self.stopped()));
        answer.await.unwrap_or_else(stopped)
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
        let (reply, answer) = oneshot::channel();
        let command = Command::Disconnect { request, reply };
        self.send(command).await.map_err(|cause| match cause {
            None | Some(ConnectionLost::ByClient) => DisconnectError::NotConnected,
            Some(cause) => DisconnectError::ConnectionLost(cause),
        })?;
        let stopped = |_| Err(DisconnectError::ConnectionLost(self.stopped()));
        answer.await.unwrap_or_else(stopped)
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

    /// Ends the connection as a failing application does, in the background: the broker publishes
    /// the will. Nothing happens where there is no connection.
    pub(crate) fn abandon(&self) {
        self.shared.link.abandon();
    }

    /// Claims the link, with a session for it.
    async fn begin(&self) -> Result<Attempt, ConnectError> {
        let mut attempt = self.shared.link.begin().await?;
        if attempt.kept.is_none() {
            let config = self.shared.options.config();
            let session = Session::new(config.map_err(ConnectError::Invalid)?);
            let takers = Takers::new();
            attempt.kept = Some(Box::new(Kept { session, takers }));
        }
        Ok(attempt)
    }

    async fn run<T>(
        &self,
        attempt: Attempt,
        transport: T,
        deadline: Deadline,
    ) -> Result<Connected, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let claim = attempt.claim();
        let Shared {
            options, unclaimed, ..
        } = &*self.shared;
        let answer = driver::spawn(transport, attempt, deadline, options, unclaimed).await;
        claim.keep();
        answer.unwrap_or_else(|_| Err(ConnectError::ConnectionLost(stopped())))
    }

    /// Sends a command to the driver; where there is none, says why.
    async fn send(&self, command: Command) -> Result<(), Option<ConnectionLost>> {
        let commands = self.shared.link.commands()?;
        let result = commands.send(command).await;
        result.map_err(|_| self.shared.link.cause())
    }

    /// Why the driver is gone without an answer.
    fn stopped(&self) -> ConnectionLost {
        self.shared.link.cause().unwrap_or_else(stopped)
    }
}

/// A request for a subscription that has reached the driver. Where it is dropped before it is
/// answered, the driver is told: what comes for it is then not kept.
struct Asked<T> {
    answer: oneshot::Receiver<T>,
    signals: Signals,
}

impl<T> Asked<T> {
    async fn answer(mut self) -> Result<T, RecvError> {
        (&mut self.answer).await
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        if !self.answer.is_terminated() {
            self.answer.close();
            // Where the driver is gone, it keeps nothing.
            self.signals.say(Signal::Deserted);
        }
    }
}

//! The streams of messages that came.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use nack_codec::{Properties, QoS, TopicFilter};

use crate::driver::{Delivered, Receiver, RouteId, Signal, Signals};
use crate::{ConnectionLost, Message};

/// The messages of one SUBSCRIBE: a [`Stream`], and [`recv`](Self::recv) for those who need no
/// more.
///
/// A message of QoS 1 or 2 is acknowledged when it is taken. Dropping the subscription ends it at
/// the broker, in the background, unless another one has the same filter; the messages that it
/// still held are acknowledged.
#[derive(Debug)]
pub struct Subscription {
    messages: Receiver<Delivered>,
    filters: Vec<(TopicFilter, QoS)>,
    properties: Properties,
    route: RouteId,
    signals: Signals,
    ended: Arc<OnceLock<ConnectionLost>>,
    dropped: Arc<AtomicU64>,
    /// Whether the caller was told why it ended.
    told: bool,
}

impl Subscription {
    pub(crate) const fn new(
        messages: Receiver<Delivered>,
        filters: Vec<(TopicFilter, QoS)>,
        properties: Properties,
        route: RouteId,
        signals: Signals,
        ended: Arc<OnceLock<ConnectionLost>>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self {
            messages,
            filters,
            properties,
            route,
            signals,
            ended,
            dropped,
            told: false,
        }
    }

    /// The next message; `None` when the subscription was ended by the caller, and after an error.
    ///
    /// # Errors
    ///
    /// Why the connection ended, once.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future takes no message.
    pub async fn recv(&mut self) -> Option<Result<Message, ConnectionLost>> {
        match self.messages.recv().await {
            Some(delivered) => Some(Ok(delivered.message)),
            None => self.end(),
        }
    }

    /// The filters that were granted, and at which QoS, which may be lower than the one that was
    /// asked for.
    pub fn granted(&self) -> &[(TopicFilter, QoS)] {
        &self.filters
    }

    /// What the broker said about it, for people (MQTT 5.0).
    pub fn reason_string(&self) -> Option<&str> {
        self.properties.reason_string()
    }

    /// What the broker said about it, for programs (MQTT 5.0).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.user_properties()
    }

    /// All properties of SUBACK (MQTT 5.0).
    pub const fn properties(&self) -> &Properties {
        &self.properties
    }

    /// How many QoS 0 messages were dropped because nobody took them in time; see
    /// [`Overflow::DropQos0`](crate::Overflow::DropQos0).
    pub fn dropped_messages(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn end(&mut self) -> Option<Result<Message, ConnectionLost>> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        match self.ended.get() {
            None | Some(ConnectionLost::ByClient) => None,
            Some(cause) => Some(Err(cause.clone())),
        }
    }
}

impl Stream for Subscription {
    type Item = Result<Message, ConnectionLost>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.messages.poll_recv(cx)) {
            Some(delivered) => Some(Ok(delivered.message)),
            None => self.end(),
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Where the driver is gone, so is the subscription.
        self.signals.say(Signal::Released(self.route));
    }
}

/// The messages that no [`Subscription`] claims: a [`Stream`] over all connections of a client.
#[derive(Debug)]
pub struct Messages {
    messages: Receiver<Delivered>,
}

impl Messages {
    pub(crate) const fn new(messages: Receiver<Delivered>) -> Self {
        Self { messages }
    }

    /// The next message; `None` when the client is gone.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping the future takes no message.
    pub async fn recv(&mut self) -> Option<Message> {
        Some(self.messages.recv().await?.message)
    }
}

impl Stream for Messages {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let delivered = ready!(self.messages.poll_recv(cx));
        Poll::Ready(delivered.map(|delivered| delivered.message))
    }
}

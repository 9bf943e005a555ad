//! Messages to the subscriptions that claim them, through bounded queues.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use nack_codec::{Properties, Publish, QoS, TopicFilter};
use slab::Slab;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::topics::Topics;
use crate::error::{ConnectionLost, Reentrant};
use crate::session::AckToken;
use crate::{Message, Messages, Overflow, Subscription};

/// Which subscription of this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteId(usize);

/// What the takers of messages tell the driver. There are never more of these than messages in
/// the bounded queues, and subscriptions.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A message above QoS 0 was taken.
    Acknowledge(AckToken),
    /// A subscription was dropped.
    Released(RouteId),
}

/// What the dispatch was woken by.
#[derive(Debug)]
pub(super) enum Next {
    Signal(Signal),
    Room,
}

/// A message on its way to whoever takes it.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) message: Message,
    /// Several subscriptions may claim one message: it is taken when the last of them has.
    _acknowledgement: Option<Arc<AcknowledgeOnDrop>>,
}

#[derive(Debug)]
struct AcknowledgeOnDrop {
    token: AckToken,
    signals: mpsc::UnboundedSender<Signal>,
}

impl Drop for AcknowledgeOnDrop {
    fn drop(&mut self) {
        // Where the driver is gone, the broker sends the message again.
        let _ = self.signals.send(Signal::Acknowledge(self.token));
    }
}

/// The subscriptions of one connection, and what is to be delivered to them.
pub(super) struct Dispatch {
    routes: Slab<Route>,
    topics: Topics,
    capacity: usize,
    overflow: Overflow,
    unclaimed: Arc<Unclaimed>,
    /// Messages whose queue is full, in order. While there are any, nothing is read, so that there
    /// are never more than one read has brought.
    blocked: VecDeque<(mpsc::Sender<Delivered>, Delivered)>,
    signals: mpsc::UnboundedSender<Signal>,
    received: mpsc::UnboundedReceiver<Signal>,
    ended: Arc<OnceLock<ConnectionLost>>,
}

struct Route {
    filters: Vec<TopicFilter>,
    messages: mpsc::Sender<Delivered>,
    dropped: Arc<AtomicU64>,
}

impl Dispatch {
    pub(super) fn new(capacity: usize, overflow: Overflow, unclaimed: Arc<Unclaimed>) -> Self {
        let (signals, received) = mpsc::unbounded_channel();
        Self {
            routes: Slab::new(),
            topics: Topics::default(),
            capacity: capacity.max(1),
            overflow,
            unclaimed,
            blocked: VecDeque::new(),
            signals,
            received,
            ended: Arc::default(),
        }
    }

    pub(super) fn add_route(
        &mut self,
        filters: Vec<TopicFilter>,
    ) -> (RouteId, mpsc::Receiver<Delivered>) {
        let (messages, receiver) = mpsc::channel(self.capacity);
        let route = Route {
            filters,
            messages,
            dropped: Arc::default(),
        };
        (RouteId(self.routes.insert(route)), receiver)
    }

    pub(super) fn filters(&self, route: RouteId) -> &[TopicFilter] {
        self.routes.get(route.0).map_or(&[], |route| &route.filters)
    }

    pub(super) fn keep_filters(&mut self, route: RouteId, granted: &[(TopicFilter, QoS)]) {
        if let Some(route) = self.routes.get_mut(route.0) {
            route.filters = granted.iter().map(|(filter, _)| filter.clone()).collect();
        }
    }

    pub(super) fn subscription(
        &self,
        route: RouteId,
        messages: mpsc::Receiver<Delivered>,
        granted: Vec<(TopicFilter, QoS)>,
        properties: Properties,
    ) -> Subscription {
        let dropped = self
            .routes
            .get(route.0)
            .map(|route| Arc::clone(&route.dropped));
        Subscription::new(
            messages,
            granted,
            properties,
            route,
            self.signals.clone(),
            Arc::clone(&self.ended),
            dropped.unwrap_or_default(),
        )
    }

    /// Ends a subscription; says which of its filters no other subscription has.
    pub(super) fn release(&mut self, route: RouteId) -> Vec<TopicFilter> {
        let Some(Route { mut filters, .. }) = self.routes.try_remove(route.0) else {
            return Vec::new();
        };
        filters.retain(|filter| {
            !self
                .routes
                .iter()
                .any(|(_, other)| other.filters.contains(filter))
        });
        filters
    }

    /// The broker sends no more messages of these filters: a subscription that has no other ends.
    pub(super) fn remove_filters(&mut self, filters: &[TopicFilter]) {
        self.routes.retain(|_, route| {
            route.filters.retain(|filter| !filters.contains(filter));
            !route.filters.is_empty()
        });
    }

    /// Hands a message to all subscriptions that claim it. `read` is what it was read from.
    pub(super) fn deliver(&mut self, packet: &Publish<'_>, token: Option<AckToken>, read: &Bytes) {
        let Some(name) = packet.topic else { return };
        let message = Message::new(self.topics.intern(name), packet, read);
        let delivered = Delivered {
            message,
            _acknowledgement: token.map(|token| {
                Arc::new(AcknowledgeOnDrop {
                    token,
                    signals: self.signals.clone(),
                })
            }),
        };
        let mut claimed = false;
        for (_, route) in &self.routes {
            if route.filters.iter().any(|filter| filter.matches(name)) {
                claimed = true;
                push(
                    &mut self.blocked,
                    self.overflow,
                    &route.messages,
                    &route.dropped,
                    delivered.clone(),
                );
            }
        }
        if claimed {
            return;
        }
        match self.unclaimed.taker() {
            Some(messages) => {
                let dropped = &self.unclaimed.dropped;
                push(
                    &mut self.blocked,
                    self.overflow,
                    &messages,
                    dropped,
                    delivered,
                );
            }
            None => {
                self.unclaimed.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether reading must wait until somebody takes a message.
    pub(super) fn is_held_back(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// Waits until a taker says something, or the first of the messages that wait has room.
    pub(super) async fn next(&mut self) -> Next {
        let signal = async {
            let signal = self.received.recv().await;
            Next::Signal(signal.expect("this dispatch has a sender of its own"))
        };
        match self.blocked.front() {
            None => signal.await,
            Some((messages, _)) => tokio::select! {
                signal = signal => signal,
                // A queue whose taker is gone has room too: the message goes nowhere.
                _ = messages.reserve() => Next::Room,
            },
        }
    }

    /// Delivers what waits, as far as there is room; true where nothing waits any more.
    pub(super) fn retry(&mut self) -> bool {
        while let Some((messages, delivered)) = self.blocked.pop_front() {
            if let Err(TrySendError::Full(delivered)) = messages.try_send(delivered) {
                self.blocked.push_front((messages, delivered));
                return false;
            }
        }
        true
    }

    /// The connection has ended: so do all subscriptions.
    pub(super) fn end(&mut self, cause: ConnectionLost) {
        let _ = self.ended.set(cause);
        self.routes.clear();
    }
}

fn push(
    blocked: &mut VecDeque<(mpsc::Sender<Delivered>, Delivered)>,
    overflow: Overflow,
    messages: &mpsc::Sender<Delivered>,
    dropped: &AtomicU64,
    delivered: Delivered,
) {
    // What comes later stays behind what waits.
    let result = if blocked
        .iter()
        .any(|(waiting, _)| waiting.same_channel(messages))
    {
        Err(TrySendError::Full(delivered))
    } else {
        messages.try_send(delivered)
    };
    match result {
        Err(TrySendError::Full(delivered)) => {
            let droppable = delivered.message.qos() == QoS::AtMostOnce;
            if droppable && overflow == Overflow::DropQos0 {
                dropped.fetch_add(1, Ordering::Relaxed);
            } else {
                blocked.push_back((messages.clone(), delivered));
            }
        }
        Ok(()) | Err(TrySendError::Closed(_)) => {}
    }
}

/// The stream of messages that no subscription claims; it outlives connections.
#[derive(Debug)]
pub(crate) struct Unclaimed {
    capacity: usize,
    taker: Mutex<Option<mpsc::Sender<Delivered>>>,
    dropped: AtomicU64,
}

impl Unclaimed {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            taker: Mutex::new(None),
            dropped: AtomicU64::new(0),
        }
    }

    pub(crate) fn take(&self) -> Result<Messages, Reentrant> {
        let mut taker = self.taker.lock().unwrap_or_else(PoisonError::into_inner);
        if taker.as_ref().is_some_and(|taker| !taker.is_closed()) {
            return Err(Reentrant::Messages);
        }
        let (sender, receiver) = mpsc::channel(self.capacity);
        *taker = Some(sender);
        Ok(Messages::new(receiver))
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn taker(&self) -> Option<mpsc::Sender<Delivered>> {
        let taker = self.taker.lock().unwrap_or_else(PoisonError::into_inner);
        taker.as_ref().filter(|taker| !taker.is_closed()).cloned()
    }
}

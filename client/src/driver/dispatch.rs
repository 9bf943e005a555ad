//! Messages to the subscriptions that claim them, through bounded queues.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use nack_codec::{PacketId, Properties, Publish, QoS, TopicFilter};

use super::blocked::{Blocked, Waits};
use super::queue::{Receiver, queue};
use super::routes::{Route, RouteId, Routes};
use super::takers::{Acknowledgement, Delivered, Signal, Signals, Takers};
use super::unclaimed::Unclaimed;
use crate::error::ConnectionLost;
use crate::link::stopped;
use crate::session::AckToken;
use crate::{Message, Options, Overflow, Subscription};

/// What the dispatch was woken by.
#[derive(Debug)]
pub(super) enum Next {
    Signal(Signal),
    Room,
}

/// The subscriptions of one connection, and what is to be delivered to them.
pub(super) struct Dispatch {
    routes: Routes,
    capacity: usize,
    overflow: Overflow,
    unclaimed: Arc<Unclaimed>,
    blocked: Blocked,
    takers: Takers,
    ended: Arc<OnceLock<ConnectionLost>>,
}

impl Route {
    /// Has a message taken in its turn.
    fn send(&self, delivered: Delivered, blocked: &mut Blocked, overflow: Overflow) {
        if let Some(delivered) = blocked.try_send(&self.messages, delivered) {
            if drops(overflow, &delivered) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            } else {
                blocked.add(self.waits, self.messages.clone(), delivered);
            }
        }
    }
}

impl Dispatch {
    pub(super) fn new(options: &Options, unclaimed: &Arc<Unclaimed>, takers: Takers) -> Self {
        Self {
            routes: Routes::default(),
            capacity: options.queue_capacity,
            overflow: options.overflow,
            unclaimed: Arc::clone(unclaimed),
            blocked: Blocked::default(),
            takers,
            ended: Arc::default(),
        }
    }

    pub(super) fn add_route(
        &mut self,
        filters: Vec<TopicFilter>,
    ) -> (RouteId, Receiver<Delivered>) {
        let (messages, receiver) = queue(self.capacity);
        let id = self.next_route();
        self.takers.routes += 1;
        self.routes.change().push(Route {
            id,
            filters,
            messages,
            dropped: Arc::default(),
            waits: Waits::ForSuback,
        });
        (id, receiver)
    }

    /// The number of the next subscription: those that there are have lower ones.
    pub(super) const fn next_route(&self) -> RouteId {
        RouteId(self.takers.routes)
    }

    /// The stream of a subscription, with what was granted of it.
    pub(super) fn subscription(
        &mut self,
        id: RouteId,
        messages: Receiver<Delivered>,
        granted: Vec<(TopicFilter, QoS)>,
        properties: Properties,
    ) -> Subscription {
        let mut dropped = None;
        let mut routes = self.routes.change().iter_mut();
        if let Some(route) = routes.find(|route| route.id == id) {
            route.filters = granted.iter().map(|(filter, _)| filter.clone()).collect();
            route.waits = Waits::ForRoom;
            dropped = Some(Arc::clone(&route.dropped));
            self.blocked.suback(&route.messages);
        }
        Subscription::new(
            messages,
            granted,
            properties,
            id,
            self.signals(),
            Arc::clone(&self.ended),
            dropped.unwrap_or_default(),
        )
    }

    /// Ends a subscription; says which filters it had.
    pub(super) fn release(&mut self, id: RouteId) -> Vec<TopicFilter> {
        let Some(index) = self.routes.all().iter().position(|route| route.id == id) else {
            return Vec::new();
        };
        let Route {
            filters, messages, ..
        } = self.routes.change().remove(index);
        self.blocked.forget(&messages);
        filters
    }

    /// Keeps those of the filters that no subscription has.
    pub(super) fn retain_unheld(&self, filters: &mut Vec<TopicFilter>) {
        filters.retain(|filter| {
            let mut routes = self.routes.all().iter();
            !routes.any(|route| route.filters.contains(filter))
        });
    }

    /// Nobody will take the messages of this subscription, whose SUBACK has not come: what it has
    /// is acknowledged, and so is what comes.
    pub(super) fn discard(&mut self, id: RouteId) {
        if let Some(route) = self.routes.find(id) {
            self.blocked.forget(&route.messages);
        }
    }

    /// The way in which takers say something.
    pub(super) fn signals(&self) -> Signals {
        self.takers.signals()
    }

    /// Ends a subscription that nobody has, at the broker too.
    pub(super) fn abandon(&self, id: RouteId) {
        self.signals().say(Signal::Released(id));
    }

    /// The broker sends no more messages of this filter to the subscriptions that came before
    /// `before`: one that has no other filter ends.
    pub(super) fn remove_filter(&mut self, filter: &TopicFilter, before: RouteId) {
        self.routes.change().retain_mut(|route| {
            if route.id >= before {
                return true;
            }
            route.filters.retain(|other| other != filter);
            !route.filters.is_empty()
        });
    }

    /// Hands a message to all subscriptions that claim it. `read` is what it was read from.
    pub(super) fn deliver(&mut self, packet: &Publish<'_>, token: Option<AckToken>, read: &Bytes) {
        let Some(name) = packet.topic else { return };
        let acknowledgement = match token {
            None => Acknowledgement::None,
            Some(token) => match self.takers.hand_out(packet, token) {
                Some(acknowledgement) => acknowledgement,
                None => return,
            },
        };
        let (known, routes) = self.routes.look_up(name);
        let mut delivered = Delivered {
            message: Message::new(known.name.clone(), packet, read),
            acknowledgement,
        };
        let Some((last, others)) = known.claims.as_slice().split_last() else {
            return self.deliver_unclaimed(delivered);
        };
        let (blocked, overflow) = (&mut self.blocked, self.overflow);
        for other in others {
            let copy = delivered.share();
            routes[*other as usize].send(copy, blocked, overflow);
        }
        routes[*last as usize].send(delivered, blocked, overflow);
    }

    fn deliver_unclaimed(&mut self, delivered: Delivered) {
        let Some(queue) = self.unclaimed.taker() else {
            self.unclaimed.count_dropped();
            return;
        };
        if let Some(delivered) = self.blocked.try_send(&queue, delivered) {
            if drops(self.overflow, &delivered) {
                self.unclaimed.count_dropped();
            } else {
                self.blocked.add(Waits::ForRoom, queue, delivered);
            }
        }
    }

    /// Whether reading must wait until somebody takes a message.
    pub(super) const fn is_held_back(&self) -> bool {
        self.blocked.is_takeable() || self.blocked.is_full()
    }

    /// Whether reading must wait although the connection is about to end.
    pub(super) const fn is_full(&self) -> bool {
        self.blocked.is_full()
    }

    /// The broker has let go of a QoS 2 message.
    pub(super) fn release_message(&mut self, packet_id: PacketId) {
        self.takers.release(packet_id);
    }

    /// The broker knows nothing of earlier connections.
    pub(super) fn forget_session(&mut self) {
        self.takers.forget();
    }

    /// What a taker has said, if one has.
    pub(super) fn try_signal(&mut self) -> Option<Signal> {
        self.takers.try_next()
    }

    /// Waits until a taker says something, or the first of the messages that somebody can take has
    /// room.
    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Next> {
        if let Poll::Ready(signal) = self.takers.poll_next(cx) {
            return Poll::Ready(Next::Signal(signal));
        }
        match self.blocked.first_takeable() {
            None => Poll::Pending,
            Some(queue) => queue.poll_room(cx).map(|()| Next::Room),
        }
    }

    /// Delivers what waits, as far as there is room.
    pub(super) fn retry(&mut self) {
        self.blocked.retry();
    }

    /// The connection has ended: so do all subscriptions.
    pub(super) fn end(&mut self, cause: ConnectionLost) {
        let _ = self.ended.set(cause);
        self.routes.change().clear();
    }

    /// The connection is gone. What still waits goes to those who can take it, when they do; what
    /// they say then is for the next connection.
    pub(super) fn close(&mut self) -> Takers {
        std::mem::take(&mut self.blocked).hand_over();
        std::mem::replace(&mut self.takers, Takers::new())
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        // Otherwise the streams of a task that was stopped would end as if their owner had ended
        // them.
        let _ = self.ended.set(stopped());
    }
}

/// Whether a message that finds no room is dropped.
fn drops(overflow: Overflow, delivered: &Delivered) -> bool {
    overflow == Overflow::DropQos0 && delivered.message.qos() == QoS::AtMostOnce
}

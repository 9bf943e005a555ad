//! What the driver does about what is asked of it.

use std::time::Instant;

use nack_codec::TopicFilter;

use super::Driver;
use super::command::{Command, Reply};
use super::takers::Signal;
use super::waiters::Waiter;
use crate::error::{ConnectionLost, DisconnectError, SubscribeError};
use crate::session::{OperationId, RequestError};
use crate::{Subscribe, Subscription, Unsubscribe};

impl Driver {
    pub(super) fn command(&mut self, command: Command, now: Instant) {
        if self.over {
            return command.refuse(self.lost.clone());
        }
        match command {
            Command::Publish { message, ticket } => {
                let id = self.waiters.add(Waiter::Publish(ticket));
                let result = self.session.publish(id, message, now);
                self.taken(id, result);
            }
            Command::Subscribe { request, reply } => self.subscribe(request, reply, now),
            Command::Unsubscribe { request, reply } => {
                let before = self.dispatch.next_route();
                let id = self.waiters.add(Waiter::Unsubscribe { reply, before });
                let result = self.session.unsubscribe(id, &request, now);
                self.taken(id, result);
            }
            Command::Disconnect { request, reply } => {
                match self.session.disconnect(&request, now) {
                    Ok(()) => self.disconnecting = Some(reply),
                    Err(error) => drop(reply.send(Err(match error {
                        RequestError::Invalid(invalid) => DisconnectError::Invalid(invalid),
                        RequestError::NotConnected => DisconnectError::NotConnected,
                    }))),
                }
            }
        }
    }

    fn subscribe(
        &mut self,
        request: Subscribe,
        reply: Reply<Subscription, SubscribeError>,
        now: Instant,
    ) {
        let filters: Vec<_> = request
            .filters()
            .iter()
            .map(|(filter, _)| filter.clone())
            .collect();
        // Messages may come before SUBACK does.
        let (route, messages) = self.dispatch.add_route(filters.clone());
        if reply.is_closed() {
            // What was said of it came before the request did.
            messages.close();
        }
        let id = self.waiters.add(Waiter::Subscribe {
            reply,
            filters,
            route,
            messages,
        });
        let result = self.session.subscribe(id, &request, now);
        self.taken(id, result);
    }

    /// A request that was not even taken has its verdict at once.
    fn taken(&mut self, id: OperationId, result: Result<(), RequestError>) {
        let Err(error) = result else { return };
        // The session knows of the end before it has told.
        let cause = self
            .disconnecting
            .is_some()
            .then_some(ConnectionLost::ByClient);
        if let Some(waiter) = self.waiters.remove(id) {
            waiter.refuse(error, cause, &mut self.dispatch);
        }
    }

    pub(super) fn signal(&mut self, signal: Signal, now: Instant) {
        match signal {
            Signal::Acknowledge(token) => {
                let before = self.session.transmit_len();
                self.session.acknowledge(token);
                self.replied(before);
            }
            Signal::Released(route) => {
                let filters = self.dispatch.release(route);
                self.end_unheld(filters, now);
            }
            Signal::Deserted => self.waiters.discard_deserted(&mut self.dispatch),
        }
    }

    /// Ends those of the subscriptions at the broker which nobody here has.
    pub(super) fn end_unheld(&mut self, mut filters: Vec<TopicFilter>, now: Instant) {
        self.dispatch.retain_unheld(&mut filters);
        if filters.is_empty() || !self.session.is_connected() {
            return;
        }
        let id = self.waiters.add(Waiter::Nobody);
        let result = self.session.unsubscribe(id, &Unsubscribe::of(filters), now);
        self.taken(id, result);
    }
}

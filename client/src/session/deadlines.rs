//! Requests that take too long.

use std::time::Instant;

use super::requests::Exchange;
use super::timers::Timer;
use super::{Outcome, Session};
use crate::error::{Delivery, Operation, PublishError, SubscribeError, TimedOut, UnsubscribeError};

impl Session {
    /// The deadline of a request that is made now.
    pub(super) fn start_operation_timer(&mut self, now: Instant) {
        if let Some(timeout) = self.config.operation_timeout
            && !self.timers.is_set(Timer::Operation)
        {
            self.timers.set_after(Timer::Operation, now, timeout);
        }
    }

    /// Tells the callers that waited for too long. Their exchanges go on without them: an
    /// identifier is free only when the broker has answered.
    pub(super) fn time_out_operations(&mut self, now: Instant) {
        let Some(after) = self.config.operation_timeout else {
            return;
        };
        let mut next: Option<Instant> = None;
        let mut is_due = |requested: Instant| {
            let Some(deadline) = requested.checked_add(after) else {
                return false;
            };
            if deadline <= now {
                return true;
            }
            next = Some(next.map_or(deadline, |next| next.min(deadline)));
            false
        };
        let timed_out = |operation| TimedOut { operation, after };
        let publish = |delivery| {
            let timed_out = timed_out(Operation::Publish);
            Outcome::Published(Err(PublishError::Timeout {
                timed_out,
                delivery,
            }))
        };
        let kept = self.is_kept();
        for (_, exchange) in self.exchanges.iter_mut() {
            if !exchange.waits_since().is_some_and(&mut is_due) {
                continue;
            }
            let (operation, outcome) = match exchange {
                Exchange::Publish(message) => {
                    message.in_session = kept;
                    let delivery = if kept {
                        Delivery::InSession
                    } else {
                        Delivery::Unknown
                    };
                    (message.operation.take(), publish(delivery))
                }
                Exchange::Subscribe(request) => {
                    let error = SubscribeError::Timeout(timed_out(Operation::Subscribe));
                    (request.operation.take(), Outcome::Subscribed(Err(error)))
                }
                Exchange::Unsubscribe(request) => {
                    let error = UnsubscribeError::Timeout(timed_out(Operation::Unsubscribe));
                    (request.operation.take(), Outcome::Unsubscribed(Err(error)))
                }
            };
            self.completions
                .extend(operation.map(|operation| (operation, outcome)));
        }
        // A message of QoS 0 that lies in the stream of bytes cannot be taken back either.
        while let Some(due) = self
            .unwritten
            .pop_front_if(|message| is_due(message.requested))
        {
            self.completions
                .push_back((due.operation, publish(Delivery::Unknown)));
        }
        // A message that was never sent is taken back.
        for queue in [&mut self.waiting, &mut self.unsent] {
            while let Some(due) = queue.pop_front_if(|message| is_due(message.requested)) {
                self.completions
                    .push_back((due.operation, publish(Delivery::NotSent)));
            }
        }
        if let Some(next) = next {
            self.timers.set_earliest(Timer::Operation, next);
        }
    }
}

//! Who waits for the verdict of a request.

use nack_codec::TopicFilter;
use slab::Slab;

use super::command::{Reply, unsent};
use super::dispatch::Dispatch;
use super::queue::Receiver;
use super::routes::RouteId;
use super::takers::Delivered;
use super::verdicts::Ticket;
use crate::error::{
    ConnectionLost, FilterVerdict, PublishError, RetryTable, SubscribeError, SubscribeRefused,
    UnsubscribeError,
};
use crate::session::{OperationId, Outcome, RequestError, SubackVerdict};
use crate::{Subscription, Unsubscribed};

/// The callers whose requests the session has taken.
#[derive(Default)]
pub(super) struct Waiters(Slab<Waiter>);

impl Waiters {
    pub(super) fn add(&mut self, waiter: Waiter) -> OperationId {
        OperationId(self.0.insert(waiter) as u64)
    }

    pub(super) fn remove(&mut self, id: OperationId) -> Option<Waiter> {
        self.0.try_remove(usize::try_from(id.0).ok()?)
    }

    /// Lets go of the messages that wait for the SUBACK of callers who are gone. The request goes
    /// on: what it is granted is ended at the broker.
    pub(super) fn discard_deserted(&mut self, dispatch: &mut Dispatch) {
        for (_, waiter) in &mut self.0 {
            if let Waiter::Subscribe {
                reply,
                route,
                messages,
                ..
            } = waiter
                && reply.is_closed()
            {
                // It gives back what it has, and takes nothing more.
                messages.close();
                dispatch.discard(*route);
            }
        }
    }
}

/// A caller who waits for a verdict.
pub(super) enum Waiter {
    Publish(Ticket),
    Subscribe {
        reply: Reply<Subscription, SubscribeError>,
        /// As they were asked for: an UNSUBSCRIBE that is answered first takes them off the route.
        filters: Vec<TopicFilter>,
        route: RouteId,
        messages: Receiver<Delivered>,
    },
    Unsubscribe {
        reply: Reply<Unsubscribed, UnsubscribeError>,
        /// What SUBSCRIBE asked for behind it stays: the subscriptions from this number on.
        before: RouteId,
    },
    /// A subscription was dropped.
    Nobody,
}

impl Waiter {
    /// The verdict has come.
    pub(super) fn complete(self, outcome: Outcome, dispatch: &mut Dispatch, retries: &RetryTable) {
        match (self, outcome) {
            (Self::Publish(ticket), Outcome::Published(result)) => ticket.give(result),
            (
                Self::Subscribe {
                    reply,
                    filters,
                    route,
                    messages,
                },
                Outcome::Subscribed(result),
            ) => {
                let result = match result {
                    Ok(verdict) => subscribed(verdict, filters, route, messages, dispatch, retries),
                    Err(error) => {
                        // The broker may grant it all the same, after a time-out.
                        dispatch.abandon(route);
                        Err(error)
                    }
                };
                // A caller who is gone drops the subscription, which ends it at the broker.
                drop(reply.send(result));
            }
            (Self::Unsubscribe { reply, before }, Outcome::Unsubscribed(result)) => {
                for verdict in verdicts(&result) {
                    if !verdict.reason.is_error() {
                        dispatch.remove_filter(&verdict.filter, before);
                    }
                }
                drop(reply.send(result));
            }
            (Self::Nobody, Outcome::Unsubscribed(_)) => {}
            _ => debug_assert!(false, "the session answers a request with its own outcome"),
        }
    }

    /// The request was not even taken.
    pub(super) fn refuse(
        self,
        error: RequestError,
        cause: Option<ConnectionLost>,
        dispatch: &mut Dispatch,
    ) {
        match self {
            Self::Publish(ticket) => ticket.give(Err(match error {
                RequestError::Invalid(invalid) => PublishError::Invalid(invalid),
                RequestError::NotConnected => unsent(cause),
            })),
            Self::Subscribe { reply, route, .. } => {
                dispatch.release(route);
                drop(reply.send(Err(match error {
                    RequestError::Invalid(invalid) => SubscribeError::Invalid(invalid),
                    RequestError::NotConnected => SubscribeError::lost(cause),
                })));
            }
            Self::Unsubscribe { reply, .. } => {
                drop(reply.send(Err(match error {
                    RequestError::Invalid(invalid) => UnsubscribeError::Invalid(invalid),
                    RequestError::NotConnected => UnsubscribeError::lost(cause),
                })));
            }
            Self::Nobody => {}
        }
    }
}

fn verdicts(
    result: &Result<Unsubscribed, UnsubscribeError>,
) -> &[FilterVerdict<nack_codec::UnsubackReason>] {
    match result {
        Ok(unsubscribed) => unsubscribed.verdicts(),
        Err(UnsubscribeError::Refused(refused)) => refused.verdicts(),
        Err(_) => &[],
    }
}

/// Granted in full, or refused in part: then the error holds what was granted.
fn subscribed(
    verdict: SubackVerdict,
    filters: Vec<TopicFilter>,
    route: RouteId,
    messages: Receiver<Delivered>,
    dispatch: &mut Dispatch,
    retries: &RetryTable,
) -> Result<Subscription, SubscribeError> {
    let verdicts: Vec<_> = filters
        .into_iter()
        .zip(verdict.reasons)
        .map(|(filter, reason)| FilterVerdict { filter, reason })
        .collect();
    let granted: Vec<_> = verdicts
        .iter()
        .filter_map(|verdict| Some((verdict.filter.clone(), verdict.reason.granted()?)))
        .collect();
    let subscription = if granted.is_empty() {
        dispatch.release(route);
        None
    } else {
        let properties = verdict.properties.clone();
        Some(dispatch.subscription(route, messages, granted, properties))
    };
    let refused = verdicts
        .iter()
        .map(|verdict| verdict.reason)
        .find(|reason| reason.is_error());
    match (refused, subscription) {
        (None, Some(subscription)) => Ok(subscription),
        (first, subscription) => {
            let first = first.expect("a SUBACK without a grant has a refusal");
            let refused = SubscribeRefused::new(
                first,
                verdicts,
                verdict.properties,
                retries.clone(),
                subscription,
            );
            Err(SubscribeError::Refused(Box::new(refused)))
        }
    }
}

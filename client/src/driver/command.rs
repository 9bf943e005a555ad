//! What a handle asks of the driver, and who waits for the answer.

use nack_codec::TopicFilter;
use slab::Slab;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::dispatch::{Delivered, Dispatch, RouteId};
use crate::error::{
    ConnectionLost, Delivery, DisconnectError, FilterVerdict, PublishError, SubscribeError,
    SubscribeRefused, UnsubscribeError,
};
use crate::options::Disconnect;
use crate::session::{OperationId, Outcome, RequestError, SubackVerdict};
use crate::{Publish, Published, Subscribe, Subscription, Unsubscribe, Unsubscribed};

/// Where the verdict of a request goes. That the caller is gone is no error.
pub(crate) type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What a handle asks of the driver.
#[derive(Debug)]
pub(crate) enum Command {
    Publish {
        message: Publish,
        reply: Reply<Published, PublishError>,
        /// Given back with the verdict, so that only so many messages are on their way.
        permit: OwnedSemaphorePermit,
    },
    Subscribe {
        request: Subscribe,
        reply: Reply<Subscription, SubscribeError>,
    },
    Unsubscribe {
        request: Unsubscribe,
        reply: Reply<Unsubscribed, UnsubscribeError>,
    },
    Disconnect {
        request: Disconnect,
        reply: Reply<(), DisconnectError>,
    },
}

impl Command {
    /// The connection ended before the command was looked at.
    pub(super) fn refuse(self, cause: Option<ConnectionLost>) {
        match self {
            Self::Publish { reply, .. } => drop(reply.send(Err(unsent(cause)))),
            Self::Subscribe { reply, .. } => {
                let error =
                    cause.map_or(SubscribeError::NotConnected, SubscribeError::ConnectionLost);
                drop(reply.send(Err(error)));
            }
            Self::Unsubscribe { reply, .. } => {
                let error = cause.map_or(
                    UnsubscribeError::NotConnected,
                    UnsubscribeError::ConnectionLost,
                );
                drop(reply.send(Err(error)));
            }
            Self::Disconnect { reply, .. } => drop(reply.send(Err(match cause {
                None | Some(ConnectionLost::ByClient) => DisconnectError::NotConnected,
                Some(cause) => DisconnectError::ConnectionLost(cause),
            }))),
        }
    }
}

fn unsent(cause: Option<ConnectionLost>) -> PublishError {
    match cause {
        Some(cause) => PublishError::ConnectionLost {
            cause,
            delivery: Delivery::NotSent,
        },
        None => PublishError::NotConnected,
    }
}

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
}

/// A caller who waits for a verdict.
pub(super) enum Waiter {
    Publish {
        reply: Reply<Published, PublishError>,
        _permit: OwnedSemaphorePermit,
    },
    Subscribe {
        reply: Reply<Subscription, SubscribeError>,
        route: RouteId,
        messages: mpsc::Receiver<Delivered>,
    },
    Unsubscribe {
        /// `None` where a subscription was dropped, and nobody waits.
        reply: Option<Reply<Unsubscribed, UnsubscribeError>>,
        filters: Vec<TopicFilter>,
    },
}

impl Waiter {
    /// The verdict has come.
    pub(super) fn complete(self, outcome: Outcome, dispatch: &mut Dispatch) {
        match (self, outcome) {
            (Self::Publish { reply, .. }, Outcome::Published(result)) => drop(reply.send(result)),
            (
                Self::Subscribe {
                    reply,
                    route,
                    messages,
                },
                Outcome::Subscribed(result),
            ) => {
                let result = match result {
                    Ok(verdict) => subscribed(verdict, route, messages, dispatch),
                    Err(error) => {
                        dispatch.release(route);
                        Err(error)
                    }
                };
                // A caller who is gone drops the subscription, which ends it at the broker.
                drop(reply.send(result));
            }
            (Self::Unsubscribe { reply, filters }, Outcome::Unsubscribed(result)) => {
                if result.is_ok() {
                    dispatch.remove_filters(&filters);
                }
                if let Some(reply) = reply {
                    drop(reply.send(result));
                }
            }
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
            Self::Publish { reply, .. } => drop(reply.send(Err(match error {
                RequestError::Invalid(invalid) => PublishError::Invalid(invalid),
                RequestError::NotConnected => unsent(cause),
            }))),
            Self::Subscribe { reply, route, .. } => {
                dispatch.release(route);
                drop(reply.send(Err(match (error, cause) {
                    (RequestError::Invalid(invalid), _) => SubscribeError::Invalid(invalid),
                    (RequestError::NotConnected, None) => SubscribeError::NotConnected,
                    (RequestError::NotConnected, Some(cause)) => {
                        SubscribeError::ConnectionLost(cause)
                    }
                })));
            }
            Self::Unsubscribe {
                reply: Some(reply), ..
            } => {
                drop(reply.send(Err(match (error, cause) {
                    (RequestError::Invalid(invalid), _) => UnsubscribeError::Invalid(invalid),
                    (RequestError::NotConnected, None) => UnsubscribeError::NotConnected,
                    (RequestError::NotConnected, Some(cause)) => {
                        UnsubscribeError::ConnectionLost(cause)
                    }
                })));
            }
            Self::Unsubscribe { reply: None, .. } => {}
        }
    }
}

/// Granted in full, or refused in part: then the error holds what was granted.
fn subscribed(
    verdict: SubackVerdict,
    route: RouteId,
    messages: mpsc::Receiver<Delivered>,
    dispatch: &mut Dispatch,
) -> Result<Subscription, SubscribeError> {
    let verdicts: Vec<_> = dispatch
        .filters(route)
        .iter()
        .cloned()
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
        dispatch.keep_filters(route, &granted);
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
            let refused = SubscribeRefused::new(first, verdicts, verdict.properties, subscription);
            Err(SubscribeError::Refused(Box::new(refused)))
        }
    }
}

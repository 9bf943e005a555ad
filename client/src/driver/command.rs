//! What a handle asks of the driver.

use tokio::sync::oneshot;

use super::verdicts::Ticket;
use crate::error::{
    ConnectionLost, Delivery, DisconnectError, PublishError, SubscribeError, UnsubscribeError,
};
use crate::options::Disconnect;
use crate::{Publish, Subscribe, Subscription, Unsubscribe, Unsubscribed};

/// Where the verdict of a request goes. That the caller is gone is no error.
pub(crate) type Reply<T, E> = oneshot::Sender<Result<T, E>>;

/// What a handle asks of the driver.
#[derive(Debug)]
pub(crate) enum Command {
    Publish {
        message: Publish,
        /// For the verdict.
        ticket: Ticket,
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
            Self::Publish { ticket, .. } => ticket.give(Err(unsent(cause))),
            Self::Subscribe { reply, .. } => drop(reply.send(Err(SubscribeError::lost(cause)))),
            Self::Unsubscribe { reply, .. } => {
                drop(reply.send(Err(UnsubscribeError::lost(cause))));
            }
            Self::Disconnect { reply, .. } => drop(reply.send(Err(DisconnectError::lost(cause)))),
        }
    }
}

pub(super) fn unsent(cause: Option<ConnectionLost>) -> PublishError {
    PublishError::lost(cause, Delivery::NotSent)
}

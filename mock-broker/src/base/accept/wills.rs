//! Wills: what is published when a client is gone without a goodbye (section 3.1.2.5).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::limits::DELAYED_WILLS;
use super::message::Message;
use super::session::Expiry;
use super::{Accept, Guest};
use crate::base::settings::may_publish;

/// The will of a connected client.
pub(super) struct Will {
    message: Arc<Message>,
    delay: Duration,
}

/// The will of a client that is gone, and may come back in time.
pub(super) struct Delayed {
    message: Arc<Message>,
    due: Instant,
}

/// How a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// With a DISCONNECT of code 0: its will is not wanted any more (`[MQTT-3.1.2-10]`).
    Normal,
    /// In any other way: its will is published (`[MQTT-3.1.2-8]`).
    Abnormal,
}

impl Will {
    pub(super) fn new(will: &nack_codec::Will<'_>, publisher: Arc<str>) -> Self {
        let delay = will.properties.will_delay_interval().unwrap_or(0);
        Self {
            message: Arc::new(Message::of_will(will, publisher)),
            delay: Duration::from_secs(delay.into()),
        }
    }
}

impl Accept {
    /// Publishes the will of a client that left, or has it wait: until its delay has passed or the
    /// session ends, whichever is first (section 3.1.3.2.2).
    pub(super) fn execute_will(&mut self, guest: Guest, farewell: Farewell) {
        if farewell == Farewell::Normal {
            return;
        }
        let may = |will: &Will| {
            let topic = will.message.topic.borrow();
            may_publish(&self.settings.access, guest.subject(), topic)
        };
        let Some(will) = guest.will.as_ref().filter(|will| may(will)) else {
            return;
        };
        let message = will.message.restarted();
        let wait = match self.sessions.get(&guest.client_id) {
            None => Duration::ZERO,
            Some(session) => match session.expiry {
                Expiry::AtOnce => Duration::ZERO,
                Expiry::After(expiry) => will.delay.min(expiry),
                Expiry::Never => will.delay,
            },
        };
        if wait.is_zero() || self.delayed.len() >= DELAYED_WILLS {
            self.route(&Arc::new(message));
            return;
        }
        let delayed = Delayed {
            message: Arc::new(message),
            due: Instant::now() + wait,
        };
        self.delayed.insert(guest.client_id, delayed);
        self.alarm.notify_one();
    }

    /// The client's session ends, and with that the will waits no longer.
    pub(super) fn hasten_will(&mut self, client_id: &str) {
        if let Some(delayed) = self.delayed.remove(client_id) {
            self.route(&Arc::new(delayed.message.restarted()));
        }
    }

    /// When the next will is due.
    pub(super) fn next_will(&self) -> Option<Instant> {
        self.delayed.values().map(|delayed| delayed.due).min()
    }

    pub(super) fn publish_due_wills(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self
            .delayed
            .iter()
            .filter(|(_, delayed)| delayed.due <= now)
            .map(|(client_id, _)| client_id.clone())
            .collect();
        for client_id in due {
            self.hasten_will(&client_id);
        }
    }
}

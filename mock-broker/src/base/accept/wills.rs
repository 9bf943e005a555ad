//! Wills: what is published when a client is gone without a goodbye (section 3.1.2.5).

use std::sync::Arc;

use super::message::Message;
use super::{Accept, Guest};

/// The will of a connected client.
pub(super) struct Will {
    message: Arc<Message>,
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
        Self {
            message: Arc::new(Message::of_will(will, publisher)),
        }
    }
}

impl Accept {
    pub(super) fn execute_will(&mut self, guest: Guest, farewell: Farewell) {
        if farewell == Farewell::Normal {
            return;
        }
        if let Some(will) = guest.will {
            self.route(&will.message);
        }
    }
}

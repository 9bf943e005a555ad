//! Those who take messages, and what they say. It outlives a connection as the session does.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nack_codec::{PacketId, Publish, QoS};
use tokio::sync::mpsc;

use super::dispatch::RouteId;
use crate::Message;
use crate::session::AckToken;

/// What the takers of messages tell the driver. There are never more of these than messages in
/// the bounded queues, and subscriptions.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A message above QoS 0 was taken.
    Acknowledge(AckToken),
    /// A subscription was dropped.
    Released(RouteId),
    /// A caller has dropped its request for a subscription.
    Deserted,
}

/// A message on its way to whoever takes it.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) message: Message,
    /// Several subscriptions may claim one message: it is taken when the last of them has.
    pub(super) _acknowledgement: Option<Arc<AcknowledgeOnDrop>>,
}

impl Delivered {
    /// About how many bytes it keeps.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.message.topic().as_str().len() + self.message.payload().len()
    }
}

#[derive(Debug)]
pub(super) struct AcknowledgeOnDrop {
    token: Mutex<AckToken>,
    signals: mpsc::UnboundedSender<Signal>,
}

impl Drop for AcknowledgeOnDrop {
    fn drop(&mut self) {
        let token = self.token.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Where the client is gone, nobody wants to know.
        let _ = self.signals.send(Signal::Acknowledge(*token));
    }
}

/// The driver's side of all those who take messages.
pub(crate) struct Takers {
    signals: mpsc::UnboundedSender<Signal>,
    said: mpsc::UnboundedReceiver<Signal>,
    /// The QoS 2 messages that were handed out, until the broker lets go of them.
    handed_out: HashMap<PacketId, Weak<AcknowledgeOnDrop>>,
    /// How many subscriptions there were, on all connections.
    pub(super) routes: u64,
}

impl Takers {
    pub(crate) fn new() -> Self {
        let (signals, said) = mpsc::unbounded_channel();
        Self {
            signals,
            said,
            handed_out: HashMap::new(),
            routes: 0,
        }
    }

    pub(super) fn signals(&self) -> mpsc::UnboundedSender<Signal> {
        self.signals.clone()
    }

    /// What is to be done when all copies of this message are taken; `None` where it is not to be
    /// handed out: it was, on an earlier connection, and is still there to be taken.
    pub(super) fn hand_out(
        &mut self,
        packet: &Publish<'_>,
        token: AckToken,
    ) -> Option<Arc<AcknowledgeOnDrop>> {
        let acknowledgement = || {
            Arc::new(AcknowledgeOnDrop {
                token: Mutex::new(token),
                signals: self.signals.clone(),
            })
        };
        let (QoS::ExactlyOnce, Some(packet_id)) = (packet.qos, packet.packet_id) else {
            return Some(acknowledgement());
        };
        match self.handed_out.get(&packet_id) {
            // [MQTT-3.3.1-1]: one that is not marked as sent again is another one.
            Some(before) if packet.dup => {
                match before.upgrade() {
                    Some(before) => {
                        *before.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
                    }
                    // It was taken in between.
                    None => drop(self.signals.send(Signal::Acknowledge(token))),
                }
                None
            }
            _ => {
                let acknowledgement = acknowledgement();
                let copy = Arc::downgrade(&acknowledgement);
                self.handed_out.insert(packet_id, copy);
                Some(acknowledgement)
            }
        }
    }

    /// The broker has let go of a QoS 2 message.
    pub(super) fn release(&mut self, packet_id: PacketId) {
        self.handed_out.remove(&packet_id);
    }

    /// The broker knows nothing of earlier connections.
    pub(super) fn forget(&mut self) {
        self.handed_out.clear();
    }

    /// What a taker has said, if one has.
    pub(super) fn try_next(&mut self) -> Option<Signal> {
        self.said.try_recv().ok()
    }

    /// Waits until a taker says something.
    pub(super) async fn next(&mut self) -> Signal {
        let signal = self.said.recv().await;
        signal.expect("there is a sender in this very struct")
    }
}

impl fmt::Debug for Takers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Takers").finish_non_exhaustive()
    }
}

//! Those who take messages, and what they say. It outlives a connection as the session does.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use nack_codec::{PacketId, Publish, QoS};

use super::routes::RouteId;
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

/// The way in which takers say something: it always has room, and wakes the driver once for all
/// that is said until it listens. Where the driver is gone, nobody wants to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals(Arc<Mutex<Said>>);

#[derive(Debug, Default)]
struct Said {
    signals: VecDeque<Signal>,
    driver: Option<Waker>,
}

impl Signals {
    pub(crate) fn say(&self, signal: Signal) {
        let mut said = self.lock();
        said.signals.push_back(signal);
        let driver = said.driver.take();
        drop(said);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message on its way to whoever takes it.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) message: Message,
    pub(super) acknowledgement: Acknowledgement,
}

impl Delivered {
    /// Another copy, for another subscription that claims it: it is taken when the last copy is.
    pub(super) fn share(&mut self) -> Self {
        Self {
            message: self.message.clone(),
            acknowledgement: self.acknowledgement.share(),
        }
    }

    /// About how many bytes it keeps.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.message.topic().as_str().len() + self.message.payload().len()
    }
}

/// What is to be acknowledged when a message is taken: that is when this is dropped.
#[derive(Debug)]
pub(super) enum Acknowledgement {
    /// It is of QoS 0.
    None,
    /// There is one copy of it.
    Sole(AcknowledgeOnDrop),
    /// There may be several copies, or the broker may send it again.
    Shared(Arc<Mutex<AcknowledgeOnDrop>>),
}

impl Acknowledgement {
    fn share(&mut self) -> Self {
        match std::mem::replace(self, Self::None) {
            Self::None => Self::None,
            Self::Sole(sole) => {
                *self = Self::Shared(Arc::new(Mutex::new(sole)));
                self.share()
            }
            Self::Shared(shared) => {
                *self = Self::Shared(Arc::clone(&shared));
                Self::Shared(shared)
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct AcknowledgeOnDrop {
    token: AckToken,
    signals: Signals,
}

impl Drop for AcknowledgeOnDrop {
    fn drop(&mut self) {
        self.signals.say(Signal::Acknowledge(self.token));
    }
}

/// The driver's side of all those who take messages.
pub(crate) struct Takers {
    signals: Signals,
    /// What was said and is not yet dealt with.
    heard: VecDeque<Signal>,
    /// The QoS 2 messages that were handed out, until the broker lets go of them.
    handed_out: HashMap<PacketId, Weak<Mutex<AcknowledgeOnDrop>>>,
    /// How many subscriptions there were, on all connections.
    pub(super) routes: u64,
}

impl Takers {
    pub(crate) fn new() -> Self {
        Self {
            signals: Signals::default(),
            heard: VecDeque::new(),
            handed_out: HashMap::new(),
            routes: 0,
        }
    }

    pub(super) fn signals(&self) -> Signals {
        self.signals.clone()
    }

    /// What is to be done when all copies of this message are taken; `None` where it is not to be
    /// handed out: it was, on an earlier connection, and is still there to be taken.
    pub(super) fn hand_out(
        &mut self,
        packet: &Publish<'_>,
        token: AckToken,
    ) -> Option<Acknowledgement> {
        let signals = self.signals();
        let (QoS::ExactlyOnce, Some(packet_id)) = (packet.qos, packet.packet_id) else {
            return Some(Acknowledgement::Sole(AcknowledgeOnDrop { token, signals }));
        };
        match self.handed_out.get(&packet_id) {
            // [MQTT-3.3.1-1]: one that is not marked as sent again is another one.
            Some(before) if packet.dup => {
                match before.upgrade() {
                    Some(before) => {
                        before.lock().unwrap_or_else(PoisonError::into_inner).token = token;
                    }
                    // It was taken in between.
                    None => signals.say(Signal::Acknowledge(token)),
                }
                None
            }
            _ => {
                let shared = Arc::new(Mutex::new(AcknowledgeOnDrop { token, signals }));
                self.handed_out.insert(packet_id, Arc::downgrade(&shared));
                Some(Acknowledgement::Shared(shared))
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
        if self.heard.is_empty() {
            std::mem::swap(&mut self.heard, &mut self.signals.lock().signals);
        }
        self.heard.pop_front()
    }

    /// Waits until a taker says something.
    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Signal> {
        if self.heard.is_empty() {
            let mut said = self.signals.lock();
            if said.signals.is_empty() {
                match &mut said.driver {
                    Some(driver) => driver.clone_from(cx.waker()),
                    None => said.driver = Some(cx.waker().clone()),
                }
                return Poll::Pending;
            }
        }
        self.try_next().map_or(Poll::Pending, Poll::Ready)
    }
}

impl fmt::Debug for Takers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Takers").finish_non_exhaustive()
    }
}

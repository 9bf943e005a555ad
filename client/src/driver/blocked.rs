//! Messages whose queue is full.

use std::collections::VecDeque;

use super::queue::Sender;
use super::takers::Delivered;

/// How many bytes of messages may wait while reading goes on. That is so for two kinds of them:
/// those of a subscription whose SUBACK has not come, which nobody can take until it is read; and
/// those that come before the broker's last words on a connection that takes no bytes any more.
const LIMIT: usize = 4 * 1024 * 1024;

/// Messages whose queue is full, in order.
#[derive(Default)]
pub(super) struct Blocked {
    waiting: VecDeque<Waiting>,
    /// How many of them somebody can take.
    takeable: usize,
    /// About how many bytes they keep.
    bytes: usize,
}

struct Waiting {
    waits: Waits,
    queue: Sender<Delivered>,
    delivered: Delivered,
}

/// What a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// Until somebody takes one of those before it.
    ForRoom,
    /// Until SUBACK has come, and there is somebody who can take it.
    ForSuback,
}

impl Blocked {
    /// Sends a message, if there is room for it; gives it back if it must wait.
    #[inline]
    pub(super) fn try_send(
        &self,
        queue: &Sender<Delivered>,
        delivered: Delivered,
    ) -> Option<Delivered> {
        // What comes later stays behind what waits.
        let mut waiting = self.waiting.iter();
        if waiting.any(|before| before.queue.same_queue(queue)) {
            return Some(delivered);
        }
        queue.try_send(delivered)
    }

    /// Has a message wait.
    pub(super) fn add(&mut self, waits: Waits, queue: Sender<Delivered>, delivered: Delivered) {
        self.takeable += usize::from(waits == Waits::ForRoom);
        self.bytes += delivered.size();
        self.waiting.push_back(Waiting {
            waits,
            queue,
            delivered,
        });
    }

    /// Sends what waits, as far as there is room.
    pub(super) fn retry(&mut self) {
        while let Some(first) = self.waiting.pop_front() {
            self.takeable -= usize::from(first.waits == Waits::ForRoom);
            self.bytes -= first.delivered.size();
            if let Some(delivered) = first.queue.try_send(first.delivered) {
                // Mostly all of them wait for one queue: then none of the others has to be touched.
                let mut others = self.waiting.iter();
                let is_alone = others.all(|other| other.queue.same_queue(&first.queue));
                self.takeable += usize::from(first.waits == Waits::ForRoom);
                self.bytes += delivered.size();
                self.waiting.push_front(Waiting { delivered, ..first });
                if is_alone {
                    return;
                }
                break;
            }
        }
        for waiting in self.take() {
            if let Some(delivered) = self.try_send(&waiting.queue, waiting.delivered) {
                self.add(waiting.waits, waiting.queue, delivered);
            }
        }
    }

    /// What waited for SUBACK can be taken now.
    pub(super) fn suback(&mut self, queue: &Sender<Delivered>) {
        for mut waiting in self.take() {
            if waiting.queue.same_queue(queue) {
                waiting.waits = Waits::ForRoom;
            }
            self.add(waiting.waits, waiting.queue, waiting.delivered);
        }
    }

    /// Nobody takes the messages of this queue any more.
    pub(super) fn forget(&mut self, queue: &Sender<Delivered>) {
        for waiting in self.take() {
            if !waiting.queue.same_queue(queue) {
                self.add(waiting.waits, waiting.queue, waiting.delivered);
            }
        }
    }

    /// Whether there is one that somebody can take.
    pub(super) const fn is_takeable(&self) -> bool {
        self.takeable > 0
    }

    /// Whether nothing more is to be read, whatever waits.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes > LIMIT
    }

    /// The queue of the first one that somebody can take.
    pub(super) fn first_takeable(&self) -> Option<&Sender<Delivered>> {
        let mut waiting = self.waiting.iter();
        let first = waiting.find(|waiting| waiting.waits == Waits::ForRoom)?;
        Some(&first.queue)
    }

    /// Has each queue get what waits for it, as it gets room: one that nobody reads keeps nothing
    /// from the others.
    pub(super) fn hand_over(mut self) {
        while let Some(first) = self.waiting.front() {
            let queue = first.queue.clone();
            let mut of_this_queue = Vec::new();
            for waiting in self.take() {
                if waiting.queue.same_queue(&queue) {
                    of_this_queue.push(waiting.delivered);
                } else {
                    self.add(waiting.waits, waiting.queue, waiting.delivered);
                }
            }
            tokio::spawn(async move {
                for delivered in of_this_queue {
                    queue.send(delivered).await;
                }
            });
        }
    }

    fn take(&mut self) -> VecDeque<Waiting> {
        std::mem::take(self).waiting
    }
}

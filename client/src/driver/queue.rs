//! The bounded queue between the driver and whoever takes the messages of one stream: a message is
//! a few dozen instructions, and a batch of them wakes its taker once.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop::poll_proceed;

/// How many values count as one thing done for tokio, which has a task let others have their turn after
/// 128 of them: to take a value costs less than what is counted elsewhere.
const AT_ONCE: u8 = 4;

/// For how many values there is room in a queue that is in use at all.
const FEWEST: usize = 8;

/// The driver's end. When the last of its clones is dropped, the stream ends behind what is in it.
#[derive(Debug)]
pub(super) struct Sender<T>(Arc<Way<T>>);

/// The taker's end.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    queue: Arc<Queue<T>>,
    /// How many more values may be taken before that counts.
    uncounted: u8,
}

/// What all clones of a sender share.
#[derive(Debug)]
struct Way<T>(Arc<Queue<T>>);

#[derive(Debug)]
struct Queue<T> {
    capacity: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    values: VecDeque<T>,
    /// How many there were at once since there were none.
    peak: usize,
    /// Who waits for a value.
    taker: Option<Waker>,
    /// Who waits for room.
    for_room: Vec<Waker>,
    /// Whether no value can come any more.
    ended: bool,
    /// Whether nobody wants one any more.
    closed: bool,
}

/// A queue for so many values, at least one.
pub(super) fn queue<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        values: VecDeque::new(),
        peak: 0,
        taker: None,
        for_room: Vec::new(),
        ended: false,
        closed: false,
    };
    let queue = Arc::new(Queue {
        capacity: capacity.max(1),
        state: Mutex::new(state),
    });
    let sender = Sender(Arc::new(Way(Arc::clone(&queue))));
    let uncounted = 0;
    (sender, Receiver { queue, uncounted })
}

impl<T> Queue<T> {
    /// No code of ours panics while it holds this lock, and its value is whole at every moment.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// Nothing is left: gives back what was needed long ago, and not since.
    fn shrink(&mut self) {
        let needed = self.peak.max(FEWEST);
        if self.values.capacity() >= 4 * needed {
            self.values.shrink_to(needed);
        }
        self.peak = 0;
    }
}

impl<T> Sender<T> {
    /// Puts a value into the queue; gives it back where there is no room. Where nobody wants it, it
    /// is dropped.
    #[inline]
    pub(super) fn try_send(&self, value: T) -> Option<T> {
        let queue = &self.0.0;
        let mut state = queue.state();
        if state.closed {
            drop(state);
            drop(value);
            return None;
        }
        if state.values.len() >= queue.capacity {
            return Some(value);
        }
        state.values.push_back(value);
        state.peak = state.peak.max(state.values.len());
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
        None
    }

    /// Waits until there is room, or nobody wants a value any more.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let queue = &self.0.0;
        let mut state = queue.state();
        if state.closed || state.values.len() < queue.capacity {
            return Poll::Ready(());
        }
        let mut waiting = state.for_room.iter();
        if !waiting.any(|waker| waker.will_wake(cx.waker())) {
            state.for_room.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Puts a value into the queue as soon as there is room.
    pub(super) async fn send(&self, mut value: T) {
        while let Some(back) = self.try_send(value) {
            value = back;
            poll_fn(|cx| self.poll_room(cx)).await;
        }
    }

    pub(super) fn same_queue(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether nobody wants a value any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.0.state().closed
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Way<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ended = true;
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
    }
}

impl<T> Receiver<T> {
    /// The next value; `None` where no other can come.
    pub(crate) async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same. It shares the time of its thread, as whatever waits in tokio does.
    #[inline]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if self.uncounted > 0 {
            self.uncounted -= 1;
        } else {
            ready!(poll_proceed(cx)).made_progress();
            self.uncounted = AT_ONCE - 1;
        }
        let mut state = self.queue.state();
        let Some(value) = state.values.pop_front() else {
            if state.ended || state.closed {
                return Poll::Ready(None);
            }
            state.shrink();
            match &mut state.taker {
                Some(taker) => taker.clone_from(cx.waker()),
                None => state.taker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        };
        let for_room = std::mem::take(&mut state.for_room);
        drop(state);
        for waker in for_room {
            waker.wake();
        }
        Poll::Ready(Some(value))
    }

    /// Takes no value any more, and drops those that are there.
    pub(super) fn close(&self) {
        let mut state = self.queue.state();
        state.closed = true;
        let values = std::mem::take(&mut state.values);
        let for_room = std::mem::take(&mut state.for_room);
        drop(state);
        // What is dropped may have something to say.
        drop(values);
        for waker in for_room {
            waker.wake();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Woken {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn poll(receiver: &mut Receiver<u32>, woken: &Arc<Woken>) -> Poll<Option<u32>> {
        receiver.poll_recv(&mut Context::from_waker(&Arc::clone(woken).into()))
    }

    #[test]
    fn values_come_in_order_and_wake_their_taker_once() {
        let (sender, mut receiver) = queue(2);
        let woken = Arc::default();
        assert_eq!(poll(&mut receiver, &woken), Poll::Pending);
        assert_eq!(sender.try_send(1), None);
        assert_eq!(sender.try_send(2), None);
        assert_eq!(sender.try_send(3), Some(3));
        assert_eq!(woken.count(), 1);
        assert_eq!(poll(&mut receiver, &woken), Poll::Ready(Some(1)));
        assert_eq!(poll(&mut receiver, &woken), Poll::Ready(Some(2)));
        assert_eq!(poll(&mut receiver, &woken), Poll::Pending);
    }

    #[test]
    fn who_waits_for_room_is_told_once_there_is_some() {
        let (sender, mut receiver) = queue(1);
        let (taker, first, second) = (Arc::default(), Arc::default(), Arc::default());
        assert_eq!(sender.try_send(1), None);
        for woken in [&first, &first, &second] {
            let waker = Arc::<Woken>::clone(woken).into();
            assert!(sender.poll_room(&Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(poll(&mut receiver, &taker), Poll::Ready(Some(1)));
        assert_eq!((first.count(), second.count()), (1, 1));
        let waker = Arc::<Woken>::clone(&first).into();
        assert!(sender.poll_room(&Context::from_waker(&waker)).is_ready());
    }

    #[test]
    fn the_stream_ends_behind_what_is_in_it() {
        let (sender, mut receiver) = queue(2);
        let woken = Arc::default();
        let clone = sender.clone();
        assert_eq!(sender.try_send(1), None);
        drop(sender);
        assert_eq!(poll(&mut receiver, &woken), Poll::Ready(Some(1)));
        assert_eq!(poll(&mut receiver, &woken), Poll::Pending);
        drop(clone);
        assert_eq!(woken.count(), 1);
        assert_eq!(poll(&mut receiver, &woken), Poll::Ready(None));
    }

    #[test]
    fn what_nobody_takes_is_dropped_and_keeps_nobody_waiting() {
        let (sender, receiver) = queue(1);
        let (value, woken) = (Arc::new(()), Arc::<Woken>::default());
        assert!(sender.try_send(Arc::clone(&value)).is_none());
        let waker = Arc::clone(&woken).into();
        assert!(sender.poll_room(&Context::from_waker(&waker)).is_pending());
        assert!(!sender.is_closed());
        drop(receiver);
        assert!(sender.is_closed());
        assert_eq!(woken.count(), 1);
        assert!(sender.try_send(Arc::clone(&value)).is_none());
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn what_was_needed_long_ago_is_not_kept() {
        let (sender, mut receiver) = queue(1000);
        let woken = Arc::default();
        let mut pass = |count| {
            for value in 0..count {
                assert_eq!(sender.try_send(value), None);
            }
            while poll(&mut receiver, &woken).is_ready() {}
            sender.0.0.state().values.capacity()
        };
        // That much may be needed again.
        assert!(pass(1000) >= 1000);
        assert!(pass(900) >= 1000);
        assert!(pass(1) <= FEWEST);
    }
}

//! Where callers wait for the verdicts on what they publish: a table of places that are used again,
//! so that nothing is allocated for a message.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slab::Slab;
use tokio::sync::Semaphore;

use crate::Published;
use crate::error::PublishError;

type Verdict = Result<Published, PublishError>;

/// For how many messages there stay places when none is on its way.
const KEPT: usize = 64;

/// The messages of one client that are on their way, from the call to the verdict.
#[derive(Debug)]
pub(crate) struct Verdicts {
    /// How many more may be.
    free: Semaphore,
    places: Mutex<Slab<Place>>,
}

#[derive(Debug)]
enum Place {
    /// There is no verdict yet, and this caller waits for it.
    Open(Option<Waker>),
    /// The caller is gone.
    Deserted,
    /// There is one; or there will be none, as the driver is gone.
    Known(Option<Verdict>),
}

/// The driver's part: it gives the verdict.
#[derive(Debug)]
pub(crate) struct Ticket {
    verdicts: Arc<Verdicts>,
    /// `None` once it was given.
    key: Option<usize>,
}

/// The caller's part: it waits for the verdict, which is `None` where the driver is gone without
/// one.
#[derive(Debug)]
pub(crate) struct Awaited<'a> {
    verdicts: &'a Verdicts,
    key: usize,
}

impl Verdicts {
    /// At most so many messages are on their way.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            free: Semaphore::new(most),
            places: Mutex::new(Slab::new()),
        }
    }

    /// Takes a place, as soon as there is one.
    pub(crate) async fn place(self: &Arc<Self>) -> (Ticket, Awaited<'_>) {
        let permit = self.free.acquire().await;
        permit.expect("the semaphore is never closed").forget();
        let key = self.places().insert(Place::Open(None));
        let ticket = Ticket {
            verdicts: Arc::clone(self),
            key: Some(key),
        };
        let verdicts = self;
        (ticket, Awaited { verdicts, key })
    }

    /// The driver has done with a message.
    fn close(&self, key: usize, verdict: Option<Verdict>) {
        let mut places = self.places();
        let place = places.get_mut(key);
        let before = place.map(|place| std::mem::replace(place, Place::Known(verdict)));
        let mut unwanted = None;
        let mut caller = None;
        match before {
            Some(Place::Open(waker)) => caller = waker,
            _ => unwanted = places.try_remove(key),
        }
        drop(places);
        drop(unwanted);
        self.free.add_permits(1);
        if let Some(caller) = caller {
            caller.wake();
        }
    }

    /// No code of ours panics while it holds this lock, and its value is whole at every moment.
    fn places(&self) -> MutexGuard<'_, Slab<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    pub(super) fn give(mut self, verdict: Verdict) {
        if let Some(key) = self.key.take() {
            self.verdicts.close(key, Some(verdict));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.verdicts.close(key, None);
        }
    }
}

impl Future for Awaited<'_> {
    type Output = Option<Verdict>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Verdict>> {
        match self.verdicts.places().get_mut(self.key) {
            Some(Place::Known(verdict)) => Poll::Ready(verdict.take()),
            Some(Place::Open(Some(waker))) => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            Some(place) => {
                *place = Place::Open(Some(cx.waker().clone()));
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut places = self.verdicts.places();
        match places.get_mut(self.key) {
            Some(place @ Place::Open(_)) => *place = Place::Deserted,
            _ => drop(places.try_remove(self.key)),
        }
        if places.is_empty() && places.capacity() > KEPT {
            *places = Slab::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use nack_codec::{Properties, ReasonCode};

    use super::*;

    fn verdict() -> Verdict {
        Ok(Published::new(ReasonCode::Success, Properties::default()))
    }

    async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn a_place_is_used_again_whoever_was_first_to_leave_it() {
        let verdicts = Arc::new(Verdicts::new(2));
        for _ in 0..10 {
            let (ticket, mut awaited) = verdicts.place().await;
            assert!(is_pending(&mut awaited).await);
            ticket.give(verdict());
            assert!(matches!(awaited.await, Some(Ok(_))));

            let (ticket, awaited) = verdicts.place().await;
            drop(awaited);
            ticket.give(verdict());

            let (ticket, awaited) = verdicts.place().await;
            ticket.give(verdict());
            drop(awaited);
        }
        assert!(verdicts.places().is_empty());
        assert!(verdicts.places().capacity() <= 4);
    }

    #[tokio::test]
    async fn a_driver_that_is_gone_has_no_verdict() {
        let verdicts = Arc::new(Verdicts::new(1));
        let (ticket, awaited) = verdicts.place().await;
        drop(ticket);
        assert!(awaited.await.is_none());
    }

    #[tokio::test]
    async fn who_comes_when_all_are_on_their_way_waits_for_a_verdict_and_not_for_its_caller() {
        let verdicts = Arc::new(Verdicts::new(1));
        let (first, awaited) = verdicts.place().await;
        let mut second = pin!(verdicts.place());
        assert!(is_pending(&mut second).await);
        first.give(verdict());
        let (second, _) = second.await;
        // A caller who is gone leaves the message on its way.
        let mut third = pin!(verdicts.place());
        assert!(is_pending(&mut third).await);
        drop(second);
        third.await;
        assert!(matches!(awaited.await, Some(Ok(_))));
    }

    #[tokio::test]
    async fn no_more_places_are_kept_than_are_needed_often() {
        let verdicts = Arc::new(Verdicts::new(1000));
        let mut taken = Vec::new();
        for _ in 0..1000 {
            taken.push(verdicts.place().await);
        }
        assert_eq!(verdicts.places().len(), 1000);
        taken.clear();
        assert!(verdicts.places().capacity() <= KEPT);
    }
}

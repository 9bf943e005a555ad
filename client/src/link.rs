//! Whether a client has a connection: the one thing that handle and driver share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{mpsc, watch};

use crate::driver::Command;
use crate::error::{ConnectionLost, Reentrant};
use crate::session::Session;

/// Whether there is a connection, and why there is none any more.
#[derive(Debug)]
pub(crate) struct Link {
    state: Mutex<State>,
    ended: watch::Sender<Option<ConnectionLost>>,
}

#[derive(Debug)]
enum State {
    /// No. The session, if there was one, waits for the next connection.
    Down(Option<Box<Session>>),
    /// Somebody is about to connect.
    Connecting,
    /// Yes, and this is the way to its driver.
    Up(mpsc::Sender<Command>),
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State::Down(None)),
            ended: watch::Sender::new(None),
        }
    }

    /// Claims the link for an attempt to connect.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Attempt, Reentrant> {
        let mut state = self.state();
        match &mut *state {
            State::Connecting => Err(Reentrant::Connecting),
            State::Up(_) => Err(Reentrant::Connected),
            State::Down(session) => {
                let session = session.take();
                *state = State::Connecting;
                Ok(Attempt {
                    link: Arc::downgrade(self),
                    session,
                    given_up: true,
                })
            }
        }
    }

    /// The way to the driver, or why there is none.
    pub(crate) fn commands(&self) -> Result<mpsc::Sender<Command>, Option<ConnectionLost>> {
        match &*self.state() {
            State::Up(commands) => Ok(commands.clone()),
            State::Down(_) | State::Connecting => Err(self.cause()),
        }
    }

    /// Why the last connection ended; `None` if there was none, or it has not ended.
    pub(crate) fn cause(&self) -> Option<ConnectionLost> {
        self.ended.borrow().clone()
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(*self.state(), State::Up(_))
    }

    pub(crate) async fn ended(&self) -> ConnectionLost {
        let mut ended = self.ended.subscribe();
        let cause = ended.wait_for(Option::is_some).await;
        cause
            .ok()
            .and_then(|cause| cause.clone())
            .expect("the sender lives in this link")
    }

    /// No code of ours panics while it holds this lock, and its value is whole at every moment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt to connect, and then the connection: who holds it owns the session. However it ends,
/// it leaves the client ready for another one.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Weak, as the driver ends when all handles are gone.
    link: Weak<Link>,
    /// `None` for a client that never connected, and while the driver has it.
    pub(crate) session: Option<Box<Session>>,
    given_up: bool,
}

impl Attempt {
    /// The broker has accepted the connection.
    pub(crate) fn connected(&self, commands: mpsc::Sender<Command>) {
        if let Some(link) = self.link.upgrade() {
            *link.state() = State::Up(commands);
            link.ended.send_replace(None);
        }
    }

    /// The connection, or the attempt, has ended. `cause`: of a connection that was accepted.
    pub(crate) fn ended(mut self, session: Box<Session>, cause: Option<ConnectionLost>) {
        self.given_up = false;
        if let Some(link) = self.link.upgrade() {
            *link.state() = State::Down(Some(session));
            if cause.is_some() {
                link.ended.send_replace(cause);
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.given_up
            && let Some(link) = self.link.upgrade()
        {
            *link.state() = State::Down(self.session.take());
        }
    }
}

//! What tests do to the state of the accepting broker from outside.

use crate::MockBroker;

impl MockBroker {
    /// Forgets the session of this client, as a broker does that lost its disk: what waits, what is
    /// in flight, subscriptions, a will that is still to come; nothing of it is published. A client
    /// that is connected stays so, with a session that is new and of which it was told nothing.
    /// Whether there was a session.
    ///
    /// [`Base::Silent`](crate::Base::Silent) has none.
    pub fn forget_session(&self, client_id: &str) -> bool {
        self.change(|behaviour| behaviour.forget_session(client_id))
    }

    /// Ends the session of this client, which is away, as if its expiry interval had passed: a will
    /// that waits is published. Whether there was such a session; that of a client that is
    /// connected does not expire.
    ///
    /// [`Base::Silent`](crate::Base::Silent) has none.
    pub fn expire_session(&self, client_id: &str) -> bool {
        self.change(|behaviour| behaviour.expire_session(client_id))
    }

    /// Forgets all retained messages; how many there were.
    pub fn clear_retained(&self) -> usize {
        self.change(|behaviour| behaviour.clear_retained())
    }

    fn change<T>(&self, change: impl FnOnce(&mut dyn super::Behaviour) -> T) -> T {
        let shared = self.shared();
        let changed = {
            let mut state = shared.state();
            let changed = change(&mut *state.behaviour);
            state.ring();
            changed
        };
        shared.announce();
        changed
    }
}

//! Until its CONNECT has come nobody knows who a client is, and so it gets little of the broker: some
//! time, and a packet that is not too large.

use std::time::Duration;

use nack_codec::Frame;
use tokio::time::Instant;

use super::Connection;
use crate::later::later;
use crate::{Base, Closed, Direction};

/// The size in bytes of the largest packet that is taken from a client before its CONNECT has come.
///
/// All ten strings and data of a CONNECT (identifier, user name, password, will, authentication) take
/// 640 KiB where each is as long as it can be, which leaves room for thousands of user properties; and
/// it is next to nothing beside what MQTT can frame, 256 MiB.
const LARGEST: u32 = 1024 * 1024;

/// How long the CONNECT of a connection may take.
pub(super) struct Introduction {
    limit: Duration,
    /// Since when the broker listens for it; not while a rule keeps the broker from that.
    since: Option<Instant>,
}

impl Introduction {
    /// `None` where the base behaviour waits for no CONNECT.
    pub(super) fn new(base: Base, limit: Duration) -> Option<Self> {
        (base == Base::Accept).then_some(Self { limit, since: None })
    }
}

impl Connection {
    /// Begins, or ceases, to count the time.
    pub(super) fn time_introduction(&mut self, now: Instant) {
        let listens = !self.mute && self.may_read();
        if let Some(introduction) = &mut self.introduction {
            introduction.since = listens.then(|| introduction.since.unwrap_or(now));
        }
    }

    /// When the CONNECT will have taken too long.
    pub(super) fn overdue_at(&self, now: Instant) -> Option<Instant> {
        let introduction = self.introduction.as_ref()?;
        // Handshakes have a limit of their own. One may be done before anything is due again, and so
        // there is always a time to look.
        let open = self.transport.open_since().unwrap_or(now);
        Some(later(introduction.since?.max(open), introduction.limit))
    }

    /// Closes the connection if the CONNECT has taken too long (section 3.1.4).
    pub(super) fn end_if_overdue(&mut self, now: Instant) {
        let is_overdue = self.overdue_at(now).is_some_and(|at| at <= now);
        let Some(introduction) = self.introduction.take_if(|_| is_overdue) else {
            return;
        };
        let what = match self.inbox.is_empty() {
            true => "no CONNECT",
            false => "no whole CONNECT",
        };
        let note = format!("{what} came within {:?}", introduction.limit);
        let (shared, to) = (self.shared.clone(), Direction::ToClient);
        let mut access = shared.access();
        access.state().record.note(&self.source, to, note.into());
        self.end_in(&mut access, to, Closed::Finished);
        drop(access);
        shared.announce();
    }

    /// Handles what comes before the CONNECT, and the CONNECT, each alone: what follows it may be
    /// larger, and is framed as its version says. Whether there may be more behind it.
    pub(super) fn handle_introduction(&mut self) -> bool {
        let most = self.shared.maximum_packet_size.min(LARGEST);
        while !self.introduced && self.shared.base == Base::Accept {
            if self.ending.is_some() || self.deaf || self.schedule.delays_admission() {
                return false;
            }
            let first = Frame::first(&self.inbox, most, self.source.version);
            let (raw, error) = match first.map(|frame| frame.map(|it| it.bytes().len())) {
                Ok(None) => return false,
                Ok(Some(length)) => (self.inbox.split_to(length), None),
                Err(error) => {
                    // Where the next packet begins cannot be known any more.
                    self.deaf = true;
                    (self.inbox.split(), Some(error))
                }
            };
            self.packets += 1;
            self.receive(raw.freeze(), error);
        }
        true
    }
}

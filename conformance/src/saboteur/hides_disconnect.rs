//! Does not tell its application that the connection ended.

use super::Sabotage;
use crate::subject::Event;

pub(super) struct HidesDisconnect;

impl Sabotage for HidesDisconnect {
    fn event(&self, event: Event) -> Option<Event> {
        match event {
            Event::Disconnected(_) => None,
            event => Some(event),
        }
    }
}

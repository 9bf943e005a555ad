//! Acknowledges messages, and does not hand them to its application.

use super::Sabotage;
use crate::subject::Event;

pub(super) struct KeepsMessages;

impl Sabotage for KeepsMessages {
    fn event(&self, event: Event) -> Option<Event> {
        match event {
            Event::Message(_) => None,
            event => Some(event),
        }
    }
}

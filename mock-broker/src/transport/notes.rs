//! What a transport has to say to the journal.

use std::sync::Arc;

use crate::Direction;
use crate::journal::Source;
use crate::shared::Shared;

/// Writes into the journal what happens on one connection below MQTT.
pub(crate) struct Notes {
    shared: Arc<Shared>,
    source: Source,
}

impl Notes {
    pub(crate) const fn new(shared: Arc<Shared>, source: Source) -> Self {
        Self { shared, source }
    }

    /// Not to be called while the state is locked.
    pub(super) fn add(&self, by: Direction, note: impl Into<Arc<str>>) {
        {
            let mut state = self.shared.state();
            let mut source = self.source.clone();
            let link = state.links.get(&source.connection);
            source.client_id = link.and_then(|link| link.client_id.clone());
            state.record.note(&source, by, note.into());
        }
        self.shared.announce();
    }
}

//! Leaves whoever waits for an answer waiting for ever when the connection ends.

use super::{Sabotage, Told};
use crate::subject::{Failure, FailureKind};

pub(super) struct HangsOnLostConnection;

impl Sabotage for HangsOnLostConnection {
    fn failed(&self, failure: Failure) -> Option<Told> {
        match failure.kind {
            FailureKind::Closed | FailureKind::Protocol | FailureKind::Malformed => None,
            _ => Some(Told::Failure(failure)),
        }
    }
}

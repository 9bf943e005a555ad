//! Knows only one word for a broker that breaks the protocol: closed.

use super::{Sabotage, Told};
use crate::subject::{Failure, FailureKind};

pub(super) struct HidesViolations;

impl Sabotage for HidesViolations {
    fn failed(&self, failure: Failure) -> Option<Told> {
        Some(Told::Failure(match failure.kind {
            FailureKind::Protocol | FailureKind::Malformed => {
                Failure::new(FailureKind::Closed, "channel closed")
            }
            _ => failure,
        }))
    }
}

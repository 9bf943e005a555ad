//! Takes every refusal for a success, as clients do that only wait for the acknowledgement.

use super::{Sabotage, Told};
use crate::subject::{Failure, FailureKind};

pub(super) struct SwallowsRefusals;

impl Sabotage for SwallowsRefusals {
    fn failed(&self, failure: Failure) -> Option<Told> {
        Some(match failure.kind {
            FailureKind::Refused => Told::Success,
            _ => Told::Failure(failure),
        })
    }
}

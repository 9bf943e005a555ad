//! Advises to try again, whatever the broker said.

use super::{Sabotage, Told};
use crate::subject::{Advice, Failure};

pub(super) struct TrustsInRetries;

impl Sabotage for TrustsInRetries {
    fn failed(&self, failure: Failure) -> Option<Told> {
        Some(Told::Failure(Failure {
            retry: Some(Advice::Later),
            ..failure
        }))
    }
}

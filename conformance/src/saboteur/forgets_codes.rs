//! Says that something failed, and not why.

use super::{Sabotage, Told};
use crate::subject::{Failure, Published};

pub(super) struct ForgetsCodes;

impl Sabotage for ForgetsCodes {
    fn failed(&self, failure: Failure) -> Option<Told> {
        Some(Told::Failure(Failure {
            reason: None,
            ..failure
        }))
    }

    fn published(&self, published: Published) -> Result<Published, Failure> {
        Ok(Published {
            reason: None,
            ..published
        })
    }
}

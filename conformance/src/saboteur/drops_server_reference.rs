//! Does not say which other server it was told to use.

use super::{Sabotage, Told};
use crate::subject::Failure;

pub(super) struct DropsServerReference;

impl Sabotage for DropsServerReference {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        failure.props.server_reference = None;
        Some(Told::Failure(failure))
    }
}

//! Tells the codes of several filters in the wrong order.

use super::{Sabotage, Told};
use crate::subject::{Failure, Subscribed};

pub(super) struct MixesUpFilters;

impl Sabotage for MixesUpFilters {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        rotate(&mut failure.reasons);
        Some(Told::Failure(failure))
    }

    fn subscribed(&self, mut subscribed: Subscribed) -> Result<Subscribed, Failure> {
        rotate(&mut subscribed.reasons);
        Ok(subscribed)
    }
}

fn rotate(codes: &mut [u8]) {
    let by = codes.len().min(1);
    codes.rotate_left(by);
}

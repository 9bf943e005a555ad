//! Says of every message that failed that it was never sent.

use super::{Sabotage, Told};
use crate::subject::{Delivery, Failure};

pub(super) struct WrongFate;

impl Sabotage for WrongFate {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        failure.delivery = failure.delivery.map(|_| Delivery::NotSent);
        Some(Told::Failure(failure))
    }
}

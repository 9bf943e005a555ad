//! Reports the code beside the right one.

use super::{Sabotage, Told};
use crate::subject::{Connected, Failure, Published, Subscribed};

pub(super) struct ReportsWrongCode;

impl Sabotage for ReportsWrongCode {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        failure.reason = failure.reason.map(|code| code ^ 1);
        failure.reasons.iter_mut().for_each(|code| *code ^= 1);
        Some(Told::Failure(failure))
    }

    fn connected(&self, mut connected: Connected) -> Result<Connected, Failure> {
        connected.reason ^= 1;
        Ok(connected)
    }

    fn published(&self, mut published: Published) -> Result<Published, Failure> {
        published.reason = published.reason.map(|code| code ^ 1);
        Ok(published)
    }

    fn subscribed(&self, mut subscribed: Subscribed) -> Result<Subscribed, Failure> {
        subscribed.reasons.iter_mut().for_each(|code| *code ^= 1);
        Ok(subscribed)
    }
}

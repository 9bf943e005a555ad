//! Throws away what the broker says about its reason code.

use super::{Sabotage, Told};
use crate::subject::{Connected, Failure, Published, Subscribed};

pub(super) struct DropsReasonString;

impl Sabotage for DropsReasonString {
    fn failed(&self, mut failure: Failure) -> Option<Told> {
        failure.props.reason_string = None;
        Some(Told::Failure(failure))
    }

    fn connected(&self, mut connected: Connected) -> Result<Connected, Failure> {
        connected.props.reason_string = None;
        Ok(connected)
    }

    fn published(&self, mut published: Published) -> Result<Published, Failure> {
        published.props.reason_string = None;
        Ok(published)
    }

    fn subscribed(&self, mut subscribed: Subscribed) -> Result<Subscribed, Failure> {
        subscribed.props.reason_string = None;
        Ok(subscribed)
    }
}

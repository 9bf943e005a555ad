//! Takes 0x10 (no matching subscribers) and 0x11 (no subscription existed) for errors.

use super::Sabotage;
use crate::subject::{Failure, FailureKind, Published, Subscribed};

pub(super) struct FearsQuietSuccess;

impl Sabotage for FearsQuietSuccess {
    fn published(&self, published: Published) -> Result<Published, Failure> {
        match published.reason {
            Some(0x10) => Err(refused(0x10)),
            _ => Ok(published),
        }
    }

    fn subscribed(&self, subscribed: Subscribed) -> Result<Subscribed, Failure> {
        match subscribed.reasons.contains(&0x11) {
            true => Err(refused(0x11)),
            false => Ok(subscribed),
        }
    }
}

fn refused(reason: u8) -> Failure {
    Failure {
        reason: Some(reason),
        ..Failure::new(FailureKind::Refused, "not zero")
    }
}

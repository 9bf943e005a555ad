//! Advises what is right for the mildest of several refusals.

use super::{Sabotage, Told};
use crate::subject::{Advice, Failure};

pub(super) struct AdvisesForTheMildest;

impl Sabotage for AdvisesForTheMildest {
    fn failed(&self, failure: Failure) -> Option<Told> {
        let refusals = || failure.reasons.iter().filter(|code| **code >= 0x80);
        // With one refusal the client is as good as any.
        if refusals().count() < 2 {
            return Some(Told::Failure(failure));
        }
        let says = |code| refusals().any(|refusal| *refusal == code);
        let retry = Some(match () {
            () if says(0x97) => Advice::Later,
            () if says(0x80) => Advice::CallerDecides,
            () if says(0x91) => Advice::NewSession,
            () => Advice::Never,
        });
        Some(Told::Failure(Failure { retry, ..failure }))
    }
}

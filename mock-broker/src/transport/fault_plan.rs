//! Which connections of a listener meet its fault.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The fault that the next connection meets, and how many after it.
pub(super) struct FaultPlan<F>(Mutex<Plan<F>>);

struct Plan<F> {
    fault: Option<F>,
    /// How many connections will still meet it; `None` without end.
    left: Option<u32>,
}

impl<F: Clone> FaultPlan<F> {
    pub(super) const fn new(fault: Option<F>, times: Option<u32>) -> Self {
        let left = times;
        Self(Mutex::new(Plan { fault, left }))
    }

    /// What one more connection meets.
    pub(super) fn next(&self) -> Option<F> {
        let mut plan = self.plan();
        let fault = plan.fault.clone()?;
        if let Some(left) = &mut plan.left {
            *left = left.checked_sub(1)?;
        }
        Some(fault)
    }

    /// What connections meet from now on, without end.
    pub(super) fn set(&self, fault: Option<F>) {
        let left = None;
        *self.plan() = Plan { fault, left };
    }

    fn plan(&self) -> MutexGuard<'_, Plan<F>> {
        // It is right whenever it is unlocked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_met_as_often_as_was_said_and_then_no_more() {
        let plan = FaultPlan::new(Some("fault"), Some(2));
        let met = [plan.next(), plan.next(), plan.next(), plan.next()];
        assert_eq!(met, [Some("fault"), Some("fault"), None, None]);
        plan.set(Some("other"));
        assert_eq!([plan.next(), plan.next()], [Some("other"); 2]);
        plan.set(None);
        assert_eq!(plan.next(), None);
        assert_eq!(FaultPlan::new(Some(1), Some(0)).next(), None);
        assert_eq!(FaultPlan::new(Some(1), None).next(), Some(1));
    }
}

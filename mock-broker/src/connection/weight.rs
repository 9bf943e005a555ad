//! How many bytes a step keeps while it waits: what it is to send, and itself, as there may be very many
//! that send next to nothing.

use std::mem::size_of;

use crate::action::Step;
use crate::wire_fault::WireFault;

pub(super) fn weight(step: &Step) -> usize {
    size_of::<Step>() + content(step)
}

fn content(step: &Step) -> usize {
    match step {
        Step::Raw(bytes) | Step::PassOn(bytes) => bytes.len(),
        Step::Treated(step, treatment) => weight(step) + treatment.weight(),
        Step::Repeat(step, _) => weight(step),
        Step::Send(reply) => reply.bytes(),
        Step::Wire(WireFault::Chunks(sizes)) => size_of_val(&sizes[..]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::reply::RawProperty;
    use crate::action::{self, Action, Mutation, Reason};

    /// What it keeps apart from the steps themselves, which are so many.
    #[track_caller]
    fn check(action: impl Into<Action>, steps: usize, expected: usize) {
        let weight = weight(&action.into().0);
        assert_eq!(weight - steps * size_of::<Step>(), expected);
    }

    #[test]
    fn all_that_may_be_long_is_counted() {
        check(action::close(), 1, 0);
        check(action::raw(b"12345"), 1, 5);
        check(action::publish("topic", b"payload"), 1, 5 + 7);
        let property = size_of::<RawProperty>() + 6;
        check(
            action::publish("t", b"").user_property("n", "v"),
            1,
            1 + property,
        );
        check(action::suback([0; 100]), 1, 100 * size_of::<Reason>());
        check(action::chunks([1; 100]), 1, 100 * size_of::<usize>());
        let mutations = size_of::<Mutation>() * 2 + 4;
        let mutated = action::raw(b"1").mutate(Mutation::append(b"1234"));
        check(mutated.mutate(Mutation::flags(1)), 2, 1 + mutations);
    }
}

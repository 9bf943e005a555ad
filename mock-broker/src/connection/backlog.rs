//! Scripts that wait until there is room for what they send, in their order.

use std::collections::VecDeque;

use super::script::Script;

/// All of them, the first first.
#[derive(Default)]
pub(super) struct Backlog {
    scripts: VecDeque<Script>,
    /// Of the packets that wait in them.
    bytes: usize,
}

impl Backlog {
    pub(super) fn push(&mut self, script: Script) {
        self.bytes += script.bytes();
        self.scripts.push_back(script);
    }

    pub(super) fn first(&self) -> Option<&Script> {
        self.scripts.front()
    }

    pub(super) fn take_first(&mut self) -> Option<Script> {
        let script = self.scripts.pop_front()?;
        self.bytes -= script.bytes();
        Some(script)
    }

    /// Puts these behind those that there are.
    pub(super) fn append(&mut self, mut others: Self) {
        self.bytes += others.bytes;
        self.scripts.append(&mut others.scripts);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.scripts.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action;

    #[test]
    fn scripts_wait_in_their_order_and_their_bytes_are_counted() {
        let script = |bytes: &str| Script::of_command(vec![action::raw(bytes)]);
        let mut backlog = Backlog::default();
        backlog.push(script("1"));
        let mut others = Backlog::default();
        others.push(script("22"));
        others.push(script("333"));
        backlog.append(others);
        let bytes = |all: &[&str]| all.iter().map(|it| script(it).bytes()).sum::<usize>();
        let all = bytes(&["1", "22", "333"]);
        assert_eq!((backlog.len(), backlog.bytes()), (3, all));
        for left in [bytes(&["22", "333"]), bytes(&["333"]), 0] {
            assert!(backlog.first().is_some());
            assert!(backlog.take_first().is_some());
            assert_eq!(backlog.bytes(), left);
        }
        assert!(backlog.is_empty());
    }
}

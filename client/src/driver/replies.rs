//! Bytes that the broker itself brought about: acknowledgements that wait to be written.

use std::collections::VecDeque;

/// How many bytes of replies may wait. A broker that asks for more, and takes none of them, is not
/// listened to. There are a quarter of a million acknowledgements in it, so that one which is merely
/// slow is not among them.
const LIMIT: usize = 1024 * 1024;

/// How many of the bytes that are to be written are replies. What the application publishes does
/// not count: that a broker which echoes a large message cannot read before it has written must
/// not keep us from reading.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Where in the stream of bytes they lie, in order.
    ranges: VecDeque<(u64, u64)>,
    bytes: u64,
    written: u64,
}

impl Replies {
    /// So many replies were put behind all that is to be written, which is so much with them.
    pub(super) fn added(&mut self, count: usize, to_be_written: usize) {
        if count == 0 {
            return;
        }
        let end = self.written + to_be_written as u64;
        let start = end - count as u64;
        self.bytes += count as u64;
        match self.ranges.back_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => self.ranges.push_back((start, end)),
        }
    }

    /// So many bytes were written.
    pub(super) fn written(&mut self, count: usize) {
        self.written += count as u64;
        while let Some((start, end)) = self.ranges.front_mut() {
            let here = self.written.min(*end).saturating_sub(*start);
            self.bytes -= here;
            *start += here;
            if *start < *end {
                return;
            }
            self.ranges.pop_front();
        }
    }

    /// Whether nothing more is to be read that may ask for a reply.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes > LIMIT as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_reply_is_not_counted() {
        let mut replies = Replies::default();
        replies.added(4, 4);
        // Ten bytes of the application's, and then two replies more.
        replies.added(4, 18);
        replies.added(2, 20);
        assert_eq!(replies.bytes, 10);
        assert_eq!(replies.ranges.len(), 2);
        replies.written(3);
        assert_eq!(replies.bytes, 7);
        replies.written(10);
        assert_eq!(replies.bytes, 6);
        replies.written(7);
        assert_eq!(replies.bytes, 0);
        assert!(replies.ranges.is_empty());
        replies.added(1, 1);
        replies.written(1);
        assert_eq!(replies.bytes, 0);
    }

    #[test]
    fn a_broker_that_takes_none_is_not_listened_to() {
        let mut replies = Replies::default();
        replies.added(LIMIT, LIMIT);
        assert!(!replies.is_full());
        replies.added(1, LIMIT + 1);
        assert!(replies.is_full());
        replies.written(1);
        assert!(!replies.is_full());
    }
}

//! The send quota (section 4.9): how many QoS 1 and 2 messages may be open at once.

/// How many more messages may be sent before one is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SendQuota {
    available: u16,
    maximum: u16,
}

impl SendQuota {
    /// A fresh quota, as every connection begins with (`[MQTT-4.9.0-1]`).
    pub(super) const fn new(receive_maximum: u16) -> Self {
        Self {
            available: receive_maximum,
            maximum: receive_maximum,
        }
    }

    /// Takes one from the quota; false where it is used up (`[MQTT-4.9.0-2]`).
    pub(super) const fn take(&mut self) -> bool {
        match self.available.checked_sub(1) {
            Some(rest) => {
                self.available = rest;
                true
            }
            None => false,
        }
    }

    pub(super) const fn is_used_up(&self) -> bool {
        self.available == 0
    }

    /// Gives one back; never above what the connection began with, as PUBREL that were sent again
    /// took none.
    pub(super) fn give_back(&mut self) {
        self.available = self.maximum.min(self.available.saturating_add(1));
    }

    /// How many messages are open.
    pub(super) const fn taken(&self) -> u16 {
        self.maximum - self.available
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_ends_and_comes_back() {
        let mut quota = SendQuota::new(2);
        assert!(quota.take() && quota.take() && !quota.take());
        quota.give_back();
        assert!(quota.take() && quota.is_used_up());
    }

    #[test]
    fn it_never_grows_above_its_beginning() {
        let mut quota = SendQuota::new(1);
        quota.give_back();
        assert!(quota.take() && !quota.take());
        assert_eq!(quota.taken(), 1);
    }
}

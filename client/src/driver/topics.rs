//! The topic names that came lately, so that a message of a known topic allocates no name.

use nack_codec::TopicName;

/// How many names are remembered: a power of two.
const SLOTS: usize = 64;

/// A direct-mapped cache: a name that hashes to a taken slot takes it over.
#[derive(Debug, Default)]
pub(super) struct Topics {
    /// Empty until the first message comes.
    slots: Vec<Option<TopicName>>,
}

impl Topics {
    /// The name on its own: one reference count, where it was seen lately.
    pub(super) fn intern(&mut self, name: TopicName<&str>) -> TopicName {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, None);
        }
        let slot = &mut self.slots[slot(name.get())];
        match slot {
            Some(known) if known.as_str() == name.get() => known.clone(),
            _ => slot.insert(name.to_owned()).clone(),
        }
    }
}

/// A few bytes tell most topics apart; two that share a slot cost an allocation, no more.
fn slot(name: &str) -> usize {
    let bytes = name.as_bytes();
    let tail = bytes.last_chunk::<8>().map_or_else(
        || {
            bytes
                .iter()
                .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
        },
        |tail| u64::from_ne_bytes(*tail),
    );
    let hash = (tail ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> 58) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_again_is_not_copied() {
        let mut topics = Topics::default();
        let name = TopicName::new("plant/3/temperature").unwrap();
        let first = topics.intern(name);
        let second = topics.intern(name);
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
    }

    #[test]
    fn names_that_share_a_slot_stay_themselves() {
        let mut topics = Topics::default();
        for number in 0..1000 {
            let name = format!("a/{number}");
            assert_eq!(
                topics.intern(TopicName::new(&name[..]).unwrap()).as_str(),
                name
            );
        }
    }
}

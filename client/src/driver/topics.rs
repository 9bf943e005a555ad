//! The topics that messages came to lately, and which subscriptions claim them, so that a message
//! of a known topic allocates no name and matches no filter.

use nack_codec::TopicName;

/// How many topics are remembered: a power of two.
const SLOTS: usize = 64;

/// A direct-mapped cache: a topic that hashes to a taken slot takes it over.
#[derive(Debug, Default)]
pub(super) struct Topics {
    /// Empty until the first message comes.
    slots: Vec<Option<Known>>,
}

/// A topic that is remembered.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: TopicName,
    pub(super) claims: Claims,
}

/// Which subscriptions claim a topic: their places in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claims {
    None,
    One([u32; 1]),
    Several(Box<[u32]>),
}

impl Claims {
    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Several(several) => several,
        }
    }
}

impl FromIterator<u32> for Claims {
    fn from_iter<I: IntoIterator<Item = u32>>(claims: I) -> Self {
        let mut claims = claims.into_iter();
        match (claims.next(), claims.next()) {
            (None, _) => Self::None,
            (Some(one), None) => Self::One([one]),
            (Some(first), Some(second)) => {
                Self::Several([first, second].into_iter().chain(claims).collect())
            }
        }
    }
}

impl Topics {
    /// What is known of a topic; `claims` is asked where nothing is.
    pub(super) fn look_up(
        &mut self,
        name: TopicName<&str>,
        claims: impl FnOnce() -> Claims,
    ) -> &Known {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let slot = &mut self.slots[slot(name.get())];
        if slot
            .as_ref()
            .is_none_or(|known| known.name.as_str() != name.get())
        {
            *slot = None;
        }
        slot.get_or_insert_with(|| Known {
            name: name.to_owned(),
            claims: claims(),
        })
    }

    /// The subscriptions have changed, and with them who claims what.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
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
    fn a_topic_that_comes_again_is_neither_copied_nor_matched() {
        let mut topics = Topics::default();
        let name = TopicName::new("plant/3/temperature").unwrap();
        let one = Claims::One([7]);
        let first = topics.look_up(name, || one.clone()).name.clone();
        let second = topics.look_up(name, || panic!("it is known"));
        assert!(std::ptr::eq(first.as_str(), second.name.as_str()));
        assert_eq!(second.claims, one);
        topics.forget();
        assert_eq!(topics.look_up(name, || Claims::None).claims, Claims::None);
    }

    #[test]
    fn topics_that_share_a_slot_stay_themselves() {
        let mut topics = Topics::default();
        for number in 0..1000 {
            let name = format!("a/{number}");
            let known =
                topics.look_up(TopicName::new(&name[..]).unwrap(), || Claims::One([number]));
            assert_eq!(known.name.as_str(), name);
            assert_eq!(known.claims, Claims::One([number]));
        }
    }

    #[test]
    fn claims_are_in_order_however_many_they_are() {
        for count in 0..5 {
            let claims: Claims = (0..count).collect();
            assert!(claims.as_slice().iter().copied().eq(0..count));
        }
    }
}

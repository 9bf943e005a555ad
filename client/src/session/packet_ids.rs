//! The packet identifiers in use, and what each of them is used for.

use nack_codec::PacketId;
use slab::Slab;

/// How many slots a ring has that is in use at all.
const FEWEST_SLOTS: usize = 8;

/// There is one slot for every identifier, and one for 0, which is none.
const MOST_SLOTS: usize = 1 << 16;

/// A table of what is in flight, by packet identifier. PUBLISH, SUBSCRIBE and UNSUBSCRIBE share it,
/// as they share the identifiers (`[MQTT-2.2.1-3]`).
///
/// Identifiers go round: each is the next one behind the last, so that none comes back while a peer
/// may still think of its last use. A duplicate of an acknowledgement then finds nobody, where it
/// would otherwise acknowledge the next message. Only the 65,535 identifiers bound the table, which
/// grows with what is in flight.
///
/// It is a ring, in which an identifier has the slot of its lowest bits. One whose slot is taken by
/// an older one is passed over. Half of the slots are free, so that few are; above 32,768 in flight
/// there is no larger ring, and the search may take as many steps as there are identifiers.
#[derive(Clone, Debug)]
pub(super) struct PacketIds<T> {
    /// Where in `entries` the identifier is that has the slot. There is a power of two of slots, or
    /// none.
    ring: Vec<Option<u16>>,
    entries: Slab<(PacketId, T)>,
    /// The first identifier that may be the next: those before it, since the last, are passed over.
    next: u16,
    /// How many were in use at once since there were none.
    peak: usize,
}

impl<T> Default for PacketIds<T> {
    fn default() -> Self {
        Self {
            ring: Vec::new(),
            entries: Slab::new(),
            next: 1,
            peak: 0,
        }
    }
}

impl<T> PacketIds<T> {
    /// Whether all 65,535 are in use.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() == usize::from(u16::MAX)
    }

    /// The identifier that [`insert`](Self::insert) will take; `None` where all are in use.
    pub(super) fn next_free(&mut self) -> Option<PacketId> {
        if self.is_full() {
            return None;
        }
        self.grow();
        loop {
            if let Some(packet_id) = PacketId::new(self.next)
                && self.ring[self.slot(packet_id)].is_none()
            {
                return Some(packet_id);
            }
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Takes a free identifier for `value`; gives the value back where all are in use.
    pub(super) fn insert(&mut self, value: T) -> Result<PacketId, T> {
        let Some(packet_id) = self.next_free() else {
            return Err(value);
        };
        let slot = self.slot(packet_id);
        self.ring[slot] = Some(self.entries.insert((packet_id, value)) as u16);
        self.next = packet_id.get().wrapping_add(1);
        self.peak = self.peak.max(self.entries.len());
        Ok(packet_id)
    }

    pub(super) fn get_mut(&mut self, packet_id: PacketId) -> Option<&mut T> {
        let key = self.key(packet_id)?;
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Frees the identifier.
    pub(super) fn remove(&mut self, packet_id: PacketId) -> Option<T> {
        let key = self.key(packet_id)?;
        let (_, value) = self.entries.try_remove(key)?;
        let slot = self.slot(packet_id);
        self.ring[slot] = None;
        if self.entries.is_empty() {
            self.shrink();
        }
        Some(value)
    }

    /// All that is in use, in no order.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (PacketId, &mut T)> {
        let entries = self.entries.iter_mut();
        entries.map(|(_, (packet_id, value))| (*packet_id, value))
    }

    /// The identifiers in use, lowest first.
    pub(super) fn in_use(&self) -> impl Iterator<Item = PacketId> + use<T> {
        let entries = self.entries.iter();
        let mut packet_ids: Vec<_> = entries.map(|(_, (packet_id, _))| *packet_id).collect();
        packet_ids.sort_unstable();
        packet_ids.into_iter()
    }

    /// Makes room for one more, where half of the slots would be taken. What is in use has slots of
    /// its own in a larger ring, as it has in this one.
    fn grow(&mut self) {
        let slots = slots_for(self.entries.len() + 1);
        if slots <= self.ring.len() {
            return;
        }
        self.ring = vec![None; slots];
        for (key, (packet_id, _)) in &self.entries {
            let slot = self.slot(*packet_id);
            self.ring[slot] = Some(key as u16);
        }
    }

    /// Nothing is in use: gives back what was needed long ago, and not since.
    fn shrink(&mut self) {
        let slots = slots_for(self.peak);
        if slots * 4 <= self.ring.len() {
            self.ring = vec![None; slots];
            self.entries = Slab::with_capacity(self.peak);
        }
        self.peak = 0;
    }

    /// Where in `entries` an identifier is that is in use.
    fn key(&self, packet_id: PacketId) -> Option<usize> {
        let key = usize::from((*self.ring.get(self.slot(packet_id))?)?);
        let (found, _) = self.entries.get(key)?;
        (*found == packet_id).then_some(key)
    }

    const fn slot(&self, packet_id: PacketId) -> usize {
        packet_id.get() as usize & self.ring.len().wrapping_sub(1)
    }
}

/// How many slots there are for so many identifiers in use.
fn slots_for(in_use: usize) -> usize {
    let slots = (2 * in_use).next_power_of_two();
    slots.clamp(FEWEST_SLOTS, MOST_SLOTS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn id(packet_id: u16) -> PacketId {
        PacketId::new(packet_id).unwrap()
    }

    #[test]
    fn every_identifier_is_given_once_and_then_none() {
        let mut ids = PacketIds::default();
        for expected in 1..=u16::MAX {
            assert_eq!(ids.next_free().map(PacketId::get), Some(expected));
            assert_eq!(ids.insert(()).map(PacketId::get), Ok(expected));
        }
        assert!(ids.is_full());
        assert_eq!(ids.next_free(), None);
        assert_eq!(ids.insert(()), Err(()));
        assert_eq!(ids.ring.len(), MOST_SLOTS);
        // The only one that is free is found, however far it is: 6 is a whole round behind 7.
        for freed in [7, 6, u16::MAX, 1, 40_000] {
            assert_eq!(ids.remove(id(freed)), Some(()));
            assert_eq!(ids.insert(()).map(PacketId::get), Ok(freed));
        }
    }

    #[test]
    fn identifiers_go_round_however_few_are_in_use() {
        let mut ids = PacketIds::default();
        for round in 0..3 {
            for expected in 1..=u16::MAX {
                let packet_id = ids.insert(round).unwrap();
                assert_eq!(packet_id.get(), expected);
                assert_eq!(ids.remove(packet_id), Some(round));
            }
        }
        assert_eq!(ids.ring.len(), FEWEST_SLOTS);
    }

    #[test]
    fn one_that_stays_in_use_is_passed_over() {
        let mut ids = PacketIds::default();
        let stays = ids.insert('a').unwrap();
        for _ in 0..200_000 {
            let packet_id = ids.insert('b').unwrap();
            assert_ne!(packet_id, stays);
            assert_eq!(ids.remove(packet_id), Some('b'));
        }
        assert_eq!(ids.ring.len(), FEWEST_SLOTS);
        assert_eq!(ids.remove(stays), Some('a'));
    }

    #[test]
    fn the_table_shrinks_when_less_is_in_flight() {
        let mut ids = PacketIds::default();
        let taken: Vec<_> = (0..1000).map(|_| ids.insert(()).unwrap()).collect();
        assert_eq!(ids.ring.len(), 2048);
        for packet_id in taken {
            ids.remove(packet_id);
        }
        // That much may be needed again.
        assert_eq!(ids.ring.len(), 2048);
        let packet_id = ids.insert(()).unwrap();
        assert_eq!(packet_id.get(), 1001);
        ids.remove(packet_id);
        assert_eq!(ids.ring.len(), FEWEST_SLOTS);
        assert!(ids.entries.capacity() <= FEWEST_SLOTS);
    }

    #[test]
    fn an_identifier_is_freed_once() {
        let mut ids = PacketIds::default();
        assert_eq!(ids.remove(id(1)), None);
        let packet_id = ids.insert('a').unwrap();
        // One that would have the same slot.
        assert_eq!(ids.remove(id(packet_id.get() + FEWEST_SLOTS as u16)), None);
        assert_eq!(ids.remove(packet_id), Some('a'));
        assert_eq!(ids.remove(packet_id), None);
        assert!(ids.get_mut(packet_id).is_none());
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec(any::<(bool, prop::sample::Index)>(), 1..400)) {
            let mut ids = PacketIds::default();
            let mut model = BTreeMap::new();
            for (number, (inserts, which)) in steps.into_iter().enumerate() {
                if inserts || model.is_empty() {
                    let next = ids.next_free();
                    let packet_id = ids.insert(number).unwrap();
                    prop_assert_eq!(next, Some(packet_id));
                    prop_assert_eq!(model.insert(packet_id, number), None);
                } else {
                    let packet_id = *which.get(&model.keys().copied().collect::<Vec<_>>());
                    prop_assert_eq!(ids.remove(packet_id), model.remove(&packet_id));
                }
                prop_assert!(ids.in_use().eq(model.keys().copied()));
                let all: BTreeMap<_, _> = ids.iter_mut().map(|(id, value)| (id, *value)).collect();
                prop_assert_eq!(&all, &model);
            }
        }
    }
}

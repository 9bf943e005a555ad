//! The packet identifiers in use, and what each of them is used for.

use std::collections::VecDeque;

use nack_codec::PacketId;

/// A table of what is in flight, by packet identifier. PUBLISH, SUBSCRIBE and UNSUBSCRIBE share it,
/// as they share the identifiers (`[MQTT-2.2.1-3]`).
///
/// It grows with what is in flight, and uses the identifier that has been free for longest, so
/// that one does not come back while a peer may still think of its last use.
#[derive(Clone, Debug)]
pub(super) struct PacketIds<T> {
    /// What identifier 1 and those behind it are used for.
    slots: Vec<Option<T>>,
    /// Identifiers below the length of `slots` that are free, the longest free first.
    free: VecDeque<PacketId>,
}

impl<T> Default for PacketIds<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: VecDeque::new(),
        }
    }
}

impl<T> PacketIds<T> {
    /// The identifier that [`insert`](Self::insert) will take; `None` where all 65,535 are in use.
    pub(super) fn next_free(&self) -> Option<PacketId> {
        self.free.front().copied().or_else(|| {
            let next = u16::try_from(self.slots.len() + 1).ok()?;
            PacketId::new(next)
        })
    }

    /// Takes a free identifier for `value`; gives the value back where all are in use.
    pub(super) fn insert(&mut self, value: T) -> Result<PacketId, T> {
        let Some(packet_id) = self.next_free() else {
            return Err(value);
        };
        if self.free.pop_front().is_none() {
            self.slots.push(None);
        }
        self.slots[index(packet_id)] = Some(value);
        Ok(packet_id)
    }

    pub(super) fn get_mut(&mut self, packet_id: PacketId) -> Option<&mut T> {
        self.slots.get_mut(index(packet_id))?.as_mut()
    }

    /// Frees the identifier.
    pub(super) fn remove(&mut self, packet_id: PacketId) -> Option<T> {
        let value = self.slots.get_mut(index(packet_id))?.take()?;
        self.free.push_back(packet_id);
        Some(value)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (PacketId, &mut T)> {
        self.slots
            .iter_mut()
            .enumerate()
            .filter_map(|(index, slot)| {
                let packet_id = PacketId::new(index as u16 + 1)?;
                Some((packet_id, slot.as_mut()?))
            })
    }

    /// The identifiers in use, lowest first.
    pub(super) fn in_use(&self) -> impl Iterator<Item = PacketId> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            slot.as_ref()?;
            PacketId::new(index as u16 + 1)
        })
    }
}

const fn index(packet_id: PacketId) -> usize {
    packet_id.get() as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_given_once_and_then_none() {
        let mut ids = PacketIds::default();
        for expected in 1..=u16::MAX {
            assert_eq!(ids.next_free().map(PacketId::get), Some(expected));
            assert_eq!(ids.insert(()).map(PacketId::get), Ok(expected));
        }
        assert_eq!(ids.next_free(), None);
        assert_eq!(ids.insert(()), Err(()));
        ids.remove(PacketId::new(7).unwrap());
        assert_eq!(ids.insert(()).map(PacketId::get), Ok(7));
    }

    #[test]
    fn the_longest_free_identifier_comes_back_first() {
        let mut ids = PacketIds::default();
        let [one, two, three] = [(); 3].map(|()| ids.insert(()).unwrap());
        ids.remove(two);
        ids.remove(one);
        assert_eq!(ids.next_free(), Some(two));
        assert_eq!(ids.insert(()), Ok(two));
        assert_eq!(ids.insert(()), Ok(one));
        assert_eq!(ids.in_use().collect::<Vec<_>>(), [one, two, three]);
    }

    #[test]
    fn an_identifier_is_freed_once() {
        let mut ids = PacketIds::default();
        let id = ids.insert('a').unwrap();
        assert_eq!(ids.remove(id), Some('a'));
        assert_eq!(ids.remove(id), None);
        assert_eq!(ids.insert('b'), Ok(id));
        assert_eq!(ids.insert('c').map(PacketId::get), Ok(2));
    }
}

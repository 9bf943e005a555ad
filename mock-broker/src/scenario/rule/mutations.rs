//! How a step changes the bytes of a packet.

use super::BadStep;
use crate::action::Mutation;
use crate::scenario::{Mutate, Properties};

impl Mutate {
    /// What it changes, in order.
    pub(super) fn mutations(&self, seed: u64) -> Result<Vec<Mutation>, BadStep> {
        let mut mutations = Vec::new();
        let four_bits = |key, bits| match bits {
            Some(16..) => Err(BadStep::OutOfRange {
                key,
                range: "0 to 15: four bits",
            }),
            bits => Ok(bits),
        };
        mutations.extend(four_bits("flags", self.flags)?.map(Mutation::flags));
        let packet_type = four_bits("packet_type", self.packet_type)?;
        mutations.extend(packet_type.map(Mutation::packet_type));
        mutations.extend(self.packet_id.map(Mutation::packet_id));
        mutations.extend(self.reason.map(|code| Mutation::reason_code(code.number())));
        for (id, value) in self.add_property.iter().flat_map(Properties::encoded) {
            mutations.push(Mutation::add_raw_property(id as u8, value));
        }
        for property in self.add_raw_property.iter() {
            mutations.push(Mutation::add_raw_property(property.id, &property.value.0));
        }
        let doubled = self
            .double_property
            .map(|name| Mutation::double_property(name.0));
        mutations.extend(doubled);
        let removed = self
            .remove_property
            .map(|name| Mutation::remove_property(name.0));
        mutations.extend(removed);
        mutations.extend(self.shorten.map(Mutation::shorten));
        mutations.extend(self.remaining_length.map(Mutation::remaining_length));
        if let Some(bytes) = self.length_bytes {
            if !(1..=5).contains(&bytes) {
                return Err(BadStep::OutOfRange {
                    key: "length_bytes",
                    range: "1 to 5",
                });
            }
            mutations.push(Mutation::length_bytes(bytes));
        }
        for set in self.set.iter() {
            mutations.push(Mutation::set_byte(set.at, set.value));
        }
        for flip in self.flip.iter() {
            mutations.push(Mutation::flip_bits(flip.at, flip.bits));
        }
        let flips = self
            .flip_randomly
            .map(|count| Mutation::flip_randomly(count, seed));
        mutations.extend(flips);
        if let Some(bytes) = &self.append_hex {
            mutations.push(Mutation::append(&bytes.0));
        }
        Ok(mutations)
    }
}

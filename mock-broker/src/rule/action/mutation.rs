//! Changes to the bytes of a packet that is otherwise right.

use bytes::{BufMut, Bytes, BytesMut};
use nack_codec::{PacketType, Property, PropertyId, Version};

use super::answer::encode_value;
use super::encode::put_var_int;
use super::layout::Layout;
use super::reply::RawProperty;

/// A change to the bytes of a packet: to be given to [`Answer::mutate`](super::Answer::mutate) or
/// [`Action::mutate`](super::Action::mutate).
///
/// Several are done one after the other, each to what the one before has left. Where there is
/// nothing that a mutation could change (the packet identifier of a PINGRESP), it changes nothing;
/// where all of them together change nothing, the journal says so.
/// The base behaviour does not hear of mutations: they are damage on the way.
#[derive(Clone, Debug)]
#[must_use = "a mutation does nothing until a packet is sent with it"]
pub struct Mutation(Change);

#[derive(Clone, Debug)]
enum Change {
    Flags(u8),
    PacketType(u8),
    RemainingLength(u32),
    LengthBytes(u8),
    PacketId(u16),
    Reason(u8),
    AddProperty(RawProperty),
    DoubleProperty(u8),
    RemoveProperty(u8),
    Truncate(usize),
    Shorten(usize),
    Append(Bytes),
    Set { at: usize, value: u8 },
    Flip { at: usize, bits: u8 },
    FlipRandomly { count: usize, seed: u64 },
}

impl Mutation {
    /// These lower four bits of the first byte.
    pub const fn flags(flags: u8) -> Self {
        Self(Change::Flags(flags & 0x0F))
    }

    /// This packet type, in the upper four bits of the first byte: 0 and types that do not belong
    /// there too.
    pub const fn packet_type(packet: u8) -> Self {
        Self(Change::PacketType(packet & 0x0F))
    }

    /// This remaining length, whatever follows; in up to five bytes, of which MQTT allows four.
    pub const fn remaining_length(length: u32) -> Self {
        Self(Change::RemainingLength(length))
    }

    /// The right remaining length in this many bytes: more than it needs are `[MQTT-1.5.5-1]`, and
    /// five are more than MQTT allows. Fewer than it needs are as many as it needs.
    pub const fn length_bytes(bytes: u8) -> Self {
        Self(Change::LengthBytes(bytes))
    }

    /// This packet identifier; 0 too.
    pub const fn packet_id(packet_id: u16) -> Self {
        Self(Change::PacketId(packet_id))
    }

    /// This reason code, of several codes the first. It comes into a short form of MQTT 5.0 too, which
    /// leaves it out.
    pub const fn reason_code(code: u8) -> Self {
        Self(Change::Reason(code))
    }

    /// One more property, wherever it belongs, behind the others.
    pub fn add_property(property: Property<'_>) -> Self {
        Self::add_raw_property(property.id() as u8, encode_value(property))
    }

    /// One more property of this identifier whose value is these bytes, as they are.
    pub fn add_raw_property(id: u8, value: impl AsRef<[u8]>) -> Self {
        let value = Bytes::copy_from_slice(value.as_ref());
        Self(Change::AddProperty(RawProperty { id, value }))
    }

    /// The first property of this identifier a second time.
    pub const fn double_property(id: PropertyId) -> Self {
        Self(Change::DoubleProperty(id as u8))
    }

    /// No property of this identifier.
    pub const fn remove_property(id: PropertyId) -> Self {
        Self(Change::RemoveProperty(id as u8))
    }

    /// Leaves out so many bytes at the end. The remaining length stays: whoever reads it waits for
    /// more.
    pub const fn truncate(bytes: usize) -> Self {
        Self(Change::Truncate(bytes))
    }

    /// Leaves out so many bytes at the end, and the remaining length says so: whoever reads it
    /// finds that something is missing.
    pub const fn shorten(bytes: usize) -> Self {
        Self(Change::Shorten(bytes))
    }

    /// Bytes behind the packet. The remaining length stays: whoever reads them takes them for the
    /// next packet.
    pub fn append(bytes: impl AsRef<[u8]>) -> Self {
        Self(Change::Append(Bytes::copy_from_slice(bytes.as_ref())))
    }

    /// This value in the byte at this place; the first is 0.
    pub const fn set_byte(at: usize, value: u8) -> Self {
        Self(Change::Set { at, value })
    }

    /// The byte at this place with these bits flipped; the first is 0.
    pub const fn flip_bits(at: usize, bits: u8) -> Self {
        Self(Change::Flip { at, bits })
    }

    /// So many bits flipped somewhere, no two of them the same. The same seed flips the same ones
    /// again, in a packet of the same length.
    pub const fn flip_randomly(count: usize, seed: u64) -> Self {
        Self(Change::FlipRandomly { count, seed })
    }

    /// How many bytes it keeps.
    pub(super) fn weight(&self) -> usize {
        let data = match &self.0 {
            Change::AddProperty(property) => property.value.len(),
            Change::Append(bytes) => bytes.len(),
            _ => 0,
        };
        size_of::<Self>() + data
    }

    /// The packet with the change.
    pub(crate) fn apply(&self, packet: Bytes, version: Version) -> Bytes {
        let mut bytes = BytesMut::from(&packet[..]);
        match &self.0 {
            Change::Flags(flags) => set_byte(&mut bytes, 0, |first| first & 0xF0 | flags),
            Change::PacketType(packet) => {
                set_byte(&mut bytes, 0, |first| first & 0x0F | packet << 4);
            }
            Change::Truncate(count) => bytes.truncate(bytes.len().saturating_sub(*count)),
            Change::Append(more) => bytes.extend_from_slice(more),
            Change::Set { at, value } => set_byte(&mut bytes, *at, |_| *value),
            Change::Flip { at, bits } => set_byte(&mut bytes, *at, |byte| byte ^ bits),
            Change::FlipRandomly { count, seed } => flip_randomly(&mut bytes, *count, *seed),
            _ => return self.apply_within(&packet, version).unwrap_or(packet),
        }
        bytes.freeze()
    }

    /// The changes for which it must be known what lies where.
    fn apply_within(&self, packet: &Bytes, version: Version) -> Option<Bytes> {
        let layout = Layout::of(packet, version)?;
        let mut body = BytesMut::from(layout.body(packet));
        match &self.0 {
            Change::RemainingLength(length) => return Some(framed(packet, *length, 0, &body)),
            Change::LengthBytes(count) => {
                return Some(framed(packet, body.len() as u32, *count, &body));
            }
            Change::PacketId(packet_id) => {
                let place = layout.packet_id?;
                body.get_mut(place..place + 2)?
                    .copy_from_slice(&packet_id.to_be_bytes());
            }
            Change::Reason(code) => match layout.reason? {
                place if place == body.len() => body.put_u8(*code),
                place => *body.get_mut(place)? = *code,
            },
            Change::AddProperty(property) => {
                let mut properties = layout.properties(&body);
                properties.push(property.clone());
                body = layout.with_properties(&body, &properties)?;
            }
            Change::DoubleProperty(id) => {
                let mut properties = layout.properties(&body);
                let first = properties.iter().position(|property| property.id == *id)?;
                properties.insert(first, properties[first].clone());
                body = layout.with_properties(&body, &properties)?;
            }
            Change::RemoveProperty(id) => {
                let mut properties = layout.properties(&body);
                properties.retain(|property| property.id != *id);
                body = layout.with_properties(&body, &properties)?;
            }
            Change::Shorten(count) => body.truncate(body.len().saturating_sub(*count)),
            _ => return None,
        }
        Some(framed(packet, body.len() as u32, 0, &body))
    }
}

/// The first byte of the packet, this remaining length in at least so many bytes, and this body.
fn framed(packet: &[u8], length: u32, least: u8, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(body.len() + 6);
    bytes.extend_from_slice(&packet[..1]);
    put_var_int(&mut bytes, length);
    let missing = usize::from(least.min(5) + 1).saturating_sub(bytes.len());
    for padding in (0..missing).rev() {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        // The last byte of zero ends the number; those before say that more follows.
        bytes.put_u8(if padding == 0 { 0x00 } else { 0x80 });
    }
    bytes.extend_from_slice(body);
    bytes.freeze()
}

fn set_byte(bytes: &mut BytesMut, at: usize, value: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value(*byte);
    }
}

fn flip_randomly(bytes: &mut BytesMut, count: usize, seed: u64) {
    let mut die = fastrand::Rng::with_seed(seed);
    let places = die.choose_multiple(0..bytes.len() * 8, count);
    for place in places {
        set_byte(bytes, place / 8, |byte| byte ^ 1 << (place % 8));
    }
}

/// The type of a packet by its first byte.
pub(super) fn packet_type(bytes: &[u8]) -> Option<PacketType> {
    PacketType::from_u8(bytes.first()? >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mutation: Mutation, packet: &'static [u8], expected: &[u8]) {
        let found = mutation.apply(Bytes::from_static(packet), Version::V5);
        assert!(
            found == expected,
            "{mutation:?}\n  found    {found:02X?}\n  expected {expected:02X?}"
        );
    }

    const PUBACK: &[u8] = b"\x40\x02\x00\x07";
    const CONNACK: &[u8] = b"\x20\x06\x00\x00\x03\x21\x00\x05";
    const PUBLISH: &[u8] = b"\x32\x09\x00\x01t\x00\x07\x02\x01\x01m";

    #[test]
    fn the_header_is_changed_and_the_rest_is_not() {
        check(Mutation::flags(0xF), PUBACK, b"\x4F\x02\x00\x07");
        check(Mutation::packet_type(0), PUBACK, b"\x00\x02\x00\x07");
        check(Mutation::packet_type(15), PUBACK, b"\xF0\x02\x00\x07");
        check(Mutation::remaining_length(3), PUBACK, b"\x40\x03\x00\x07");
        let five = b"\x40\xFF\xFF\xFF\xFF\x0F\x00\x07";
        check(Mutation::remaining_length(u32::MAX), PUBACK, five);
    }

    #[test]
    fn a_length_is_padded_and_stays_the_same_number() {
        check(Mutation::length_bytes(0), PUBACK, PUBACK);
        check(Mutation::length_bytes(1), PUBACK, PUBACK);
        check(Mutation::length_bytes(2), PUBACK, b"\x40\x82\x00\x00\x07");
        let four = b"\x40\x82\x80\x80\x00\x00\x07";
        check(Mutation::length_bytes(4), PUBACK, four);
        let five = b"\x40\x82\x80\x80\x80\x00\x00\x07";
        check(Mutation::length_bytes(5), PUBACK, five);
        check(Mutation::length_bytes(9), PUBACK, five);
    }

    #[test]
    fn identifiers_and_codes_are_found_where_they_lie() {
        check(Mutation::packet_id(0), PUBACK, b"\x40\x02\x00\x00");
        check(
            Mutation::packet_id(0x1234),
            PUBLISH,
            b"\x32\x09\x00\x01t\x12\x34\x02\x01\x01m",
        );
        check(Mutation::packet_id(1), b"\xD0\x00", b"\xD0\x00");
        check(
            Mutation::packet_id(1),
            b"\x30\x04\x00\x01t\x00",
            b"\x30\x04\x00\x01t\x00",
        );
        check(
            Mutation::reason_code(0x87),
            CONNACK,
            b"\x20\x06\x00\x87\x03\x21\x00\x05",
        );
        check(Mutation::reason_code(0x87), PUBACK, b"\x40\x03\x00\x07\x87");
        let disconnect = b"\xE0\x01\x87";
        check(Mutation::reason_code(0x87), b"\xE0\x00", disconnect);
        check(Mutation::reason_code(0x87), b"\xD0\x00", b"\xD0\x00");
        let of_v311 = Mutation::reason_code(0x87).apply(PUBACK.into(), Version::V311);
        assert_eq!(of_v311, PUBACK);
        check(
            Mutation::reason_code(0x87),
            b"\x90\x05\x00\x01\x00\x00\x01",
            b"\x90\x05\x00\x01\x00\x87\x01",
        );
    }

    #[test]
    fn properties_come_and_go_and_the_lengths_say_so() {
        let double = Mutation::double_property(PropertyId::ReceiveMaximum);
        check(
            double,
            CONNACK,
            b"\x20\x09\x00\x00\x06\x21\x00\x05\x21\x00\x05",
        );
        let remove = Mutation::remove_property(PropertyId::ReceiveMaximum);
        check(remove, CONNACK, b"\x20\x03\x00\x00\x00");
        let absent = Mutation::double_property(PropertyId::MaximumQos);
        check(absent, CONNACK, CONNACK);
        check(
            Mutation::add_property(Property::TopicAlias(1)),
            PUBLISH,
            b"\x32\x0C\x00\x01t\x00\x07\x05\x01\x01\x23\x00\x01m",
        );
        // A code and a property length come with the first property of a short acknowledgement.
        check(
            Mutation::add_raw_property(0x7F, b"x"),
            PUBACK,
            b"\x40\x06\x00\x07\x00\x02\x7Fx",
        );
        check(
            Mutation::add_raw_property(0x7F, b"x"),
            b"\xD0\x00",
            b"\xD0\x00",
        );
    }

    #[test]
    fn bytes_are_cut_off_put_behind_set_and_flipped() {
        check(Mutation::truncate(1), PUBACK, b"\x40\x02\x00");
        check(Mutation::truncate(9), PUBACK, b"");
        check(Mutation::shorten(1), PUBACK, b"\x40\x01\x00");
        check(Mutation::shorten(9), PUBACK, b"\x40\x00");
        check(Mutation::append(b"\xFF"), PUBACK, b"\x40\x02\x00\x07\xFF");
        check(Mutation::set_byte(3, 9), PUBACK, b"\x40\x02\x00\x09");
        check(Mutation::set_byte(4, 9), PUBACK, PUBACK);
        check(Mutation::flip_bits(3, 1), PUBACK, b"\x40\x02\x00\x06");
    }

    #[test]
    fn random_bits_are_as_many_as_told_and_the_same_again() {
        let flip = |seed| Mutation::flip_randomly(3, seed).apply(PUBACK.into(), Version::V5);
        let bits = |bytes: &[u8]| -> u32 {
            let pairs = bytes.iter().zip(PUBACK);
            pairs.map(|(one, other)| (one ^ other).count_ones()).sum()
        };
        for seed in 0..100 {
            assert_eq!(bits(&flip(seed)), 3);
            assert_eq!(flip(seed), flip(seed));
        }
        assert_ne!(flip(1), flip(2));
        let all = Mutation::flip_randomly(99, 0).apply(PUBACK.into(), Version::V5);
        assert_eq!(bits(&all), 32);
    }

    #[test]
    fn what_is_no_packet_any_more_is_left_alone() {
        check(Mutation::packet_id(1), b"", b"");
        check(Mutation::packet_id(1), b"\x40", b"\x40");
        check(Mutation::packet_id(1), b"\x40\x00", b"\x40\x00");
        check(Mutation::flip_randomly(1, 1), b"", b"");
    }
}

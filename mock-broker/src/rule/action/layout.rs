//! Where in the bytes of a packet its identifier, its reason code and its properties lie.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use nack_codec::{PacketType, Version};

use super::encode::put_var_int;
use super::mutation::packet_type;
use super::reply::RawProperty;

/// Places in the body of a packet, behind its fixed header.
pub(super) struct Layout {
    /// How many bytes are in front of the body.
    header: usize,
    pub(super) packet_id: Option<usize>,
    /// The end of the body, where a short form of MQTT 5.0 leaves it out.
    pub(super) reason: Option<usize>,
    section: Option<Section>,
}

/// The properties, with their length.
struct Section {
    /// Empty where the packet leaves them out, and could have them there.
    place: Range<usize>,
    /// What has to be in front of them, if they come.
    before: &'static [u8],
}

impl Layout {
    /// `None` where the bytes do not begin with a packet.
    pub(super) fn of(bytes: &[u8], version: Version) -> Option<Self> {
        let packet = packet_type(bytes)?;
        // The header alone is looked at, so its flags may be wrong.
        let header = 1 + 1 + bytes[1..].iter().take(3).position(|byte| *byte < 0x80)?;
        let body = bytes.get(header..)?;
        let mut layout = Self {
            header,
            packet_id: None,
            reason: None,
            section: None,
        };
        // 3.1.1 has no code there, and no short form.
        let has_short_form = version == Version::V5;
        let at = match packet {
            PacketType::Connack => {
                layout.reason = (body.len() > 1).then_some(1);
                2
            }
            PacketType::Disconnect | PacketType::Auth => {
                layout.reason = (has_short_form || !body.is_empty()).then_some(0);
                1
            }
            PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel | PacketType::Pubcomp => {
                layout.packet_id = (body.len() > 1).then_some(0);
                let is_short = has_short_form && body.len() == 2;
                layout.reason = (is_short || body.len() > 2).then_some(2);
                3
            }
            PacketType::Subscribe
            | PacketType::Suback
            | PacketType::Unsubscribe
            | PacketType::Unsuback => {
                layout.packet_id = (body.len() > 1).then_some(0);
                2
            }
            PacketType::Publish => {
                let topic = usize::from(u16::from_be_bytes(*body.first_chunk()?));
                let behind = 2 + topic;
                if bytes[0] & 0b0110 == 0 {
                    behind
                } else {
                    layout.packet_id = (body.len() > behind + 1).then_some(behind);
                    behind + 2
                }
            }
            // Protocol name, level, flags and keep alive.
            PacketType::Connect => 10,
            PacketType::Pingreq | PacketType::Pingresp => return Some(layout),
        };
        if version == Version::V5 {
            layout.section = Section::at(at, body);
        }
        if matches!(packet, PacketType::Suback | PacketType::Unsuback) {
            let codes = layout.section.as_ref().map_or(at, |it| it.place.end);
            layout.reason = (body.len() > codes).then_some(codes);
        }
        Some(layout)
    }

    pub(super) fn body<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.header..]
    }

    /// The properties in a body, as far as they can be told apart.
    pub(super) fn properties(&self, body: &[u8]) -> Vec<RawProperty> {
        let mut properties = Vec::new();
        let Some(section) = &self.section else {
            return properties;
        };
        let mut rest = body.get(section.place.clone()).unwrap_or_default();
        rest = rest.get(var_int_len(rest)..).unwrap_or_default();
        while let Some((id, value)) = rest.split_first() {
            let Some(length) = value_len(*id, value) else {
                break;
            };
            properties.push(RawProperty {
                id: *id,
                value: Bytes::copy_from_slice(&value[..length]),
            });
            rest = &value[length..];
        }
        properties
    }

    /// The body with these properties instead of its own; `None` where it has no place for any.
    pub(super) fn with_properties(
        &self,
        body: &[u8],
        properties: &[RawProperty],
    ) -> Option<BytesMut> {
        let section = self.section.as_ref()?;
        let mut block = BytesMut::new();
        for property in properties {
            block.put_u8(property.id);
            block.extend_from_slice(&property.value);
        }
        let mut changed = BytesMut::from(body.get(..section.place.start)?);
        changed.extend_from_slice(section.before);
        put_var_int(&mut changed, block.len() as u32);
        changed.extend_from_slice(&block);
        changed.extend_from_slice(body.get(section.place.end..)?);
        Some(changed)
    }
}

impl Section {
    /// The section that begins at this place, or would.
    fn at(place: usize, body: &[u8]) -> Option<Self> {
        let Some(rest) = body.get(place..).filter(|rest| !rest.is_empty()) else {
            // Of what may be left out, that is the code alone: 0 is what its absence says.
            let (end, before): (_, &[u8]) = match place - body.len().min(place) {
                0 => (place, &[]),
                1 => (place - 1, &[0]),
                _ => return None,
            };
            return Some(Self {
                place: end..end,
                before,
            });
        };
        let length_len = var_int_len(rest);
        let length = var_int(rest)?;
        Some(Self {
            place: place..(place + length_len + length).min(body.len()),
            before: &[],
        })
    }
}

fn var_int_len(bytes: &[u8]) -> usize {
    let last = bytes.iter().take(4).position(|byte| *byte < 0x80);
    last.map_or_else(|| bytes.len().min(4), |last| last + 1)
}

fn var_int(bytes: &[u8]) -> Option<usize> {
    let length = var_int_len(bytes);
    let digits = bytes.get(..length)?.iter().rev();
    Some(digits.fold(0, |value, byte| value << 7 | usize::from(byte & 0x7F)))
}

/// How long the value of a property is; `None` where the identifier is none, or bytes are missing.
fn value_len(id: u8, value: &[u8]) -> Option<usize> {
    let prefixed = |from: usize| -> Option<usize> {
        let length = value.get(from..)?.first_chunk()?;
        Some(from + 2 + usize::from(u16::from_be_bytes(*length)))
    };
    let length = match id {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => 1,
        0x13 | 0x21 | 0x22 | 0x23 => 2,
        0x02 | 0x11 | 0x18 | 0x27 => 4,
        0x0B => var_int_len(value),
        0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1A | 0x1C | 0x1F => prefixed(0)?,
        0x26 => prefixed(prefixed(0)?)?,
        _ => return None,
    };
    (length <= value.len()).then_some(length)
}

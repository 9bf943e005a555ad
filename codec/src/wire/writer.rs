//! Writes the data types of section 1.5 into a buffer whose room was reserved before.

use bytes::{BufMut, BytesMut};

use super::{Binary, Text, VAR_INT_MAX};
use crate::{EncodeError, PacketId};

/// A packet on its way into a buffer.
pub(crate) struct Writer<'b> {
    buffer: &'b mut BytesMut,
}

impl<'b> Writer<'b> {
    /// Writes the fixed header of a packet whose length is known, and reserves room for the rest
    /// of it, but for the `linked` bytes that somebody else writes.
    #[inline]
    pub(crate) fn packet(
        buffer: &'b mut BytesMut,
        first: u8,
        remaining_length: usize,
        linked: usize,
    ) -> Result<Self, EncodeError> {
        let total = remaining_length + linked;
        if total > VAR_INT_MAX as usize {
            return Err(EncodeError::PacketTooLarge {
                remaining_length: total,
            });
        }
        buffer.reserve(remaining_length + 5);
        if total < 0x80 {
            buffer.extend_from_slice(&[first, total as u8]);
        } else if total < 0x4000 {
            buffer.extend_from_slice(&[first, total as u8 | 0x80, (total >> 7) as u8]);
        } else {
            let [one, two, three, four] = groups(total as u32);
            if total < 0x20_0000 {
                buffer.extend_from_slice(&[first, one | 0x80, two | 0x80, three]);
            } else {
                buffer.extend_from_slice(&[first, one | 0x80, two | 0x80, three | 0x80, four]);
            }
        }
        Ok(Self { buffer })
    }

    /// The same for a packet of a remaining length below 0x4000 that begins with a string of
    /// `prefix` bytes, whose length goes out with the fixed header as one piece.
    ///
    /// No room is reserved for the rest: a small packet finds it nearly always, and would look
    /// twice.
    #[inline]
    pub(crate) fn short_packet(
        buffer: &'b mut BytesMut,
        first: u8,
        remaining_length: usize,
        prefix: usize,
    ) -> Self {
        debug_assert!(
            prefix <= remaining_length && remaining_length < 0x4000,
            "short"
        );
        let [high, low] = (prefix as u16).to_be_bytes();
        if remaining_length < 0x80 {
            return Self::behind([first, remaining_length as u8, high, low], buffer);
        }
        let (low_seven, rest) = (remaining_length as u8 | 0x80, (remaining_length >> 7) as u8);
        Self::behind([first, low_seven, rest, high, low], buffer)
    }

    /// A packet whose head is written as one piece; no room is reserved for the rest.
    #[inline]
    pub(crate) fn behind<const N: usize>(head: [u8; N], buffer: &'b mut BytesMut) -> Self {
        buffer.extend_from_slice(&head);
        Self { buffer }
    }

    #[inline]
    pub(crate) fn u8(&mut self, value: u8) {
        self.buffer.put_u8(value);
    }

    #[inline]
    pub(crate) fn u16(&mut self, value: u16) {
        self.buffer.put_u16(value);
    }

    #[inline]
    pub(crate) fn packet_id(&mut self, packet_id: PacketId) {
        self.u16(packet_id.get());
    }

    /// A variable byte integer of at most [`VAR_INT_MAX`], in its shortest form (`[MQTT-1.5.5-1]`).
    #[inline]
    pub(crate) fn var_int(&mut self, value: u32) {
        if value < 0x80 {
            self.u8(value as u8);
        } else if value < 0x4000 {
            self.bytes(&[value as u8 | 0x80, (value >> 7) as u8]);
        } else {
            long_var_int(self.buffer, value);
        }
    }

    /// Where all goes.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        self.buffer
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn text(&mut self, text: Text<&str>) {
        self.prefixed(text.get().as_bytes());
    }

    #[inline]
    pub(crate) fn binary(&mut self, binary: Binary<&[u8]>) {
        self.prefixed(binary.get());
    }

    /// Bytes of a type whose length was checked when it was made, behind their length.
    #[inline]
    pub(crate) fn prefixed(&mut self, bytes: &[u8]) {
        debug_assert!(
            bytes.len() <= usize::from(u16::MAX),
            "checked by the type it comes from"
        );
        self.u16(bytes.len() as u16);
        self.bytes(bytes);
    }
}

/// A variable byte integer of three or four bytes.
#[inline(never)]
fn long_var_int(buffer: &mut BytesMut, value: u32) {
    let [one, two, three, four] = groups(value);
    if value < 0x20_0000 {
        buffer.extend_from_slice(&[one | 0x80, two | 0x80, three]);
    } else {
        buffer.extend_from_slice(&[one | 0x80, two | 0x80, three | 0x80, four]);
    }
}

/// The groups of seven bits, lowest first, with the highest bit of each as it comes.
#[inline]
const fn groups(value: u32) -> [u8; 4] {
    [
        value as u8,
        (value >> 7) as u8,
        (value >> 14) as u8,
        (value >> 21) as u8,
    ]
}

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
    /// of it.
    #[inline]
    pub(crate) fn packet(
        buffer: &'b mut BytesMut,
        first: u8,
        remaining_length: usize,
    ) -> Result<Self, EncodeError> {
        check_length(remaining_length)?;
        buffer.reserve(remaining_length + 5);
        let [one, two, three, four] = groups(remaining_length as u32);
        Ok(match remaining_length {
            ..0x80 => Self::behind([first, one], buffer),
            0x80..0x4000 => Self::behind([first, one | 0x80, two], buffer),
            0x4000..0x20_0000 => Self::behind([first, one | 0x80, two | 0x80, three], buffer),
            _ => Self::behind([first, one | 0x80, two | 0x80, three | 0x80, four], buffer),
        })
    }

    /// The same for a packet of a remaining length of 0x4000 or more that begins with a string of
    /// `prefix` bytes, whose length goes out with the fixed header as one piece. Of its remaining
    /// length, `linked` bytes at the end are written by somebody else.
    ///
    /// No room is reserved for the rest: what makes it long is its payload, which makes room for
    /// itself, or is not written here at all.
    #[inline]
    pub(crate) fn long_packet(
        buffer: &'b mut BytesMut,
        first: u8,
        length: usize,
        linked: usize,
        prefix: usize,
    ) -> Result<Self, EncodeError> {
        let remaining_length = length + linked;
        debug_assert!(prefix <= length && remaining_length >= 0x4000, "long");
        check_length(remaining_length)?;
        let [one, two, three, four] = groups(remaining_length as u32);
        let (one, two) = (one | 0x80, two | 0x80);
        let [high, low] = (prefix as u16).to_be_bytes();
        Ok(match remaining_length {
            ..0x20_0000 => Self::behind([first, one, two, three, high, low], buffer),
            _ => Self::behind([first, one, two, three | 0x80, four, high, low], buffer),
        })
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

/// Whether four bytes can say this remaining length.
#[inline]
const fn check_length(remaining_length: usize) -> Result<(), EncodeError> {
    if remaining_length > VAR_INT_MAX as usize {
        return Err(EncodeError::PacketTooLarge { remaining_length });
    }
    Ok(())
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

//! Writes the data types of section 1.5 into a buffer whose room was reserved before.

use bytes::{BufMut, BytesMut};

use super::{Binary, Text, VAR_INT_MAX, var_int_len};
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
        let mut writer = Self { buffer };
        if total < 0x80 {
            writer.bytes(&[first, total as u8]);
        } else {
            writer.u8(first);
            writer.var_int(total as u32);
        }
        Ok(writer)
    }

    /// The same for a packet that begins with a string of `length` bytes: its length goes out with
    /// the fixed header, as one piece.
    ///
    /// Room is reserved for large packets only: small ones find it nearly always, and would look
    /// twice.
    #[inline]
    pub(crate) fn packet_with_prefix(
        buffer: &'b mut BytesMut,
        first: u8,
        remaining_length: usize,
        linked: usize,
        length: u16,
    ) -> Result<Self, EncodeError> {
        let total = remaining_length + linked;
        let [high, low] = length.to_be_bytes();
        if total < 0x80 {
            buffer.extend_from_slice(&[first, total as u8, high, low]);
            return Ok(Self { buffer });
        }
        if total < 0x4000 {
            let (low_seven, rest) = (total as u8 | 0x80, (total >> 7) as u8);
            buffer.extend_from_slice(&[first, low_seven, rest, high, low]);
            return Ok(Self { buffer });
        }
        let mut writer = Self::packet(buffer, first, remaining_length, linked)?;
        writer.bytes(&[high, low]);
        Ok(writer)
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
        match var_int_len(value) {
            1 => self.u8(value as u8),
            2 => self.bytes(&[value as u8 | 0x80, (value >> 7) as u8]),
            3 => self.bytes(&[
                value as u8 | 0x80,
                (value >> 7) as u8 | 0x80,
                (value >> 14) as u8,
            ]),
            _ => self.bytes(&[
                value as u8 | 0x80,
                (value >> 7) as u8 | 0x80,
                (value >> 14) as u8 | 0x80,
                (value >> 21) as u8,
            ]),
        }
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

//! Cuts whole packets off a read buffer by their fixed headers. A body never sees partial input.

use bytes::{Bytes, BytesMut};

use crate::wire::{Fault, MAXIMUM_PACKET_SIZE, read_var_int, whole_var_int};
use crate::{DecodeError, DecodeErrorKind, PacketType, Version};

/// One whole packet, as it lies on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    header_len: usize,
}

impl<'a> Frame<'a> {
    /// The packet at the front of `bytes`, or `None` where more bytes are needed to see all of it.
    ///
    /// A packet larger than `maximum_packet_size` bytes is refused by its fixed header, as is a
    /// first byte that no packet begins with, so that nobody waits for the rest of it.
    ///
    /// # Errors
    ///
    /// Where the fixed header is one of no packet that is accepted.
    #[inline]
    pub fn first(
        bytes: &'a [u8],
        maximum_packet_size: u32,
        version: Version,
    ) -> Result<Option<Self>, DecodeError> {
        let Some((first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let (length, length_len) = match read_var_int(rest) {
            Ok(Some(found)) => found,
            Ok(None) => return check_early(*first, version).map(|()| None),
            Err(kind) => {
                // The first byte comes first, so that it does not matter in which pieces they come.
                check_early(*first, version)?;
                return Err(header_error(kind, *first, 1, version));
            }
        };
        let header_len = 1 + length_len;
        let size = header_len as u32 + length;
        if size > maximum_packet_size {
            check_early(*first, version)?;
            let kind = DecodeErrorKind::PacketTooLarge {
                size,
                maximum: maximum_packet_size,
            };
            return Err(header_error(kind, *first, 1, version));
        }
        match bytes.get(..size as usize) {
            Some(bytes) => Ok(Some(Self { bytes, header_len })),
            None => check_early(*first, version).map(|()| None),
        }
    }

    /// The packet at the front of `bytes`, where all of it is there and its header is accepted.
    #[inline]
    fn whole(bytes: &'a [u8], maximum_packet_size: u32) -> Option<Self> {
        let (_, rest) = bytes.split_first()?;
        let (length, length_len) = whole_var_int(rest)?;
        let header_len = 1 + length_len;
        let size = header_len as u32 + length;
        if size > maximum_packet_size {
            return None;
        }
        let bytes = bytes.get(..size as usize)?;
        Some(Self { bytes, header_len })
    }

    /// All bytes of the packet.
    #[inline]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes behind the fixed header.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.header_len..]
    }

    /// The type of the packet, if its first byte has one.
    pub fn packet_type(&self) -> Option<PacketType> {
        PacketType::from_u8(self.first_byte() >> 4)
    }

    #[inline]
    pub(crate) const fn first_byte(&self) -> u8 {
        self.bytes[0]
    }

    #[inline]
    pub(crate) const fn header_len(&self) -> usize {
        self.header_len
    }
}

/// What is wrong with a first byte, found while the rest of its packet is still to come.
fn check_early(first: u8, version: Version) -> Result<(), DecodeError> {
    match check_first_byte(first, version) {
        Ok(_) => Ok(()),
        Err(kind) => Err(header_error(kind, first, 0, version)),
    }
}

/// The packet type of a first byte, with its flags checked (`[MQTT-2.1.3-1]`); those of PUBLISH are
/// left to its body.
#[inline]
pub(crate) fn check_first_byte(first: u8, version: Version) -> Result<PacketType, DecodeErrorKind> {
    let value = first >> 4;
    let packet = match PacketType::from_u8(value) {
        None => return Err(DecodeErrorKind::UnknownPacketType { value }),
        Some(PacketType::Auth) if version == Version::V311 => {
            return Err(DecodeErrorKind::UnknownPacketType { value });
        }
        Some(packet) => packet,
    };
    let (expected, found) = (packet.flags(), first & 0x0F);
    if packet != PacketType::Publish && found != expected {
        return Err(DecodeErrorKind::InvalidFlags { expected, found });
    }
    Ok(packet)
}

#[cold]
fn header_error(kind: DecodeErrorKind, first: u8, offset: usize, version: Version) -> DecodeError {
    DecodeError::new(
        Fault { kind, offset },
        PacketType::from_u8(first >> 4),
        version,
    )
}

/// Splits whole packets off a read buffer.
///
/// All whole packets of a read come off at once and share one reference count: a packet that is
/// kept is a slice of [`Frames::bytes`], not a buffer of its own.
#[derive(Clone, Copy, Debug)]
pub struct Framer {
    maximum_packet_size: u32,
    version: Version,
}

impl Default for Framer {
    /// Accepts whatever MQTT can frame.
    fn default() -> Self {
        Self::new(MAXIMUM_PACKET_SIZE, Version::V5)
    }
}

impl Framer {
    /// Accepts packets of up to `maximum_packet_size` bytes, their fixed header included.
    pub const fn new(maximum_packet_size: u32, version: Version) -> Self {
        Self {
            maximum_packet_size,
            version,
        }
    }

    /// Splits all whole packets off the front of `buffer`, and leaves the part of one that may be
    /// behind them.
    ///
    /// Where a header is refused, the packets before it still come, and then the error.
    pub fn split(&self, buffer: &mut BytesMut) -> Frames {
        let mut end = 0;
        while let Some(frame) = Frame::whole(&buffer[end..], self.maximum_packet_size) {
            end += frame.bytes.len();
        }
        // Why it is not whole: the rest is still to come, or its header is refused.
        let fault = Frame::first(&buffer[end..], self.maximum_packet_size, self.version).err();
        let bytes = if end == 0 {
            Bytes::new()
        } else {
            buffer.split_to(end).freeze()
        };
        Frames { bytes, fault }
    }
}

/// The whole packets of one read.
#[derive(Clone, Debug)]
pub struct Frames {
    bytes: Bytes,
    fault: Option<DecodeError>,
}

impl Frames {
    /// The bytes of all packets, one behind the other; what is to be kept is a slice of this.
    #[inline]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The packets in their order; the error, if there is one, is the last item.
    #[inline]
    pub fn iter(&self) -> FramesIter<'_> {
        FramesIter {
            rest: &self.bytes,
            fault: self.fault,
        }
    }
}

impl<'a> IntoIterator for &'a Frames {
    type Item = Result<Frame<'a>, DecodeError>;
    type IntoIter = FramesIter<'a>;

    fn into_iter(self) -> FramesIter<'a> {
        self.iter()
    }
}

/// The packets of [`Frames`].
#[derive(Clone, Debug)]
pub struct FramesIter<'a> {
    rest: &'a [u8],
    fault: Option<DecodeError>,
}

impl<'a> Iterator for FramesIter<'a> {
    type Item = Result<Frame<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // `Framer::split` saw these headers before, so this finds packets until there are none.
        match Frame::whole(self.rest, MAXIMUM_PACKET_SIZE) {
            Some(frame) => {
                self.rest = &self.rest[frame.bytes.len()..];
                Some(Ok(frame))
            }
            None => self.fault.take().map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_packets_come_off_and_a_part_stays() {
        let mut buffer = BytesMut::from(&b"\xC0\x00\xD0\x00\x40\x02\x00"[..]);
        let frames = Framer::default().split(&mut buffer);
        let found: Vec<_> = frames.iter().map(|frame| frame.unwrap().bytes()).collect();
        assert_eq!(found, [b"\xC0\x00", b"\xD0\x00"]);
        assert_eq!(&buffer[..], b"\x40\x02\x00");
        buffer.extend_from_slice(b"\x07");
        assert_eq!(Framer::default().split(&mut buffer).iter().count(), 1);
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_packet_that_is_too_large_is_refused_by_its_header() {
        let mut buffer = BytesMut::from(&b"\xD0\x00\x30\xFF\xFF\xFF\x7F"[..]);
        let frames = Framer::new(64, Version::V5).split(&mut buffer);
        let mut frames = frames.iter();
        assert!(frames.next().unwrap().is_ok());
        let error = frames.next().unwrap().unwrap_err();
        let size = 268_435_460;
        assert_eq!(
            error.kind(),
            DecodeErrorKind::PacketTooLarge { size, maximum: 64 }
        );
        assert!(frames.next().is_none());
    }

    #[test]
    fn a_wrong_first_byte_is_what_is_said_however_much_has_come() {
        for rest in [
            &[][..],
            &[0x80, 0x00],
            &[0xFF, 0xFF, 0xFF, 0xFF],
            &[0xFF, 0x7F],
        ] {
            let bytes = [&[0x41][..], rest].concat();
            let error = Frame::first(&bytes, 64, Version::V5).unwrap_err();
            let (expected, found) = (0, 1);
            assert_eq!(
                error.kind(),
                DecodeErrorKind::InvalidFlags { expected, found }
            );
            assert_eq!(error.offset(), 0);
        }
    }

    #[test]
    fn a_first_byte_of_no_packet_is_refused_before_the_rest_has_come() {
        for first in [0x00, 0x22, 0x60, 0xF1] {
            let mut buffer = BytesMut::from(&[first][..]);
            let frames = Framer::default().split(&mut buffer);
            assert!(frames.iter().next().unwrap().is_err(), "{first:#x}");
        }
    }
}

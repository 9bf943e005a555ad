//! A bounds-checked reader over one packet, which knows where in the packet it is.

use super::text::{TextFault, Wildcards, check};
use super::{Binary, Text, read_var_int};
use crate::{DecodeErrorKind, PacketId, TopicFilter, TopicName};

/// What is wrong, and at which byte of the packet (counted from its first).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: DecodeErrorKind,
    pub(crate) offset: usize,
}

/// The rest of a packet, or of a part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The offset in the packet of the end of `rest`; where `rest` begins follows from it.
    end: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which begin at `start` in their packet.
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8], start: usize) -> Self {
        Self {
            rest: bytes,
            end: start + bytes.len(),
        }
    }

    #[inline(always)]
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Fault> {
        let [byte] = self.array(field)?;
        Ok(byte)
    }

    #[inline(always)]
    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, Fault> {
        Ok(u16::from_be_bytes(self.array(field)?))
    }

    #[inline]
    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Fault> {
        Ok(u32::from_be_bytes(self.array(field)?))
    }

    #[inline(always)]
    pub(crate) fn packet_id(&mut self) -> Result<PacketId, Fault> {
        let offset = self.offset();
        let value = self.u16("packet identifier")?;
        PacketId::new(value).ok_or(Fault {
            kind: DecodeErrorKind::PacketIdZero,
            offset,
        })
    }

    #[inline]
    pub(crate) fn var_int(&mut self, field: &'static str) -> Result<u32, Fault> {
        match read_var_int(self.rest) {
            Ok(Some((value, length))) => {
                self.rest = &self.rest[length..];
                Ok(value)
            }
            Ok(None) => Err(self.fault(DecodeErrorKind::Truncated { field })),
            Err(kind) => Err(self.fault(kind)),
        }
    }

    /// The next `length` bytes.
    #[inline(always)]
    pub(crate) fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], Fault> {
        let Some((head, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.fault(DecodeErrorKind::Truncated { field }));
        };
        self.rest = rest;
        Ok(head)
    }

    /// A reader of just the next `length` bytes.
    #[inline]
    pub(crate) fn sub(&mut self, length: usize, field: &'static str) -> Result<Self, Fault> {
        let rest = self.take(length, field)?;
        Ok(Self {
            rest,
            end: self.offset(),
        })
    }

    #[inline]
    pub(crate) fn binary(&mut self, field: &'static str) -> Result<Binary<&'a [u8]>, Fault> {
        Ok(Binary::checked(self.prefixed(field)?))
    }

    #[inline]
    pub(crate) fn text(&mut self, field: &'static str) -> Result<Text<&'a str>, Fault> {
        let bytes = self.prefixed(field)?;
        match check(bytes, Wildcards::Allowed) {
            Ok(text) => Ok(Text::checked(text)),
            Err(fault) => Err(self.text_fault(bytes, fault)),
        }
    }

    /// A topic name without wildcards; `None` where it is empty.
    #[inline(always)]
    pub(crate) fn topic_name(
        &mut self,
        field: &'static str,
    ) -> Result<Option<TopicName<&'a str>>, Fault> {
        let bytes = self.prefixed(field)?;
        match check(bytes, Wildcards::Refused) {
            Ok("") => Ok(None),
            Ok(text) => Ok(Some(TopicName::checked(text))),
            Err(fault) => Err(self.text_fault(bytes, fault)),
        }
    }

    pub(crate) fn topic_filter(&mut self) -> Result<TopicFilter<&'a str>, Fault> {
        let start = *self;
        let text = self.text("topic filter")?;
        TopicFilter::new(text.get())
            .map_err(|error| start.fault(DecodeErrorKind::InvalidTopicFilter(error)))
    }

    /// All that is left.
    #[inline]
    pub(crate) fn all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may be left: trailing bytes are an error.
    #[inline]
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.fault(DecodeErrorKind::TrailingBytes {
            count: self.rest.len(),
        }))
    }

    /// Where in the packet the next byte lies.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    #[inline]
    pub(crate) const fn fault(&self, kind: DecodeErrorKind) -> Fault {
        Fault {
            kind,
            offset: self.offset(),
        }
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Fault> {
        let Some((head, rest)) = self.rest.split_first_chunk() else {
            return Err(self.fault(DecodeErrorKind::Truncated { field }));
        };
        self.rest = rest;
        Ok(*head)
    }

    #[inline(always)]
    fn prefixed(&mut self, field: &'static str) -> Result<&'a [u8], Fault> {
        let length = self.u16(field)?;
        self.take(usize::from(length), field)
    }

    /// The fault in `bytes`, which were read just now.
    #[cold]
    fn text_fault(&self, bytes: &[u8], fault: TextFault) -> Fault {
        let start = self.offset() - bytes.len();
        let (kind, offset) = match fault {
            TextFault::Utf8 { offset } => (DecodeErrorKind::InvalidUtf8, offset),
            TextFault::Nul { offset } => (DecodeErrorKind::NulCharacter, offset),
            TextFault::Wildcard { offset } => (DecodeErrorKind::WildcardInTopicName, offset),
        };
        Fault {
            kind,
            offset: start + offset,
        }
    }
}

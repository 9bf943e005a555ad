//! The list that is the payload of SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK.

use std::fmt;

use crate::DecodeErrorKind;
use crate::wire::{Fault, Reader, Writer};

/// What such a list is made of.
pub(crate) trait Item<'a>: Copy {
    /// Reads one item of a list that was checked before, in the wide form of MQTT 5.0.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;
    fn write(self, writer: &mut Writer<'_>);
    /// Its length on the wire, in bytes.
    fn encoded_len(self) -> usize;

    #[inline]
    fn write_all(items: &[Self], writer: &mut Writer<'_>) {
        for item in items {
            item.write(writer);
        }
    }

    #[inline]
    fn encoded_len_of_all(items: &[Self]) -> usize {
        items.iter().map(|item| item.encoded_len()).sum()
    }
}

/// A list of topic filters or reason codes: either as it came over the wire, or the caller's own.
#[derive(Clone, Copy)]
pub struct List<'a, T>(Repr<'a, T>);

#[derive(Clone, Copy)]
enum Repr<'a, T> {
    Wire(&'a [u8]),
    Items(&'a [T]),
}

impl<'a, T> List<'a, T> {
    /// A list of the caller's own.
    pub const fn new(items: &'a [T]) -> Self {
        Self(Repr::Items(items))
    }

    /// A list whose every item was read once already.
    pub(crate) const fn checked(wire: &'a [u8]) -> Self {
        Self(Repr::Wire(wire))
    }

    /// Whether there is no item.
    pub const fn is_empty(&self) -> bool {
        match self.0 {
            Repr::Wire(bytes) => bytes.is_empty(),
            Repr::Items(items) => items.is_empty(),
        }
    }
}

#[expect(private_bounds, reason = "the items are those of the standard")]
impl<'a, T: Item<'a>> List<'a, T> {
    /// The items in their order.
    pub const fn iter(&self) -> ListIter<'a, T> {
        ListIter(match self.0 {
            Repr::Wire(bytes) => IterRepr::Wire(Reader::new(bytes, 0)),
            Repr::Items(items) => IterRepr::Items(items),
        })
    }

    /// How many items there are; counts them where they came over the wire.
    pub fn len(&self) -> usize {
        match self.0 {
            Repr::Wire(_) => self.iter().count(),
            Repr::Items(items) => items.len(),
        }
    }

    #[inline]
    pub(crate) fn encoded_len(&self) -> usize {
        match self.0 {
            Repr::Wire(bytes) => bytes.len(),
            Repr::Items(items) => T::encoded_len_of_all(items),
        }
    }

    #[inline]
    pub(crate) fn encode(&self, writer: &mut Writer<'_>) {
        match self.0 {
            Repr::Wire(bytes) => writer.bytes(bytes),
            Repr::Items(items) => T::write_all(items, writer),
        }
    }
}

impl<'a, T> From<&'a [T]> for List<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self::new(items)
    }
}

impl<'a, T: Item<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Item<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Item<'a> + Eq> Eq for List<'a, T> {}

impl<'a, T: Item<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The items of a [`List`].
#[derive(Clone, Debug)]
pub struct ListIter<'a, T>(IterRepr<'a, T>);

#[derive(Clone, Debug)]
enum IterRepr<'a, T> {
    Wire(Reader<'a>),
    Items(&'a [T]),
}

impl<'a, T: Item<'a>> Iterator for ListIter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            IterRepr::Wire(reader) if reader.is_empty() => None,
            IterRepr::Wire(reader) => {
                let item = T::read(reader);
                debug_assert!(item.is_ok(), "the list was checked when it was read");
                item.ok()
            }
            IterRepr::Items(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
        }
    }
}

/// Checks all that is left to be read: reason codes, of which `known` has every one that may come.
#[inline]
pub(super) fn check_codes(body: &Reader<'_>, known: &[bool; 256]) -> Result<(), Fault> {
    let is_known = |code: &u8| known[usize::from(*code)];
    // Eight at once, without a branch after each.
    let (blocks, rest) = body.rest().as_chunks::<8>();
    let known_blocks = blocks.iter().all(|block| {
        let mut all = true;
        for code in block {
            all &= is_known(code);
        }
        all
    });
    if known_blocks && rest.iter().all(is_known) {
        return Ok(());
    }
    Err(unknown_code(*body, known))
}

#[cold]
fn unknown_code(mut body: Reader<'_>, known: &[bool; 256]) -> Fault {
    loop {
        let start = body;
        match body.u8("reason code") {
            Ok(code) if known[usize::from(code)] => {}
            Ok(code) => return start.fault(DecodeErrorKind::UnknownReason { code }),
            Err(fault) => return fault,
        }
    }
}

macro_rules! reason_item {
    ($reason:ty) => {
        impl $crate::packet::list::Item<'_> for $reason {
            #[inline]
            fn read(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Fault> {
                let start = *reader;
                let code = reader.u8("reason code")?;
                Self::from_u8(code)
                    .ok_or(start.fault($crate::DecodeErrorKind::UnknownReason { code }))
            }

            #[inline]
            fn write(self, writer: &mut $crate::wire::Writer<'_>) {
                writer.u8(self.as_u8());
            }

            #[inline]
            fn encoded_len(self) -> usize {
                1
            }

            /// Eight at once: looking for room costs more than a code.
            #[inline]
            fn write_all(items: &[Self], writer: &mut $crate::wire::Writer<'_>) {
                let (blocks, rest) = items.as_chunks::<8>();
                for block in blocks {
                    writer.bytes(&block.map(Self::as_u8));
                }
                for item in rest {
                    item.write(writer);
                }
            }

            #[inline]
            fn encoded_len_of_all(items: &[Self]) -> usize {
                items.len()
            }
        }
    };
}
pub(super) use reason_item;

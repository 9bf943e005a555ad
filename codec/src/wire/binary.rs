//! Binary data (section 1.5.6): at most 65,535 bytes.

/// Bytes that MQTT can carry behind a two-byte length. `B` is where they are kept: `&[u8]` in a
/// packet, `Bytes` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binary<B = bytes::Bytes>(B);

impl<B: AsRef<[u8]>> Binary<B> {
    /// Checks the length; `None` for more than 65,535 bytes.
    pub fn new(bytes: B) -> Option<Self> {
        (bytes.as_ref().len() <= usize::from(u16::MAX)).then_some(Self(bytes))
    }

    /// The bytes themselves.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The same bytes, borrowed.
    #[inline]
    pub fn borrow(&self) -> Binary<&[u8]> {
        Binary(self.0.as_ref())
    }
}

impl<'a> Binary<&'a [u8]> {
    /// The bytes with the lifetime of what they borrow from.
    #[inline]
    pub const fn get(self) -> &'a [u8] {
        self.0
    }

    #[inline]
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

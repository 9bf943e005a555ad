//! The UTF-8 encoded string (section 1.5.4): at most 65,535 bytes, well formed, without U+0000.

use std::fmt;
use std::sync::Arc;

use ascii::AsciiStr;

use super::scan::is_plain;

/// A string that MQTT can carry. `S` is where it is kept: `&str` in a packet, `Arc<str>` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<S = Arc<str>>(S);

impl<S: AsRef<str>> Text<S> {
    /// Checks length and content.
    ///
    /// # Errors
    ///
    /// Where the string is longer than 65,535 bytes, or holds U+0000 (`[MQTT-1.5.4-2]`).
    #[inline]
    pub fn new(text: S) -> Result<Self, TextError> {
        let str = text.as_ref();
        if str.len() > usize::from(u16::MAX) {
            return Err(TextError::TooLong { length: str.len() });
        }
        match check_str(str, Wildcards::Allowed) {
            Err(TextFault::Nul { offset }) => Err(TextError::Nul { offset }),
            // A `str` is UTF-8, and wildcards are not looked for.
            Ok(()) | Err(TextFault::Utf8 { .. } | TextFault::Wildcard { .. }) => Ok(Self(text)),
        }
    }

    /// The string itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The same string, borrowed.
    #[inline]
    pub fn borrow(&self) -> Text<&str> {
        Text(self.0.as_ref())
    }
}

impl<'a> Text<&'a str> {
    /// The empty string.
    pub const EMPTY: Self = Self("");

    /// The string with the lifetime of what it borrows from.
    #[inline]
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// The same string, on its own.
    pub fn to_owned(self) -> Text {
        Text(Arc::from(self.0))
    }

    #[inline]
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> TryFrom<&'a str> for Text<&'a str> {
    type Error = TextError;

    fn try_from(text: &'a str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<S: AsRef<str>> fmt::Display for Text<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

/// Why a string cannot be carried by MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Longer than the two length bytes can say.
    #[error("the string has {length} bytes, and MQTT strings have at most 65535")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// U+0000, which the standard forbids in strings (`[MQTT-1.5.4-2]`).
    #[error("the string has U+0000 at byte {offset}")]
    Nul {
        /// Where it is, in bytes.
        offset: usize,
    },
}

/// What else a string may not hold, by its place in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Allowed,
    Refused,
}

/// What one pass over the bytes of a string finds wrong first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFault {
    Utf8 { offset: usize },
    Nul { offset: usize },
    Wildcard { offset: usize },
}

/// Checks the bytes of a string: well-formed UTF-8, no U+0000, and no wildcard where refused.
#[inline(always)]
pub(crate) fn check(bytes: &[u8], wildcards: Wildcards) -> Result<&str, TextFault> {
    // Nearly every string is ASCII, which is cheaper to tell than UTF-8.
    match AsciiStr::from_ascii(bytes) {
        Ok(text) if is_plain(bytes, wildcards) => Ok(text.as_str()),
        _ => check_slowly(bytes, wildcards),
    }
}

/// Checks a string that is well-formed UTF-8 already.
#[inline]
pub(crate) fn check_str(text: &str, wildcards: Wildcards) -> Result<(), TextFault> {
    if is_plain(text.as_bytes(), wildcards) {
        return Ok(());
    }
    check_slowly(text.as_bytes(), wildcards).map(drop)
}

#[cold]
fn check_slowly(bytes: &[u8], wildcards: Wildcards) -> Result<&str, TextFault> {
    if let Some(fault) = locate(bytes, wildcards) {
        return Err(fault);
    }
    std::str::from_utf8(bytes).map_err(|error| TextFault::Utf8 {
        offset: error.valid_up_to(),
    })
}

/// The first of the bytes that a string may not hold, if it comes before ill-formed UTF-8.
fn locate(bytes: &[u8], wildcards: Wildcards) -> Option<TextFault> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    bytes[..valid]
        .iter()
        .enumerate()
        .find_map(|(offset, byte)| match byte {
            0 => Some(TextFault::Nul { offset }),
            b'#' | b'+' if wildcards == Wildcards::Refused => Some(TextFault::Wildcard { offset }),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(bytes: &[u8], fault: TextFault) {
        assert_eq!(check(bytes, Wildcards::Refused), Err(fault));
    }

    #[test]
    fn each_fault_is_found_at_every_place_of_any_length() {
        for length in 1..40 {
            for offset in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[offset] = 0;
                refuses(&bytes, TextFault::Nul { offset });
                bytes[offset] = b'#';
                refuses(&bytes, TextFault::Wildcard { offset });
                assert!(check(&bytes, Wildcards::Allowed).is_ok());
                bytes[offset] = b'+';
                refuses(&bytes, TextFault::Wildcard { offset });
                bytes[offset] = 0xFF;
                refuses(&bytes, TextFault::Utf8 { offset });
                bytes[offset] = 0x01;
                assert!(check(&bytes, Wildcards::Refused).is_ok());
            }
        }
    }

    #[test]
    fn ill_formed_utf8_is_refused() {
        for bytes in [
            &[0xFF][..],
            &[0xC0, 0xAF],
            &[0xED, 0xA0, 0x80],
            &[0xF4, 0x90, 0x80, 0x80],
        ] {
            refuses(bytes, TextFault::Utf8 { offset: 0 });
        }
    }

    #[test]
    fn what_comes_first_is_what_is_reported() {
        refuses(b"a\xFF\0", TextFault::Utf8 { offset: 1 });
        refuses(b"a\0\xFF", TextFault::Nul { offset: 1 });
        refuses(b"a#\0", TextFault::Wildcard { offset: 1 });
    }

    #[test]
    fn a_byte_order_mark_is_kept() {
        // [MQTT-1.5.4-3]
        assert_eq!(check(b"\xEF\xBB\xBFa", Wildcards::Refused), Ok("\u{FEFF}a"));
    }

    #[test]
    fn letters_beyond_ascii_are_not_taken_for_wildcards() {
        let text = "Ȁ£«ģ#".trim_end_matches('#');
        assert_eq!(check(text.as_bytes(), Wildcards::Refused), Ok(text));
    }
}
